#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "bus/error.hpp"
#include "bus/secret.hpp"

namespace busway::zmq {

// libzmq, as far as it is needed; with monitor.cpp the one place that includes it.

class Context;

// What a socket does on the wire.
enum class Wire : std::uint8_t { router, dealer, pull, push, sub, pub };

// One message as it was received: its frames. Views hold until the next receive() into it.
class Frames {
 public:
  Frames();
  Frames(Frames&&) noexcept;
  Frames& operator=(Frames&&) noexcept;
  ~Frames();

  std::size_t size() const { return views_.size(); }
  std::string_view operator[](std::size_t index) const { return views_[index]; }
  std::span<const std::string_view> all() const { return views_; }
  // The connection it came over: its descriptor, which belongs to libzmq and may be gone; -1 when it is not known.
  int descriptor() const;
  // "10.1.2.3"; empty when it is not known.
  std::string_view peer() const;
  void clear();

 private:
  friend class Socket;
  struct Storage;
  std::unique_ptr<Storage> storage_;
  std::vector<std::string_view> views_;
};

// CurveZMQ (RFC 26): keys as ZeroMQ writes them, 40 characters of Z85.
struct CurveKeys {
  Secret secret_key;
  std::string server_key;       // of the side that connects: whom it trusts
  std::string allowed_clients;  // of the side that listens: the name of a list of keys (curve.hpp); empty: whoever knows its key
};

struct SocketOptions {
  Wire wire = Wire::dealer;
  std::size_t max_message = 1024 * 1024;  // bytes of all frames
  int queue = 1000;                       // messages each way and connection
  bool reconnects = false;                // by itself; else connect() again
  bool ipv6 = true;                       // false: addresses are shown as IPv4 has them
  bool own_thread = false;                // of the library: looking up names may hang, and others must not wait for it
  std::optional<CurveKeys> curve{};
};

// A ZeroMQ socket. Made by one thread and then used by one other; never blocks. Closing gives what is still to be sent `linger`.
class Socket {
 public:
  // Errors: kind `config`.
  static Result<Socket> make(const SocketOptions& options);
  Socket(Socket&&) noexcept;
  Socket& operator=(Socket&&) noexcept;
  ~Socket();

  // Errors: kind `config`, code BW5002.
  Result<void> bind(const std::string& endpoint);
  // Errors: kind `not_sent`.
  Result<void> connect(const std::string& endpoint);
  void disconnect(const std::string& endpoint);
  // Ends the accepted connections, too, each behind what is still to be sent.
  void unbind(const std::string& endpoint);
  Result<void> subscribe(std::string_view topic);
  // "tcp://127.0.0.1:7005", as it was bound.
  std::string last_endpoint() const;
  void close();

  // A descriptor of the caller's own that becomes readable when the socket's state may have changed. Edge-triggered: whoever
  // sends or receives looks again until there is nothing more. -1 when there are no descriptors left.
  int watched_descriptor() const;

  // `too_large`: its frames or their sum pass the bounds; `out` has the first frames, as far as they fit.
  enum class Got : std::uint8_t { message, none, too_large };
  Got receive(Frames& out);

  // All of it or nothing. `full`: no room, or nobody there; `gone`: the peer that the first frame of a router names is not there.
  enum class Sent : std::uint8_t { yes, full, gone };
  Sent send(std::span<const std::string_view> frames);
  bool has_room() const;
  // The frames of a message that was received, without a copy; it has none then, and is as it was when it is `full`.
  Sent pass_on(Frames& message);
  // The same of its first frames, `count` of them, with the last one of `other` behind them, which is empty then.
  Sent pass_on(Frames& message, std::size_t count, Frames& other);
  // The frame of such a message at `index` behind `front`, without a copy; the message has it still.
  Sent share(std::span<const std::string_view> front, const Frames& message, std::size_t index);

  void* raw() const;
  const std::shared_ptr<Context>& context() const;
  static constexpr std::size_t most_frames = 64;
  static constexpr int linger_ms = 2000;

 private:
  struct Library;
  explicit Socket(std::unique_ptr<Library> library);
  std::unique_ptr<Library> library_;
};

}  // namespace busway::zmq
