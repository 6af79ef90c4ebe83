#pragma once

#include <arpa/inet.h>
#include <netinet/in.h>
#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <atomic>
#include <cstdint>
#include <filesystem>
#include <functional>
#include <mutex>
#include <string>
#include <string_view>
#include <thread>
#include <vector>

namespace busway::fakes {

// ---- blocking calls on a plain descriptor, for the other end of a wire ----

inline bool send_all(int fd, std::string_view bytes) {
  while (!bytes.empty()) {
    ssize_t put = ::send(fd, bytes.data(), bytes.size(), MSG_NOSIGNAL);
    if (put <= 0) return false;
    bytes.remove_prefix(static_cast<std::size_t>(put));
  }
  return true;
}

// Up to `count` bytes: fewer at the end of the stream, at a reset, or when nothing comes for `patience_ms`.
inline std::string receive(int fd, std::size_t count, int patience_ms = 5000) {
  std::string out;
  char buffer[16 * 1024];
  while (out.size() < count) {
    pollfd waiting{.fd = fd, .events = POLLIN, .revents = 0};
    if (::poll(&waiting, 1, patience_ms) <= 0) break;
    ssize_t got = ::recv(fd, buffer, std::min(sizeof buffer, count - out.size()), 0);
    if (got <= 0) break;
    out.append(buffer, static_cast<std::size_t>(got));
  }
  return out;
}
inline std::string receive_all(int fd, int patience_ms = 5000) {
  return receive(fd, SIZE_MAX, patience_ms);
}

// The stream has ended, in order or by a reset, within the time.
inline bool ended(int fd, int patience_ms = 5000) {
  pollfd waiting{.fd = fd, .events = POLLIN, .revents = 0};
  char byte = 0;
  return ::poll(&waiting, 1, patience_ms) > 0 && ::recv(fd, &byte, 1, 0) <= 0;
}

// The next close sends RST.
inline void reset_on_close(int fd) {
  linger hard{.l_onoff = 1, .l_linger = 0};
  ::setsockopt(fd, SOL_SOCKET, SO_LINGER, &hard, sizeof hard);
}

inline int connect_to(std::uint16_t port) {
  int fd = ::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
  sockaddr_in at{};
  at.sin_family = AF_INET;
  at.sin_port = htons(port);
  at.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  if (::connect(fd, reinterpret_cast<const sockaddr*>(&at), sizeof at) != 0) {
    ::close(fd);
    return -1;
  }
  return fd;
}
inline std::uint16_t port_of(std::string_view address) {
  return static_cast<std::uint16_t>(std::stoi(std::string(address.substr(address.rfind(':') + 1))));
}

inline std::size_t open_descriptors() {
  std::size_t count = 0;
  for ([[maybe_unused]] const auto& entry : std::filesystem::directory_iterator("/proc/self/fd")) ++count;
  return count;
}

// A server on a port of its own that does whatever a test wants: `talk` runs on a thread for each connection, whose descriptor it
// may close early by reset_on_close() and returning. Ends all of them when it goes.
class Peer {
 public:
  using Talk = std::function<void(int fd)>;
  explicit Peer(Talk talk) : talk_(std::move(talk)) {
    listening_ = ::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    sockaddr_in at{};
    at.sin_family = AF_INET;
    at.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    socklen_t size = sizeof at;
    ::bind(listening_, reinterpret_cast<const sockaddr*>(&at), size);
    ::listen(listening_, 1024);
    ::getsockname(listening_, reinterpret_cast<sockaddr*>(&at), &size);
    port_ = ntohs(at.sin_port);
    accepting_ = std::thread([this] { accept_all(); });
  }
  Peer(const Peer&) = delete;
  Peer& operator=(const Peer&) = delete;
  ~Peer() { stop(); }

  std::uint16_t port() const { return port_; }
  std::string address() const { return "127.0.0.1:" + std::to_string(port_); }
  int accepted() const { return accepted_; }

  // Nothing listens and nothing is open any more.
  void stop() {
    if (listening_ < 0) return;
    stopping_ = true;
    ::shutdown(listening_, SHUT_RDWR);
    accepting_.join();
    ::close(listening_);
    listening_ = -1;
    {
      std::lock_guard lock(lock_);
      for (int fd : open_) ::shutdown(fd, SHUT_RDWR);
    }
    for (std::thread& thread : threads_) thread.join();
    threads_.clear();
  }

 private:
  void accept_all() {
    while (!stopping_) {
      int fd = ::accept4(listening_, nullptr, nullptr, SOCK_CLOEXEC);
      if (fd < 0) continue;
      ++accepted_;
      {
        std::lock_guard lock(lock_);
        open_.push_back(fd);
      }
      threads_.emplace_back([this, fd] {
        talk_(fd);
        std::lock_guard lock(lock_);
        std::erase(open_, fd);
        ::close(fd);
      });
    }
  }

  Talk talk_;
  int listening_ = -1;
  std::uint16_t port_ = 0;
  std::atomic<bool> stopping_{false};
  std::atomic<int> accepted_{0};
  std::thread accepting_;
  std::mutex lock_;
  std::vector<int> open_;             // guarded by lock_
  std::vector<std::thread> threads_;  // accepting thread's, then stop()'s
};

// A port that nobody listens on.
inline std::uint16_t dead_port() {
  int fd = ::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
  sockaddr_in at{};
  at.sin_family = AF_INET;
  at.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  socklen_t size = sizeof at;
  ::bind(fd, reinterpret_cast<const sockaddr*>(&at), size);
  ::getsockname(fd, reinterpret_cast<sockaddr*>(&at), &size);
  ::close(fd);
  return ntohs(at.sin_port);
}

}  // namespace busway::fakes
