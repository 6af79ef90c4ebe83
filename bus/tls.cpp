#include "bus/tls.hpp"

#include <arpa/inet.h>
#include <openssl/err.h>
#include <openssl/pem.h>
#include <openssl/x509v3.h>

#include <csignal>

namespace busway {

namespace {

struct BioFree {
  void operator()(BIO* bio) const { BIO_free(bio); }
};
struct X509Free {
  void operator()(X509* certificate) const { X509_free(certificate); }
};
struct KeyFree {
  void operator()(EVP_PKEY* key) const { EVP_PKEY_free(key); }
};
using BioPtr = std::unique_ptr<BIO, BioFree>;
using X509Ptr = std::unique_ptr<X509, X509Free>;
using KeyPtr = std::unique_ptr<EVP_PKEY, KeyFree>;

BioPtr reader(std::string_view text) {
  return BioPtr(BIO_new_mem_buf(text.data(), static_cast<int>(text.size())));
}

std::unexpected<Error> refuse(std::string_view what) {
  return fail(ErrorKind::config, std::string(what) + ": " + tls_problem(nullptr), "BW5001");
}

// A key with a passphrase would otherwise ask on the terminal.
int no_passphrase(char*, int, int, void*) {
  return 0;
}

Result<void> use_certificate(SSL_CTX* context, std::string_view chain, const Secret& key) {
  BioPtr bio = reader(chain);
  X509Ptr leaf(PEM_read_bio_X509(bio.get(), nullptr, no_passphrase, nullptr));
  if (!leaf || SSL_CTX_use_certificate(context, leaf.get()) != 1) return refuse("reading the TLS certificate");
  while (X509* more = PEM_read_bio_X509(bio.get(), nullptr, no_passphrase, nullptr)) {
    if (SSL_CTX_add0_chain_cert(context, more) != 1) {
      X509_free(more);
      return refuse("reading the TLS certificate chain");
    }
  }
  ERR_clear_error();  // the end of the file is an error to PEM_read
  BioPtr key_bio = reader(key.expose());
  KeyPtr private_key(PEM_read_bio_PrivateKey(key_bio.get(), nullptr, no_passphrase, nullptr));
  if (!private_key || SSL_CTX_use_PrivateKey(context, private_key.get()) != 1) return refuse("reading the TLS key");
  if (SSL_CTX_check_private_key(context) != 1) return refuse("matching the TLS key with its certificate");
  return {};
}

Result<void> trust(SSL_CTX* context, std::string_view pem, bool name_to_clients) {
  BioPtr bio = reader(pem);
  int count = 0;
  while (true) {
    X509Ptr authority(PEM_read_bio_X509(bio.get(), nullptr, no_passphrase, nullptr));
    if (!authority) break;
    if (X509_STORE_add_cert(SSL_CTX_get_cert_store(context), authority.get()) != 1) return refuse("reading a CA certificate");
    if (name_to_clients) SSL_CTX_add_client_CA(context, authority.get());
    ++count;
  }
  if (count == 0) return refuse("reading the CA certificates");
  ERR_clear_error();
  return {};
}

SSL_CTX* make_context(const SSL_METHOD* method) {
  std::signal(SIGPIPE, SIG_IGN);  // OpenSSL writes with write(2)
  SSL_CTX* context = SSL_CTX_new(method);
  if (context == nullptr) return nullptr;
  SSL_CTX_set_min_proto_version(context, TLS1_2_VERSION);
  SSL_CTX_set_options(context, SSL_OP_NO_RENEGOTIATION | SSL_OP_NO_COMPRESSION);
  SSL_CTX_set_mode(context, SSL_MODE_ENABLE_PARTIAL_WRITE | SSL_MODE_ACCEPT_MOVING_WRITE_BUFFER | SSL_MODE_RELEASE_BUFFERS);
  return context;
}

}  // namespace

std::string tls_problem(const SSL* ssl) {
  if (ssl != nullptr) {
    long verdict = SSL_get_verify_result(ssl);
    if (verdict != X509_V_OK) {
      ERR_clear_error();
      return std::string("the certificate was refused: ") + X509_verify_cert_error_string(verdict);
    }
  }
  std::string text;
  while (unsigned long code = ERR_get_error()) {
    const char* reason = ERR_reason_error_string(code);
    if (reason != nullptr) text += (text.empty() ? "" : "; ") + std::string(reason);
  }
  return text.empty() ? "the peer ended the handshake" : text;
}

Result<std::shared_ptr<const TlsContext>> make_tls_server(const TlsServerOptions& options) {
  SSL_CTX* raw = make_context(TLS_server_method());
  if (raw == nullptr) return refuse("preparing TLS");
  auto context = std::make_shared<const TlsContext>(raw, false);
  if (auto used = use_certificate(raw, options.certificate_pem, options.key_pem); !used) return std::unexpected(used.error());
  const unsigned char session[] = "busway";
  SSL_CTX_set_session_id_context(raw, session, sizeof session - 1);
  if (!options.client_ca_pem.empty()) {
    if (auto trusted = trust(raw, options.client_ca_pem, true); !trusted) return std::unexpected(trusted.error());
    SSL_CTX_set_verify(raw, SSL_VERIFY_PEER | SSL_VERIFY_FAIL_IF_NO_PEER_CERT, nullptr);
  }
  return context;
}

Result<std::shared_ptr<const TlsContext>> make_tls_client(const TlsClientOptions& options) {
  SSL_CTX* raw = make_context(TLS_client_method());
  if (raw == nullptr) return refuse("preparing TLS");
  auto context = std::make_shared<const TlsContext>(raw, options.verify);
  if (!options.certificate_pem.empty()) {
    if (auto used = use_certificate(raw, options.certificate_pem, options.key_pem); !used) return std::unexpected(used.error());
  }
  if (!options.ca_pem.empty()) {
    if (auto trusted = trust(raw, options.ca_pem, false); !trusted) return std::unexpected(trusted.error());
  } else if (options.verify) {
    SSL_CTX_set_default_verify_paths(raw);
  }
  SSL_CTX_set_verify(raw, options.verify ? SSL_VERIFY_PEER : SSL_VERIFY_NONE, nullptr);
  return context;
}

SslPtr TlsContext::accept(int fd) const {
  SslPtr ssl(SSL_new(context_));
  if (ssl && SSL_set_fd(ssl.get(), fd) != 1) ssl.reset();
  if (ssl) SSL_set_accept_state(ssl.get());
  return ssl;
}

SslPtr TlsContext::connect(int fd, const std::string& server_name) const {
  SslPtr ssl(SSL_new(context_));
  if (!ssl || SSL_set_fd(ssl.get(), fd) != 1) return nullptr;
  unsigned char address[16];
  bool numeric = inet_pton(AF_INET, server_name.c_str(), address) == 1 || inet_pton(AF_INET6, server_name.c_str(), address) == 1;
  if (!numeric && SSL_set_tlsext_host_name(ssl.get(), server_name.c_str()) != 1) return nullptr;
  if (verify_) {
    X509_VERIFY_PARAM* parameters = SSL_get0_param(ssl.get());
    X509_VERIFY_PARAM_set_hostflags(parameters, X509_CHECK_FLAG_NO_PARTIAL_WILDCARDS);
    int set = numeric ? X509_VERIFY_PARAM_set1_ip_asc(parameters, server_name.c_str())
                      : X509_VERIFY_PARAM_set1_host(parameters, server_name.c_str(), server_name.size());
    if (set != 1) return nullptr;
  }
  SSL_set_connect_state(ssl.get());
  return ssl;
}

}  // namespace busway
