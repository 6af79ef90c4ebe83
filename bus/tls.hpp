#pragma once

#include <openssl/ssl.h>

#include <memory>
#include <string>

#include "bus/socket.hpp"

// OpenSSL stays in bus/tls.cpp and bus/socket.cpp; this header is for those two.
namespace busway {

struct SslFree {
  void operator()(SSL* ssl) const { SSL_free(ssl); }
};
using SslPtr = std::unique_ptr<SSL, SslFree>;

class TlsContext {
 public:
  TlsContext(SSL_CTX* context, bool verify) : context_(context), verify_(verify) {}
  TlsContext(const TlsContext&) = delete;
  TlsContext& operator=(const TlsContext&) = delete;
  ~TlsContext() { SSL_CTX_free(context_); }

  SslPtr accept(int fd) const;
  // Null when `server_name` cannot be verified against.
  SslPtr connect(int fd, const std::string& server_name) const;

 private:
  SSL_CTX* context_;
  bool verify_;
};

// What went wrong last on this thread, in words; clears the queue.
std::string tls_problem(const SSL* ssl);

}  // namespace busway
