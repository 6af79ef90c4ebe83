#pragma once

#include <cstddef>
#include <cstdint>
#include <deque>
#include <memory>

#include "bus/error.hpp"

namespace busway::plugins {

// The connections to the port of a remote plugin: whoever reaches it can open them, and the library accepts without end. Of more
// than `most` the one that has been open longest is ended, so that those who hold theirs keep nobody out. They are known by the
// descriptors that the library's monitor tells of, and end by being shut down, which to the library is a peer that has gone. One
// thread.
class Connections {
 public:
  static constexpr std::size_t most = 256;

  // Before the socket is bound; goes before the socket. Errors: kind `config`.
  static Result<std::unique_ptr<Connections>> of(void* context, void* socket);
  ~Connections();
  Connections(const Connections&) = delete;
  Connections& operator=(const Connections&) = delete;

  // Readable when some have come or gone.
  int descriptor() const;
  // Takes note of them. `port`: where the socket is bound.
  void look(std::uint16_t port);
  // This one stays: the plugin's.
  void keep(int descriptor, std::uint16_t port) {
    look(port);  // so that whoever had the number before has gone
    kept_ = descriptor;
  }
  // This one goes. Where another one has its number by now, that one does, and comes again; the one that is kept never.
  void end(int descriptor, std::uint16_t port);

 private:
  Connections(void* watched, void* monitor) : watched_(watched), monitor_(monitor) {}
  void end_oldest(std::uint16_t port);

  void* watched_;
  void* monitor_;
  std::deque<int> open_;  // oldest first
  int kept_ = -1;
};

}  // namespace busway::plugins
