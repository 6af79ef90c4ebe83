#pragma once

#include <openssl/ssl.h>
#include <sys/types.h>

#include <cstdint>
#include <memory>
#include <span>
#include <string_view>

namespace bench {

struct SslDeleter {
  void operator()(SSL* ssl) const { ::SSL_free(ssl); }
  void operator()(SSL_CTX* context) const { ::SSL_CTX_free(context); }
  void operator()(SSL_SESSION* session) const { ::SSL_SESSION_free(session); }
};

// How the generator speaks TLS 1.3, and the session that its next handshake takes up when it resumes. The server's certificate is
// not verified: what is measured is the server.
class TlsClient {
 public:
  explicit TlsClient(bool resume);
  std::unique_ptr<SSL, SslDeleter> over(int fd) const;
  bool resumes() const { return resume_; }

 private:
  bool resume_;
  std::unique_ptr<SSL_CTX, SslDeleter> context_;
  std::unique_ptr<SSL_SESSION, SslDeleter> session_;
};

// A non-blocking connection to the proxy on the loopback, plain or TLS. The calls return what send(2) and recv(2) do: 0 is the
// end, -1 with errno EAGAIN is "later".
class Channel {
 public:
  bool open(std::uint16_t port, const TlsClient* tls);
  void close();
  int fd() const { return fd_; }
  ssize_t send(std::string_view bytes);
  ssize_t receive(std::span<char> room);
  // Whether a TLS handshake took up an earlier session.
  bool resumed() const { return tls_ && ::SSL_session_reused(tls_.get()) == 1; }

 private:
  ssize_t outcome(int result);

  int fd_ = -1;
  std::unique_ptr<SSL, SslDeleter> tls_;
};

}  // namespace bench
