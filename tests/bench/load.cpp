// The generator of the proxy benchmark: one thread, keep-alive connections, one request in flight on each.
//
//   bench_load PORT CONNECTIONS RATE SECONDS REQUEST_BYTES RESPONSE_BYTES
//
// RATE > 0 is open loop: requests are due at fixed times, and latency counts from the time a request was due, so a stall shows
// (no coordinated omission). RATE 0 is closed loop, for finding saturation. REQUEST_BYTES 0 sends GET, else POST. Every response
// must be 2xx with the body bench_backend makes. Prints one line of JSON; exit 0 if the run itself could be made.
#include <arpa/inet.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <strings.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <array>
#include <bit>
#include <cerrno>
#include <chrono>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <deque>
#include <string>
#include <string_view>
#include <vector>

namespace {

using Clock = std::chrono::steady_clock;
using std::chrono::nanoseconds;

struct Options {
  uint16_t port = 0;
  size_t connections = 0;
  double rate = 0;
  double seconds = 0;
  size_t request_bytes = 0;
  size_t response_bytes = 0;
};

// Latencies in nanoseconds, to 1.6 %: 64 slots for each power of two.
class Histogram {
 public:
  void add(uint64_t value) {
    ++count_;
    ++slots_[slot_of(value)];
    if (value > max_) max_ = value;
  }
  uint64_t count() const { return count_; }
  double microseconds_at(double share) const {
    uint64_t left = static_cast<uint64_t>(share * static_cast<double>(count_));
    for (size_t slot = 0; slot < slots_.size(); ++slot) {
      if (left < slots_[slot]) return static_cast<double>(value_of(slot)) / 1000.0;
      left -= slots_[slot];
    }
    return static_cast<double>(max_) / 1000.0;
  }

 private:
  static size_t slot_of(uint64_t value) {
    if (value < 128) return static_cast<size_t>(value);
    auto shift = static_cast<unsigned>(std::bit_width(value) - 7);
    return static_cast<size_t>(shift * 64 + (value >> shift));
  }
  static uint64_t value_of(size_t slot) {
    if (slot < 128) return slot;
    uint64_t shift = slot / 64 - 1;
    return (slot - shift * 64) << shift;
  }

  std::array<uint64_t, 60 * 64> slots_{};
  uint64_t count_ = 0;
  uint64_t max_ = 0;
};

struct Connection {
  int fd = -1;
  bool busy = false;
  Clock::time_point due;
  std::string received;
};

class Load {
 public:
  explicit Load(const Options& options) : options_(options), poll_(::epoll_create1(EPOLL_CLOEXEC)) {
    request_ = options.request_bytes == 0
                   ? "GET /bench HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n"
                   : "POST /bench HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Type: text/plain\r\nContent-Length: " +
                         std::to_string(options.request_bytes) + "\r\n\r\n" + std::string(options.request_bytes, 'q');
    for (size_t i = 0; i < options.response_bytes; ++i) expected_ += static_cast<char>('a' + i % 26);
  }

  bool connect() {
    connections_.resize(options_.connections);
    for (size_t i = 0; i < connections_.size(); ++i) {
      if (!open(i)) return false;
      idle_.push_back(i);
    }
    return true;
  }

  void run() {
    const auto start = Clock::now();
    const auto end = start + nanoseconds(static_cast<int64_t>(options_.seconds * 1e9));
    uint64_t made = 0;
    auto due_at = [&](uint64_t n) {
      return start + nanoseconds(static_cast<int64_t>(static_cast<double>(n) * 1e9 / options_.rate));
    };
    while (Clock::now() < end) {
      if (options_.rate > 0) {
        for (auto now = Clock::now(); due_at(made) <= now; ++made) waiting_.push_back(due_at(made));
        send_waiting();
        poll_until(std::min(due_at(made), end));
      } else {
        while (!idle_.empty()) send_on(idle_.back(), Clock::now());
        poll_until(end);
      }
    }
    seconds_ = std::chrono::duration<double>(Clock::now() - start).count();
    const auto grace = Clock::now() + std::chrono::seconds(2);
    while ((!waiting_.empty() || idle_.size() < connections_.size()) && Clock::now() < grace) {
      send_waiting();
      poll_until(grace);
    }
    // Nobody answered these, or they could not even be sent in time.
    failed_ += connections_.size() - idle_.size() + waiting_.size();
  }

  void report() const {
    std::printf(
        "{\"requests\": %llu, \"seconds\": %.3f, \"failed\": %llu, \"p50_us\": %.1f, \"p90_us\": %.1f, \"p99_us\": %.1f, "
        "\"max_us\": %.1f}\n",
        static_cast<unsigned long long>(latency_.count()), seconds_, static_cast<unsigned long long>(failed_),
        latency_.microseconds_at(0.5), latency_.microseconds_at(0.9), latency_.microseconds_at(0.99),
        latency_.microseconds_at(1.0));
  }

 private:
  bool open(size_t at) {
    Connection& connection = connections_[at];
    connection.fd = ::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_port = htons(options_.port);
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    if (::connect(connection.fd, reinterpret_cast<sockaddr*>(&address), sizeof address) != 0) {
      std::perror("bench_load: connecting");
      return false;
    }
    int on = 1;
    ::setsockopt(connection.fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
    epoll_event event{};
    event.events = EPOLLIN;
    event.data.u64 = at;
    return ::epoll_ctl(poll_, EPOLL_CTL_ADD, connection.fd, &event) == 0;
  }

  void send_waiting() {
    while (!waiting_.empty() && !idle_.empty()) {
      send_on(idle_.back(), waiting_.front());
      waiting_.pop_front();
    }
  }

  // `at` is the last of idle_.
  void send_on(size_t at, Clock::time_point due) {
    idle_.pop_back();
    Connection& connection = connections_[at];
    connection.busy = true;
    connection.due = due;
    if (::send(connection.fd, request_.data(), request_.size(), MSG_NOSIGNAL) != static_cast<ssize_t>(request_.size())) fail(at);
  }

  void poll_until(Clock::time_point time) {
    auto wait = std::max(time - Clock::now(), nanoseconds(0));
    timespec timeout{.tv_sec = static_cast<time_t>(wait.count() / 1'000'000'000),
                     .tv_nsec = static_cast<long>(wait.count() % 1'000'000'000)};
    std::array<epoll_event, 256> events{};
    int ready = ::epoll_pwait2(poll_, events.data(), static_cast<int>(events.size()), &timeout, nullptr);
    for (int i = 0; i < ready; ++i) read_from(static_cast<size_t>(events[static_cast<size_t>(i)].data.u64));
  }

  void read_from(size_t at) {
    Connection& connection = connections_[at];
    ssize_t size = ::recv(connection.fd, buffer_.data(), buffer_.size(), 0);
    if (size <= 0 || !connection.busy) return fail(at);
    connection.received.append(buffer_.data(), static_cast<size_t>(size));
    size_t head = connection.received.find("\r\n\r\n");
    if (head == std::string::npos) return;
    head += 4;
    if (connection.received.size() < head + expected_.size()) return;
    std::string_view answer = connection.received;
    if (!answer.starts_with("HTTP/1.1 2") || answer.substr(head) != expected_) return fail(at);
    latency_.add(static_cast<uint64_t>(nanoseconds(Clock::now() - connection.due).count()));
    connection.received.clear();
    connection.busy = false;
    idle_.push_back(at);
  }

  void fail(size_t at) {
    Connection& connection = connections_[at];
    ++failed_;
    ::close(connection.fd);
    connection.received.clear();
    if (connection.busy) idle_.push_back(at);
    connection.busy = false;
    if (!open(at)) std::exit(1);
  }

  Options options_;
  int poll_;
  std::string request_;
  std::string expected_;
  std::vector<Connection> connections_;
  std::vector<size_t> idle_;
  std::deque<Clock::time_point> waiting_;
  std::array<char, 65536> buffer_{};
  Histogram latency_;
  uint64_t failed_ = 0;
  double seconds_ = 0;
};

}  // namespace

int main(int argc, char** argv) {
  if (argc != 7) {
    std::fputs("usage: bench_load PORT CONNECTIONS RATE SECONDS REQUEST_BYTES RESPONSE_BYTES\n", stderr);
    return 2;
  }
  Options options{.port = static_cast<uint16_t>(std::strtoul(argv[1], nullptr, 10)),
                  .connections = std::strtoul(argv[2], nullptr, 10),
                  .rate = std::strtod(argv[3], nullptr),
                  .seconds = std::strtod(argv[4], nullptr),
                  .request_bytes = std::strtoul(argv[5], nullptr, 10),
                  .response_bytes = std::strtoul(argv[6], nullptr, 10)};
  Load load(options);
  if (!load.connect()) return 1;
  load.run();
  load.report();
  return 0;
}
