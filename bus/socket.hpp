#pragma once

#include <sys/socket.h>
#include <sys/uio.h>

#include <atomic>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "bus/error.hpp"
#include "bus/secret.hpp"
#include "bus/task.hpp"
#include "bus/worker.hpp"

namespace busway {

// An IPv4 or IPv6 address with its port.
struct Address {
  sockaddr_storage storage{};
  socklen_t size = 0;

  std::string text() const;  // "127.0.0.1:8080", "[::1]:8080"
  std::uint16_t port() const;
};

// Where a listener binds or an endpoint is: host and port as written.
struct HostPort {
  std::string host;
  std::uint16_t port = 0;
  std::string text() const;
};
// "10.0.0.9:7000", "[::1]:80", "erp.local:80". Errors: kind `config`, in words for the user.
Result<HostPort> read_host_port(std::string_view text);

// Names to addresses on threads of their own, so no worker ever blocks; numeric hosts answer at once. Answers are kept for 5 s:
// a service whose name moves is followed within that time. Errors: kind `not_sent`.
Task<Result<std::vector<Address>>> resolve(Worker& worker, const HostPort& name, TimePoint deadline);

// ---- TLS (1.2+, OpenSSL). Made once at check/open, shared by all workers. ----

struct TlsServerOptions {
  std::string certificate_pem;  // chain, leaf first
  Secret key_pem;
  std::string client_ca_pem;  // not empty: clients must present a certificate it signed (mTLS)
};
struct TlsClientOptions {
  std::string ca_pem;  // empty: the system's store
  std::string certificate_pem;
  Secret key_pem;
  bool verify = true;
};
class TlsContext;  // opaque: wraps SSL_CTX
Result<std::shared_ptr<const TlsContext>> make_tls_server(const TlsServerOptions& options);
Result<std::shared_ptr<const TlsContext>> make_tls_client(const TlsClientOptions& options);

// What a non-blocking read or write did.
struct IoStep {
  enum class Kind : std::uint8_t { done, want_read, want_write, closed, broken };
  Kind kind = Kind::broken;
  std::size_t bytes = 0;  // of `done`
  int error = 0;          // errno of `broken`; 0: a TLS error
};

// A connected TCP stream, plain or TLS, non-blocking, TCP_NODELAY. Worker thread only. Movable; closing is the destructor.
class Socket {
 public:
  Socket();
  Socket(Worker& worker, int fd);  // accepted
  Socket(Socket&&) noexcept;
  Socket& operator=(Socket&&) noexcept;
  ~Socket();

  bool open() const { return descriptor_.open(); }
  void close();
  int release() { return descriptor_.release(); }  // of a plain one: the open descriptor, to whoever goes on with it
  void reset();                                    // closes with RST: the peer must not take what it got for a whole answer
  void cancel() { descriptor_.cancel(); }
  bool cancelled() const { return descriptor_.cancelled(); }
  const Descriptor& descriptor() const { return descriptor_; }
  // An idle connection that the peer has closed, or on which bytes came that nobody asked for: not to be used again. Asks the
  // system only where the poll set has told of something, or the last read may have left something.
  bool stale();
  void shutdown_write();

  // The hot path: try first, wait on EAGAIN only. While the socket is drained a read is `want_read` without a system call.
  IoStep try_read(std::span<char> into);
  IoStep try_write(std::span<const iovec> from);
  IoStep try_write(std::string_view bytes) {
    iovec part{.iov_base = const_cast<char*>(bytes.data()), .iov_len = bytes.size()};
    return try_write({&part, 1});
  }
  Descriptor::Ready ready(IoStep::Kind want, TimePoint deadline) const {
    if (want != IoStep::Kind::want_write) drained_ = false;
    return descriptor_.ready(want == IoStep::Kind::want_write ? Direction::write : Direction::read, deadline);
  }

  // Nothing was left when it was read last; whatever has come since, the poll set has told of or will. ready() ends this state.
  bool drained() const { return drained_; }

  // Conveniences on top. read: 0 = the peer closed in order. Errors: kind `unknown`, code "timeout", "cancelled" or "reset".
  Task<Result<std::size_t>> read(std::span<char> into, TimePoint deadline);
  // All of it.
  Task<Result<void>> write(std::string_view bytes, TimePoint deadline);

  // TLS handshakes. Errors: kind `not_sent`, with what the peer or its certificate got wrong.
  Task<Result<void>> accept_tls(const TlsContext& context, TimePoint deadline);
  // `server_name` is verified and sent as SNI (an IP address is verified, not sent).
  Task<Result<void>> connect_tls(const TlsContext& context, const std::string& server_name, TimePoint deadline);
  bool is_tls() const { return tls_ != nullptr; }

 private:
  friend Task<Result<Socket>> connect(Worker& worker, const HostPort& to, TimePoint deadline);
  struct Tls;
  Task<Result<void>> handshake(TimePoint deadline);
  Descriptor descriptor_;
  mutable bool drained_ = false;
  std::unique_ptr<Tls> tls_;
};

// Tries the addresses in turn. Errors: kind `not_sent`.
Task<Result<Socket>> connect(Worker& worker, const HostPort& to, TimePoint deadline);

// A listening socket that workers share by SO_REUSEPORT: one each, all on one port.
class Acceptor {
 public:
  // Binds one socket for each of `workers`; port 0 picks one for all. Errors: kind `config`.
  static Result<std::unique_ptr<Acceptor>> bind(const HostPort& at, int workers);
  ~Acceptor();
  const Address& address() const { return address_; }

  struct Accepted {
    Socket socket;
    Address peer;
  };
  // The next connection on this worker's socket. Error `cancelled` after stop().
  //
  // The last eighth of the process's descriptors is not for connections: services, files and the log need theirs. What comes when
  // the others are taken is closed at once, 64 at a time with a pause between, said in one line a second.
  Task<Result<Accepted>> accept(Worker& worker);
  // On the worker's thread: its accept() ends, its socket is closed.
  void stop(Worker& worker);

 private:
  Acceptor() = default;
  Address address_;
  std::vector<int> fds_;                 // until the worker takes its own
  std::vector<Descriptor> descriptors_;  // one a worker
  void refused(std::int64_t connections);

  int ceiling_ = 0;  // descriptors from this one on are not for connections
  std::atomic<int> reserve_{-1};
  std::atomic<std::int64_t> refused_{0};  // since the last line of the log
  std::atomic<std::int64_t> told_{0};     // when that was, in milliseconds of the steady clock
};

}  // namespace busway
