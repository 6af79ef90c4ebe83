// Sockets for adapters that work on the loops of the bus, in C++17, beside busway_plugin.hpp: how a TCP listener begins.
#ifndef BUSWAY_SOCKETS_HPP
#define BUSWAY_SOCKETS_HPP

#include <netdb.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <memory>
#include <stdexcept>
#include <string>
#include <utility>
#include <vector>

namespace busway {

// A descriptor that is closed with it. A Watch of it ends first.
class OwnedDescriptor {
 public:
  explicit OwnedDescriptor(int fd = -1) : fd_(fd) {}
  OwnedDescriptor(OwnedDescriptor&& other) noexcept : fd_(std::exchange(other.fd_, -1)) {}
  OwnedDescriptor& operator=(OwnedDescriptor&& other) noexcept {
    close();
    fd_ = std::exchange(other.fd_, -1);
    return *this;
  }
  ~OwnedDescriptor() { close(); }
  int get() const { return fd_; }
  void close() {
    if (fd_ >= 0) ::close(std::exchange(fd_, -1));
  }

 private:
  int fd_;
};

// Sockets that listen on `at`, HOST:PORT, one for each of `count` loops: the kernel shares connections out among them. Port 0
// takes a free one. `address` is then the host as it was given, with the port they have. Throws std::runtime_error, in words for
// the user.
inline std::vector<OwnedDescriptor> listen_on(const std::string& at, std::size_t count, std::string& address) {
  std::size_t colon = at.rfind(':');
  if (colon == std::string::npos) throw std::runtime_error("binding '" + at + "': write HOST:PORT");
  std::string host = at.substr(0, colon);
  addrinfo wanted{};
  wanted.ai_socktype = SOCK_STREAM;
  wanted.ai_flags = AI_PASSIVE;
  addrinfo* found = nullptr;
  if (int error = ::getaddrinfo(host.empty() ? nullptr : host.c_str(), at.c_str() + colon + 1, &wanted, &found); error != 0)
    throw std::runtime_error("binding " + at + ": " + ::gai_strerror(error));
  std::unique_ptr<addrinfo, void (*)(addrinfo*)> owner(found, ::freeaddrinfo);
  sockaddr_storage name{};
  std::memcpy(&name, found->ai_addr, found->ai_addrlen);
  socklen_t size = found->ai_addrlen;
  std::vector<OwnedDescriptor> out;
  for (std::size_t i = 0; i < count; ++i) {
    OwnedDescriptor socket(::socket(found->ai_family, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0));
    int on = 1;
    ::setsockopt(socket.get(), SOL_SOCKET, SO_REUSEADDR, &on, sizeof on);
    ::setsockopt(socket.get(), SOL_SOCKET, SO_REUSEPORT, &on, sizeof on);
    bool bound = ::bind(socket.get(), reinterpret_cast<sockaddr*>(&name), size) == 0 && ::listen(socket.get(), 512) == 0;
    if (!bound) throw std::runtime_error("binding " + at + ": " + std::strerror(errno));
    size = sizeof name;  // the others take the port that the first has got
    ::getsockname(socket.get(), reinterpret_cast<sockaddr*>(&name), &size);
    out.push_back(std::move(socket));
  }
  char digits[NI_MAXSERV] = {};
  ::getnameinfo(reinterpret_cast<sockaddr*>(&name), size, nullptr, 0, digits, sizeof digits, NI_NUMERICSERV);
  address = host + ":" + digits;
  return out;
}

}  // namespace busway

#endif
