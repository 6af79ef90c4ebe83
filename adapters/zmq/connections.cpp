#include "adapters/zmq/connections.hpp"

#include <fcntl.h>
#include <linux/tcp.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include <cstdlib>

#include "bus/log.hpp"
#include "bus/socket.hpp"

namespace busway::zmq {

Result<void> Connections::open(Socket& socket) {
  auto monitor = Monitor::of(socket);
  if (!monitor) return std::unexpected(std::move(monitor.error()));
  monitor_ = std::move(*monitor);
  return {};
}

void Connections::serve(Worker& worker, const std::string& bound) {
  if (bound.starts_with("ipc://")) path_ = bound.substr(6);
  if (bound.starts_with("tcp://")) port_ = static_cast<std::uint16_t>(std::atoi(bound.c_str() + bound.rfind(':') + 1));
  watch_ = std::make_unique<Watch>(worker, monitor_->watched_descriptor(), [this] { look(); });
  watch_->start();
  if (port_ != 0) worker.spawn(watch_unread(worker));
}

void Connections::look() {
  using Kind = Monitor::Event::Kind;
  while (auto event = monitor_->next()) {
    switch (event->kind) {
      case Kind::accepted:
        if (ending_ || static_cast<std::int64_t>(open_.size()) >= most_) {
          if (!ending_) log().warn("A connection too many was closed.", {{"listener", listener_}, {"max_connections", most_}});
          cut(event->value);
        } else {
          open_[event->value] = One{};
        }
        break;
      case Kind::disconnected: open_.erase(event->value); break;
      case Kind::not_connected: closed_ = true; break;
      default: break;
    }
  }
}

Connections::Use& Connections::use_of(int descriptor) {
  auto at = static_cast<std::size_t>(descriptor);
  if (at >= uses_.size()) uses_.resize(at + 64);
  return uses_[at];
}

bool Connections::busy(int descriptor) const {
  return static_cast<std::size_t>(descriptor) < uses_.size() && uses_[static_cast<std::size_t>(descriptor)].busy > 0;
}

void Connections::received(int descriptor) {
  if (descriptor >= 0) ++use_of(descriptor).messages;
}

void Connections::begin(int descriptor) {
  if (descriptor >= 0) ++use_of(descriptor).busy;
}

void Connections::end(int descriptor) {
  if (descriptor >= 0 && busy(descriptor)) --use_of(descriptor).busy;
}

// False when more bytes have come since its last message than the library should hold. Of a path nobody tells.
bool Connections::reads_on(int descriptor, One& one) const {
  tcp_info info{};
  socklen_t size = sizeof info;
  if (::getsockopt(descriptor, IPPROTO_TCP, TCP_INFO, &info, &size) != 0) return true;
  std::uint32_t messages =
      static_cast<std::size_t>(descriptor) < uses_.size() ? uses_[static_cast<std::size_t>(descriptor)].messages : 0;
  if (messages != one.messages || one.bytes == 0 || info.tcpi_bytes_received < one.bytes) {
    one.messages = messages;
    one.bytes = info.tcpi_bytes_received;
  }
  return info.tcpi_bytes_received - one.bytes <= most_unread_;
}

Task<> Connections::watch_unread(Worker& worker) {
  constexpr std::chrono::milliseconds every{250};
  while (!over_) {
    for (auto& [descriptor, one] : open_) {
      if (reads_on(descriptor, one)) continue;
      log().warn("A connection that sends without end and completes no message was cut off.", {{"listener", listener_}});
      cut(descriptor);
      one.bytes = 0;
    }
    co_await worker.sleep_for(every);
  }
}

bool Connections::ours(int descriptor) const {
  Address local;
  local.size = sizeof local.storage;
  int accepting = 0;
  socklen_t size = sizeof accepting;
  if (::getsockopt(descriptor, SOL_SOCKET, SO_ACCEPTCONN, &accepting, &size) != 0 || accepting != 0) return false;
  if (::getsockname(descriptor, reinterpret_cast<sockaddr*>(&local.storage), &local.size) != 0) return false;
  if (local.storage.ss_family != AF_UNIX) return port_ != 0 && local.port() == port_;
  return !path_.empty() && path_ == reinterpret_cast<const sockaddr_un*>(&local.storage)->sun_path;
}

// The library may close the descriptor at any time, and another file may then have its number. A copy pins what the number stands
// for now; it is shut down only when it is a connection to this listener.
void Connections::cut(int descriptor) const {
  int copy = descriptor < 0 ? -1 : ::fcntl(descriptor, F_DUPFD_CLOEXEC, 0);
  if (copy < 0) return;
  if (ours(copy)) ::shutdown(copy, SHUT_RDWR);
  ::close(copy);
}

void Connections::end_idle() {
  look();
  ending_ = true;
  for (const auto& [descriptor, one] : open_) {
    if (!busy(descriptor)) cut(descriptor);
  }
}

void Connections::close() {
  over_ = true;
  if (watch_ != nullptr) watch_->stop();
  if (monitor_) monitor_->close();
  open_.clear();
}

bool Connections::subscribed(int descriptor, std::int64_t most) {
  auto found = open_.find(descriptor);
  if (found == open_.end()) {
    look();  // its first topics may be read before it is known that it came
    found = open_.find(descriptor);
  }
  return found == open_.end() || ++found->second.subscriptions <= most;
}

void Connections::unsubscribed(int descriptor) {
  auto found = open_.find(descriptor);
  if (found != open_.end() && found->second.subscriptions > 0) --found->second.subscriptions;
}

}  // namespace busway::zmq
