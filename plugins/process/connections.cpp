#include "plugins/process/connections.hpp"

#include <fcntl.h>
#include <sys/socket.h>
#include <unistd.h>
#include <zmq.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <string>

#include "bus/socket.hpp"

namespace busway::plugins {

namespace {

// The library may close the descriptor at any time, and another file may then have its number. A copy pins what the number stands
// for now; it is shut down only when it is a connection to this port.
void shut(int descriptor, std::uint16_t port) {
  int copy = ::fcntl(descriptor, F_DUPFD_CLOEXEC, 0);
  if (copy < 0) return;
  Address local;
  local.size = sizeof local.storage;
  int accepting = 0;
  socklen_t size = sizeof accepting;
  bool ours = ::getsockopt(copy, SOL_SOCKET, SO_ACCEPTCONN, &accepting, &size) == 0 && accepting == 0 &&
              ::getsockname(copy, reinterpret_cast<sockaddr*>(&local.storage), &local.size) == 0 && local.port() == port;
  if (ours) ::shutdown(copy, SHUT_RDWR);
  ::close(copy);
}

struct Event {
  std::uint16_t number = 0;
  int descriptor = -1;
};
// False: there is no more.
bool next(void* monitor, Event& out) {
  unsigned char told[6] = {};  // a number of 16 bits and its value of 32, in the machine's order
  int got = -1;
  do {
    got = ::zmq_recv(monitor, told, sizeof told, ZMQ_DONTWAIT);
  } while (got < 0 && errno == EINTR);
  if (got < 0) return false;
  std::memcpy(&out.number, told, sizeof out.number);
  std::memcpy(&out.descriptor, told + sizeof out.number, sizeof out.descriptor);
  ::zmq_recv(monitor, nullptr, 0, ZMQ_DONTWAIT);  // the address
  return true;
}

}  // namespace

Result<std::unique_ptr<Connections>> Connections::of(void* context, void* socket) {
  // The library's thread waits where a monitor has no room, and with it every connection: there is always room. What lies there
  // is read whenever this socket's thread wakes.
  constexpr int unbounded = 0;
  constexpr int now = 0;
  std::string name = "inproc://connections-" + std::to_string(reinterpret_cast<std::uintptr_t>(socket));
  void* monitor = ::zmq_socket(context, ZMQ_PAIR);
  bool good = monitor != nullptr && ::zmq_setsockopt(monitor, ZMQ_RCVHWM, &unbounded, sizeof unbounded) == 0 &&
              ::zmq_setsockopt(monitor, ZMQ_LINGER, &now, sizeof now) == 0 &&
              ::zmq_socket_monitor(socket, name.c_str(), ZMQ_EVENT_ACCEPTED | ZMQ_EVENT_DISCONNECTED) == 0 &&
              ::zmq_connect(monitor, name.c_str()) == 0;
  if (good) return std::unique_ptr<Connections>(new Connections(socket, monitor));
  auto failed = fail(ErrorKind::config, std::string("watching the plugin's port: ") + ::zmq_strerror(errno));
  ::zmq_socket_monitor(socket, nullptr, 0);
  if (monitor != nullptr) ::zmq_close(monitor);
  return failed;
}

Connections::~Connections() {
  ::zmq_socket_monitor(watched_, nullptr, 0);
  ::zmq_close(monitor_);
}

int Connections::descriptor() const {
  int fd = -1;
  std::size_t size = sizeof fd;
  return ::zmq_getsockopt(monitor_, ZMQ_FD, &fd, &size) == 0 ? fd : -1;
}

void Connections::look(std::uint16_t port) {
  Event event;
  while (next(monitor_, event)) {
    if (event.number == ZMQ_EVENT_ACCEPTED) {
      open_.push_back(event.descriptor);
      if (open_.size() > most) end_oldest(port);
    } else if (event.number == ZMQ_EVENT_DISCONNECTED) {
      std::erase(open_, event.descriptor);
      if (event.descriptor == kept_) kept_ = -1;
    }
  }
}

void Connections::end(int descriptor, std::uint16_t port) {
  look(port);
  if (descriptor != kept_) shut(descriptor, port);
}

void Connections::end_oldest(std::uint16_t port) {
  auto oldest = std::find_if(open_.begin(), open_.end(), [&](int one) { return one != kept_; });
  shut(*oldest, port);
  open_.erase(oldest);
}

}  // namespace busway::plugins
