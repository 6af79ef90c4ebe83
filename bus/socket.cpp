#include "bus/socket.hpp"

#include <netinet/in.h>
#include <netinet/tcp.h>
#include <openssl/err.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstring>

#include "bus/assert.hpp"
#include "bus/tls.hpp"

namespace busway {

struct Socket::Tls {
  SslPtr ssl;
};

Socket::Socket(Worker& worker, int fd) : descriptor_(worker, fd) {
  int one = 1;
  setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &one, sizeof one);
}
Socket::Socket() = default;
Socket::Socket(Socket&&) noexcept = default;
Socket& Socket::operator=(Socket&& other) noexcept {
  if (this != &other) {
    close();
    descriptor_ = std::move(other.descriptor_);
    tls_ = std::move(other.tls_);
    drained_ = other.drained_;
  }
  return *this;
}
Socket::~Socket() {
  close();
}

void Socket::close() {
  if (!descriptor_.open()) return;
  if (tls_ && SSL_is_init_finished(tls_->ssl.get())) {
    SSL_shutdown(tls_->ssl.get());  // close_notify, so that the peer can tell the end from a cut; its answer is not waited for
    ERR_clear_error();
  }
  tls_.reset();
  descriptor_.close();
}

void Socket::reset() {
  if (!descriptor_.open()) return;
  linger hard{.l_onoff = 1, .l_linger = 0};
  setsockopt(descriptor_.fd(), SOL_SOCKET, SO_LINGER, &hard, sizeof hard);
  tls_.reset();
  descriptor_.close();
}

void Socket::shutdown_write() {
  if (!descriptor_.open()) return;
  if (tls_) {
    SSL_shutdown(tls_->ssl.get());
    ERR_clear_error();
  }
  ::shutdown(descriptor_.fd(), SHUT_WR);
}

namespace {

IoStep step_of_tls(SSL* ssl, int result) {
  switch (SSL_get_error(ssl, result)) {
    case SSL_ERROR_WANT_READ: return {.kind = IoStep::Kind::want_read};
    case SSL_ERROR_WANT_WRITE: return {.kind = IoStep::Kind::want_write};
    case SSL_ERROR_ZERO_RETURN: return {.kind = IoStep::Kind::closed};
    case SSL_ERROR_SYSCALL: {
      int error = errno;
      ERR_clear_error();
      return {.kind = IoStep::Kind::broken, .error = error};
    }
    default: return {.kind = IoStep::Kind::broken};
  }
}

}  // namespace

bool Socket::stale() {
  if (!descriptor_.open() || descriptor_.hung_up()) return true;
  bool told = descriptor_.take_readable();
  if (drained_ && !told) return false;
  char byte = 0;
  if (tls_) {
    // TLS 1.3 servers send session tickets on an idle connection: those bytes are TLS's own, and are taken here.
    ERR_clear_error();
    int got = SSL_peek(tls_->ssl.get(), &byte, 1);
    drained_ = got <= 0 && step_of_tls(tls_->ssl.get(), got).kind == IoStep::Kind::want_read;
  } else {
    ssize_t got = ::recv(descriptor_.fd(), &byte, 1, MSG_PEEK | MSG_DONTWAIT);
    drained_ = got < 0 && (errno == EAGAIN || errno == EWOULDBLOCK);
  }
  return !drained_;
}

IoStep Socket::try_read(std::span<char> into) {
  if (!descriptor_.open()) return {.kind = IoStep::Kind::broken, .error = EBADF};
  if (drained_) return {.kind = IoStep::Kind::want_read};
  if (tls_) {
    ERR_clear_error();
    int got = SSL_read(tls_->ssl.get(), into.data(), static_cast<int>(std::min<std::size_t>(into.size(), 1 << 30)));
    if (got > 0) return {.kind = IoStep::Kind::done, .bytes = static_cast<std::size_t>(got)};
    IoStep step = step_of_tls(tls_->ssl.get(), got);
    drained_ = step.kind == IoStep::Kind::want_read;
    return step;
  }
  while (true) {
    ssize_t got = ::recv(descriptor_.fd(), into.data(), into.size(), 0);
    if (got > 0) {
      drained_ = static_cast<std::size_t>(got) < into.size() && !descriptor_.hung_up();
      return {.kind = IoStep::Kind::done, .bytes = static_cast<std::size_t>(got)};
    }
    if (got == 0) return {.kind = IoStep::Kind::closed};
    if (errno == EINTR) continue;
    if (errno == EAGAIN || errno == EWOULDBLOCK) {
      drained_ = true;
      return {.kind = IoStep::Kind::want_read};
    }
    return {.kind = IoStep::Kind::broken, .error = errno};
  }
}

namespace {

// One part goes by send(2), which is cheaper for the kernel than sendmsg(2); so is a head and its small body, even copied
// together.
ssize_t put_plain(int fd, std::span<const iovec> from) {
  constexpr std::size_t worth_copying = 4 * 1024;
  std::array<char, worth_copying> together;
  if (from.size() == 1) return ::send(fd, from[0].iov_base, from[0].iov_len, MSG_NOSIGNAL);
  if (from.size() == 2 && from[0].iov_len + from[1].iov_len <= worth_copying) {
    std::memcpy(together.data(), from[0].iov_base, from[0].iov_len);
    std::memcpy(together.data() + from[0].iov_len, from[1].iov_base, from[1].iov_len);
    return ::send(fd, together.data(), from[0].iov_len + from[1].iov_len, MSG_NOSIGNAL);
  }
  msghdr message{};
  message.msg_iov = const_cast<iovec*>(from.data());
  message.msg_iovlen = std::min<std::size_t>(from.size(), 64);
  return ::sendmsg(fd, &message, MSG_NOSIGNAL);
}

}  // namespace

IoStep Socket::try_write(std::span<const iovec> from) {
  if (!descriptor_.open()) return {.kind = IoStep::Kind::broken, .error = EBADF};
  if (tls_) {
    // One record for a head and its small body: a TLS record takes one buffer. A retry sees the same bytes again.
    static thread_local std::string joined;
    constexpr std::size_t record = 16 * 1024;
    std::string_view bytes;
    for (const iovec& part : from) {
      if (part.iov_len == 0) continue;
      bytes = {static_cast<const char*>(part.iov_base), part.iov_len};
      break;
    }
    if (bytes.size() < record && from.size() > 1) {
      joined.clear();
      for (const iovec& part : from) {
        joined.append(static_cast<const char*>(part.iov_base), std::min(part.iov_len, record - joined.size()));
        if (joined.size() == record) break;
      }
      bytes = joined;
    }
    if (bytes.empty()) return {.kind = IoStep::Kind::done};
    ERR_clear_error();
    int put = SSL_write(tls_->ssl.get(), bytes.data(), static_cast<int>(std::min<std::size_t>(bytes.size(), 1 << 30)));
    if (put > 0) return {.kind = IoStep::Kind::done, .bytes = static_cast<std::size_t>(put)};
    return step_of_tls(tls_->ssl.get(), put);
  }
  while (true) {
    ssize_t put = put_plain(descriptor_.fd(), from);
    if (put >= 0) return {.kind = IoStep::Kind::done, .bytes = static_cast<std::size_t>(put)};
    if (errno == EINTR) continue;
    if (errno == EAGAIN || errno == EWOULDBLOCK) return {.kind = IoStep::Kind::want_write};
    return {.kind = IoStep::Kind::broken, .error = errno};
  }
}

namespace {

std::unexpected<Error> broken(std::string_view doing, const IoStep& step) {
  std::string why = step.error != 0 ? std::strerror(step.error) : "the TLS connection broke";
  return fail(ErrorKind::unknown, std::string(doing) + ": " + why, "reset");
}

std::unexpected<Error> woken(std::string_view doing, Wake how) {
  if (how == Wake::timed_out) return fail(ErrorKind::unknown, std::string(doing) + ": no answer in time", "timeout");
  return fail(ErrorKind::unknown, std::string(doing) + ": cancelled", "cancelled");
}

}  // namespace

Task<Result<std::size_t>> Socket::read(std::span<char> into, TimePoint deadline) {
  while (true) {
    IoStep step = try_read(into);
    if (step.kind == IoStep::Kind::done) co_return step.bytes;
    if (step.kind == IoStep::Kind::closed) co_return std::size_t{0};
    if (step.kind == IoStep::Kind::broken) co_return broken("reading", step);
    Wake how = co_await ready(step.kind, deadline);
    if (how != Wake::ready) co_return woken("reading", how);
  }
}

Task<Result<void>> Socket::write(std::string_view bytes, TimePoint deadline) {
  while (!bytes.empty()) {
    IoStep step = try_write(bytes);
    if (step.kind == IoStep::Kind::done) {
      bytes.remove_prefix(step.bytes);
      continue;
    }
    if (step.kind == IoStep::Kind::broken || step.kind == IoStep::Kind::closed) co_return broken("writing", step);
    Wake how = co_await ready(step.kind, deadline);
    if (how != Wake::ready) co_return woken("writing", how);
  }
  co_return Result<void>{};
}

Task<Result<void>> Socket::handshake(TimePoint deadline) {
  while (true) {
    ERR_clear_error();
    int done = SSL_do_handshake(tls_->ssl.get());
    if (done == 1) {
      drained_ = false;
      co_return Result<void>{};
    }
    IoStep step = step_of_tls(tls_->ssl.get(), done);
    if (step.kind != IoStep::Kind::want_read && step.kind != IoStep::Kind::want_write) {
      co_return fail(ErrorKind::not_sent, "TLS handshake: " + tls_problem(tls_->ssl.get()));
    }
    Wake how = co_await ready(step.kind, deadline);
    if (how != Wake::ready)
      co_return fail(ErrorKind::not_sent, "TLS handshake: not done in time", how == Wake::timed_out ? "timeout" : "cancelled");
  }
}

Task<Result<void>> Socket::accept_tls(const TlsContext& context, TimePoint deadline) {
  tls_ = std::make_unique<Tls>(context.accept(descriptor_.fd()));
  if (!tls_->ssl) co_return fail(ErrorKind::not_sent, "TLS handshake: out of memory");
  co_return co_await handshake(deadline);
}

Task<Result<void>> Socket::connect_tls(const TlsContext& context, const std::string& server_name, TimePoint deadline) {
  tls_ = std::make_unique<Tls>(context.connect(descriptor_.fd(), server_name));
  if (!tls_->ssl) co_return fail(ErrorKind::not_sent, "TLS handshake: '" + server_name + "' cannot be verified");
  co_return co_await handshake(deadline);
}

Task<Result<Socket>> connect(Worker& worker, const HostPort& to, TimePoint deadline) {
  auto addresses = co_await resolve(worker, to, deadline);
  if (!addresses) co_return std::unexpected(addresses.error());
  std::string why = "no address";
  for (const Address& address : *addresses) {
    int fd = ::socket(address.storage.ss_family, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
    if (fd < 0) {
      why = std::strerror(errno);
      continue;
    }
    int started = ::connect(fd, reinterpret_cast<const sockaddr*>(&address.storage), address.size);
    if (started != 0 && errno != EINPROGRESS) {
      why = std::strerror(errno);
      ::close(fd);
      continue;
    }
    Socket socket(worker, fd);
    socket.drained_ = true;  // in the poll set before its first byte
    if (started != 0) {
      Wake how = co_await socket.ready(IoStep::Kind::want_write, deadline);
      if (how != Wake::ready)
        co_return fail(ErrorKind::not_sent, "connecting to " + to.text() + ": no answer in time", "timeout");
      int error = 0;
      socklen_t size = sizeof error;
      getsockopt(fd, SOL_SOCKET, SO_ERROR, &error, &size);
      if (error != 0) {
        why = std::strerror(error);
        continue;
      }
    }
    co_return std::move(socket);
  }
  co_return fail(ErrorKind::not_sent, "connecting to " + to.text() + ": " + why);
}

}  // namespace busway
