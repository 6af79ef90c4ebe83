#include <fcntl.h>
#include <netdb.h>
#include <netinet/in.h>
#include <sys/resource.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstring>

#include "bus/log.hpp"
#include "bus/socket.hpp"

namespace busway {

namespace {

// Opened before descriptors run out, given up to refuse a connection when they have: a backlog nobody takes would hang its
// clients.
int open_reserve() {
  return ::open("/dev/null", O_RDONLY | O_CLOEXEC);
}

// Descriptors are given out lowest first, so a number near the limit says that few are left.
int first_kept_back() {
  rlimit limit{};
  if (getrlimit(RLIMIT_NOFILE, &limit) != 0 || limit.rlim_cur > INT32_MAX) return INT32_MAX;
  auto all = static_cast<int>(limit.rlim_cur);
  return all - std::clamp(all / 8, 1, 1024);
}

// So many connections are refused before others get their turn.
constexpr int most_refused = 64;

int listen_on(const Address& address, bool shared, bool listening) {
  int fd = ::socket(address.storage.ss_family, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
  if (fd < 0) return -1;
  int one = 1;
  setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &one, sizeof one);
  if (shared) setsockopt(fd, SOL_SOCKET, SO_REUSEPORT, &one, sizeof one);
  bool good = ::bind(fd, reinterpret_cast<const sockaddr*>(&address.storage), address.size) == 0;
  if (good && listening) good = ::listen(fd, 4096) == 0;
  if (!good) {
    int error = errno;
    ::close(fd);
    errno = error;
    return -1;
  }
  return fd;
}

}  // namespace

Result<std::unique_ptr<Acceptor>> Acceptor::bind(const HostPort& at, int workers) {
  addrinfo hints{};
  hints.ai_family = AF_UNSPEC;
  hints.ai_socktype = SOCK_STREAM;
  hints.ai_flags = AI_PASSIVE;
  addrinfo* list = nullptr;
  std::string port = std::to_string(at.port);
  if (int error = getaddrinfo(at.host.c_str(), port.c_str(), &hints, &list); error != 0) {
    return fail(ErrorKind::config, "listening on " + at.text() + ": " + gai_strerror(error), "BW5002");
  }
  Address address;
  std::memcpy(&address.storage, list->ai_addr, list->ai_addrlen);
  address.size = list->ai_addrlen;
  freeaddrinfo(list);

  // Sharing a port is for our own workers: without this probe a second bus would silently take half the connections.
  int probe = listen_on(address, false, false);
  if (probe < 0) return fail(ErrorKind::config, "listening on " + at.text() + ": " + std::strerror(errno), "BW5002");
  ::close(probe);

  std::unique_ptr<Acceptor> acceptor(new Acceptor());
  for (int i = 0; i < workers; ++i) {
    int fd = listen_on(address, true, true);
    if (fd < 0) return fail(ErrorKind::config, "listening on " + at.text() + ": " + std::strerror(errno), "BW5002");
    acceptor->fds_.push_back(fd);
    socklen_t size = sizeof address.storage;
    getsockname(fd, reinterpret_cast<sockaddr*>(&address.storage), &size);  // the port that 0 became, for the others
    address.size = size;
  }
  acceptor->address_ = address;
  acceptor->descriptors_.resize(static_cast<std::size_t>(workers));
  acceptor->reserve_ = open_reserve();
  acceptor->ceiling_ = first_kept_back();
  return acceptor;
}

Acceptor::~Acceptor() {
  for (int fd : fds_) {
    if (fd >= 0) ::close(fd);
  }
  if (reserve_ >= 0) ::close(reserve_);
}

Task<Result<Acceptor::Accepted>> Acceptor::accept(Worker& worker) {
  auto index = static_cast<std::size_t>(worker.index());
  if (!descriptors_[index].open() && fds_[index] >= 0) {
    descriptors_[index] = Descriptor(worker, fds_[index]);
    fds_[index] = -1;
  }
  int in_a_row = 0;
  while (descriptors_[index].open()) {
    Accepted accepted;
    accepted.peer.size = sizeof accepted.peer.storage;
    int fd = ::accept4(descriptors_[index].fd(), reinterpret_cast<sockaddr*>(&accepted.peer.storage), &accepted.peer.size,
                       SOCK_NONBLOCK | SOCK_CLOEXEC);
    if (fd >= ceiling_) {
      ::close(fd);
      refused(1);
      if (++in_a_row % most_refused == 0) co_await worker.sleep_for(std::chrono::milliseconds(10));
      continue;
    }
    if (fd >= 0) {
      accepted.socket = Socket(worker, fd);
      co_return std::move(accepted);
    }
    if (errno == EAGAIN || errno == EWOULDBLOCK) {
      if (descriptors_[index].cancelled()) break;  // the backlog is taken; now it may close
      co_await descriptors_[index].ready(Direction::read, TimePoint::max());
      continue;
    }
    if (errno == EMFILE || errno == ENFILE || errno == ENOBUFS || errno == ENOMEM) {
      if (int reserve = reserve_.exchange(-1); reserve >= 0) {
        ::close(reserve);
        int count = 0;
        while (count < most_refused) {
          int one = ::accept(descriptors_[index].fd(), nullptr, nullptr);
          if (one < 0) break;
          ::close(one);
          ++count;
        }
        reserve_ = open_reserve();
        if (count > 0) refused(count);
      }
      co_await worker.sleep_for(std::chrono::milliseconds(10));
    }
    // Anything else (ECONNABORTED, ...) is the connection's own end: on to the next.
  }
  descriptors_[index].close();
  co_return fail(ErrorKind::not_sent, "accepting: stopped", "cancelled");
}

void Acceptor::refused(std::int64_t connections) {
  refused_ += connections;
  auto now = std::chrono::duration_cast<std::chrono::milliseconds>(Clock::now().time_since_epoch()).count();
  std::int64_t told = told_;
  if (now - told < 1000 || !told_.compare_exchange_strong(told, now)) return;
  log().warn("Out of file descriptors: connections are closed unanswered.",
             {{"listening", address_.text()}, {"closed", refused_.exchange(0)}});
}

void Acceptor::stop(Worker& worker) {
  auto index = static_cast<std::size_t>(worker.index());
  if (descriptors_[index].open()) {
    descriptors_[index].cancel();
  } else if (fds_[index] >= 0) {
    ::close(fds_[index]);
    fds_[index] = -1;
  }
}

}  // namespace busway
