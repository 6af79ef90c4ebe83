#include "adapters/zmq/monitor.hpp"

#include <fcntl.h>

#include <atomic>
#include <cstring>
#include <zmq.hpp>

#include "adapters/zmq/context.hpp"

namespace busway::zmq {

struct Monitor::Library {
  std::shared_ptr<Context> context;
  void* watched = nullptr;
  ::zmq::socket_t socket;
  ::zmq::message_t event;
  ::zmq::message_t address;
};

Monitor::Monitor(std::unique_ptr<Library> library) : library_(std::move(library)) {}
Monitor::Monitor(Monitor&&) noexcept = default;
Monitor& Monitor::operator=(Monitor&&) noexcept = default;
Monitor::~Monitor() {
  if (library_ != nullptr) close();
}

namespace {

constexpr int told = ZMQ_EVENT_ACCEPTED | ZMQ_EVENT_HANDSHAKE_SUCCEEDED | ZMQ_EVENT_HANDSHAKE_FAILED_NO_DETAIL |
                     ZMQ_EVENT_HANDSHAKE_FAILED_PROTOCOL | ZMQ_EVENT_HANDSHAKE_FAILED_AUTH | ZMQ_EVENT_DISCONNECTED |
                     ZMQ_EVENT_CLOSED;

Monitor::Event::Kind kind_of(int event) {
  using Kind = Monitor::Event::Kind;
  switch (event) {
    case ZMQ_EVENT_ACCEPTED: return Kind::accepted;
    case ZMQ_EVENT_HANDSHAKE_SUCCEEDED: return Kind::ready;
    case ZMQ_EVENT_DISCONNECTED: return Kind::disconnected;
    case ZMQ_EVENT_HANDSHAKE_FAILED_NO_DETAIL:
    case ZMQ_EVENT_HANDSHAKE_FAILED_PROTOCOL:
    case ZMQ_EVENT_HANDSHAKE_FAILED_AUTH: return Kind::refused;
    case ZMQ_EVENT_CLOSED: return Kind::not_connected;
    default: return Kind::other;
  }
}

}  // namespace

Result<Monitor> Monitor::of(Socket& socket) {
  static std::atomic<std::uint64_t> made{0};
  std::string name = "inproc://busway-monitor-" + std::to_string(made.fetch_add(1));
  auto library = std::make_unique<Library>();
  try {
    library->context = socket.context();
    library->socket = ::zmq::socket_t(library->context->library(), ZMQ_PAIR);
    library->socket.set(::zmq::sockopt::linger, 0);
    // Where a monitor has no room the library's thread waits, and with it all sockets, and close() for it. They are a few dozen
    // bytes each, and are read as soon as the worker is free.
    library->socket.set(::zmq::sockopt::rcvhwm, 0);
    if (::zmq_socket_monitor(socket.raw(), name.c_str(), told) != 0) throw ::zmq::error_t();
    library->watched = socket.raw();
    library->socket.connect(name);
  } catch (const ::zmq::error_t& error) {
    return fail(ErrorKind::config, std::string("watching a ZeroMQ socket: ") + error.what());
  }
  return Monitor(std::move(library));
}

std::optional<Monitor::Event> Monitor::next() {
  void* socket = library_->socket.handle();
  if (socket == nullptr || ::zmq_msg_recv(library_->event.handle(), socket, ZMQ_DONTWAIT) < 0) return std::nullopt;
  if (library_->event.more()) ::zmq_msg_recv(library_->address.handle(), socket, ZMQ_DONTWAIT);
  if (library_->event.size() < 6) return Event{};
  // A number of 16 bits and its value of 32, in the machine's order.
  std::uint16_t number = 0;
  std::uint32_t value = 0;
  std::memcpy(&number, library_->event.data(), sizeof number);
  std::memcpy(&value, static_cast<const char*>(library_->event.data()) + sizeof number, sizeof value);
  return Event{.kind = kind_of(number), .value = static_cast<int>(value)};
}

int Monitor::watched_descriptor() const {
  return ::fcntl(library_->socket.get(::zmq::sockopt::fd), F_DUPFD_CLOEXEC, 0);
}

void Monitor::close() {
  if (library_->watched != nullptr) ::zmq_socket_monitor(library_->watched, nullptr, 0);
  library_->watched = nullptr;
  library_->socket.close();
}

}  // namespace busway::zmq
