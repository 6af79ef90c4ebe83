#pragma once

#include <cstdint>
#include <memory>
#include <optional>

#include "adapters/zmq/socket.hpp"

namespace busway::zmq {

// What happens to a socket's connections, as the library's thread has seen it, in order. Made before the socket binds or
// connects; goes before it. On the socket's thread.
class Monitor {
 public:
  // Errors: kind `config`.
  static Result<Monitor> of(Socket& socket);
  Monitor(Monitor&&) noexcept;
  Monitor& operator=(Monitor&&) noexcept;
  ~Monitor();

  struct Event {
    enum class Kind : std::uint8_t {
      accepted,       // `value`: its descriptor, which belongs to the library
      ready,          // a handshake is done: from now on messages pass
      disconnected,   // `value`: the descriptor it had
      refused,        // the other side has not let us in
      not_connected,  // an attempt to connect has failed, or a listening socket has closed
      other
    };
    Kind kind = Kind::other;
    int value = 0;
  };
  std::optional<Event> next();
  // As Socket::watched_descriptor().
  int watched_descriptor() const;
  void close();

 private:
  struct Library;
  explicit Monitor(std::unique_ptr<Library> library);
  std::unique_ptr<Library> library_;
};

}  // namespace busway::zmq
