#include "tests/bench/channel.hpp"

#include <arpa/inet.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <openssl/err.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cerrno>

namespace bench {

TlsClient::TlsClient(bool resume) : resume_(resume), context_(::SSL_CTX_new(::TLS_client_method())) {
  ::SSL_CTX_set_min_proto_version(context_.get(), TLS1_3_VERSION);
  ::SSL_CTX_set_verify(context_.get(), SSL_VERIFY_NONE, nullptr);
  ::SSL_CTX_set_mode(context_.get(), SSL_MODE_ENABLE_PARTIAL_WRITE | SSL_MODE_ACCEPT_MOVING_WRITE_BUFFER);
  if (!resume) return;
  ::SSL_CTX_set_session_cache_mode(context_.get(), SSL_SESS_CACHE_CLIENT | SSL_SESS_CACHE_NO_INTERNAL);
  SSL_CTX_set_app_data(context_.get(), this);
  ::SSL_CTX_sess_set_new_cb(context_.get(), [](SSL* ssl, SSL_SESSION* session) {
    auto* client = static_cast<TlsClient*>(SSL_CTX_get_app_data(::SSL_get_SSL_CTX(ssl)));
    client->session_.reset(session);
    return 1;
  });
}

std::unique_ptr<SSL, SslDeleter> TlsClient::over(int fd) const {
  std::unique_ptr<SSL, SslDeleter> ssl(::SSL_new(context_.get()));
  ::SSL_set_fd(ssl.get(), fd);
  ::SSL_set_connect_state(ssl.get());
  if (session_) ::SSL_set_session(ssl.get(), session_.get());
  return ssl;
}

bool Channel::open(std::uint16_t port, const TlsClient* tls) {
  fd_ = ::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_port = htons(port);
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  if (::connect(fd_, reinterpret_cast<sockaddr*>(&address), sizeof address) != 0) return false;
  int on = 1;
  ::setsockopt(fd_, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
  ::fcntl(fd_, F_SETFL, O_NONBLOCK);
  if (tls != nullptr) tls_ = tls->over(fd_);
  return true;
}

void Channel::close() {
  if (tls_) ::SSL_shutdown(tls_.get());
  tls_.reset();
  if (fd_ >= 0) ::close(fd_);
  fd_ = -1;
}

ssize_t Channel::send(std::string_view bytes) {
  if (!tls_) return ::send(fd_, bytes.data(), bytes.size(), MSG_NOSIGNAL);
  ::ERR_clear_error();
  return outcome(::SSL_write(tls_.get(), bytes.data(), static_cast<int>(bytes.size())));
}

ssize_t Channel::receive(std::span<char> room) {
  if (!tls_) return ::recv(fd_, room.data(), room.size(), 0);
  ::ERR_clear_error();
  return outcome(::SSL_read(tls_.get(), room.data(), static_cast<int>(room.size())));
}

ssize_t Channel::outcome(int result) {
  if (result > 0) return result;
  int error = ::SSL_get_error(tls_.get(), result);
  if (error == SSL_ERROR_ZERO_RETURN) return 0;
  errno = error == SSL_ERROR_WANT_READ || error == SSL_ERROR_WANT_WRITE ? EAGAIN : ECONNRESET;
  return -1;
}

}  // namespace bench
