#pragma once

#include <array>
#include <chrono>
#include <cstdint>
#include <deque>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "tests/bench/answer.hpp"
#include "tests/bench/channel.hpp"
#include "tests/bench/histogram.hpp"
#include "tests/bench/plan.hpp"

namespace bench {

struct LoadOptions {
  std::uint16_t port = 0;
  std::vector<Exchange> plan{};
  std::size_t connections = 32;
  double rate = 0;  // requests/s; 0: closed loop
  double seconds = 5;
  std::uint64_t requests = 0;  // a closed loop ends after so many; 0: after `seconds`
  bool fresh = false;          // a new connection for each exchange
  bool shed = false;           // what is due while every connection is busy is not sent at all; 503 is an answer
  enum class Tls { off, full, resumed } tls = Tls::off;
};

// One thread that makes the exchanges of a plan in turn, one in flight on each connection. In an open loop requests are due at
// fixed times, and latency counts from the time a request was due, so a stall shows (no coordinated omission).
class Load {
 public:
  explicit Load(const LoadOptions& options);
  // False when the proxy cannot be reached.
  bool connect();
  void run();
  // One line of JSON on standard output.
  void report() const;

 private:
  using Clock = std::chrono::steady_clock;
  struct Slot {
    Channel channel;
    bool busy = false;
    bool blocked = false;  // watched for room to write
    Clock::time_point due{};
    const Exchange* exchange = nullptr;
    std::size_t sent = 0;
    Answer answer;
  };

  void run_open();
  void run_closed();
  void finish();
  bool open(std::size_t at);
  void watch(std::size_t at, int operation, std::uint32_t events);
  void send_waiting();
  void start(Clock::time_point due);
  void write_to(std::size_t at);
  void read_from(std::size_t at);
  void settle(std::size_t at, Answer::State state);
  void release(std::size_t at);
  void fail(std::size_t at, const std::string& why);
  void poll_until(Clock::time_point time);

  LoadOptions options_;
  std::unique_ptr<TlsClient> tls_;
  int poll_;
  std::vector<Slot> slots_;
  std::vector<std::size_t> idle_;
  std::deque<Clock::time_point> waiting_;
  std::array<char, 262144> buffer_{};
  Histogram latency_;
  std::uint64_t started_ = 0;
  std::uint64_t failed_ = 0;
  std::uint64_t refused_ = 0;
  std::uint64_t not_sent_ = 0;
  std::uint64_t full_handshakes_ = 0;
  std::string why_;
  double seconds_ = 0;
};

}  // namespace bench
