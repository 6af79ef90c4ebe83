#include <arpa/inet.h>
#include <netdb.h>
#include <netinet/in.h>

#include <cstring>
#include <deque>
#include <map>
#include <thread>

#include "bus/check_context.hpp"
#include "bus/mutex.hpp"
#include "bus/socket.hpp"

namespace busway {

std::string Address::text() const {
  char host[INET6_ADDRSTRLEN] = {};
  if (storage.ss_family == AF_INET) {
    const auto* v4 = reinterpret_cast<const sockaddr_in*>(&storage);
    inet_ntop(AF_INET, &v4->sin_addr, host, sizeof host);
    return std::string(host) + ":" + std::to_string(ntohs(v4->sin_port));
  }
  if (storage.ss_family == AF_INET6) {
    const auto* v6 = reinterpret_cast<const sockaddr_in6*>(&storage);
    inet_ntop(AF_INET6, &v6->sin6_addr, host, sizeof host);
    return "[" + std::string(host) + "]:" + std::to_string(ntohs(v6->sin6_port));
  }
  return "-";
}

std::uint16_t Address::port() const {
  if (storage.ss_family == AF_INET) return ntohs(reinterpret_cast<const sockaddr_in*>(&storage)->sin_port);
  if (storage.ss_family == AF_INET6) return ntohs(reinterpret_cast<const sockaddr_in6*>(&storage)->sin6_port);
  return 0;
}

std::string HostPort::text() const {
  bool v6 = host.find(':') != std::string::npos;
  return (v6 ? "[" + host + "]" : host) + ":" + std::to_string(port);
}

Result<HostPort> read_host_port(std::string_view text) {
  if (holds_reference(text)) return HostPort{std::string(text), 0};
  std::size_t colon = text.rfind(':');
  if (colon == std::string_view::npos || colon + 1 == text.size()) {
    return fail(ErrorKind::config, "'" + std::string(text) + "' has no port; write HOST:PORT, such as 127.0.0.1:8080");
  }
  std::string_view host = text.substr(0, colon);
  std::string_view digits = text.substr(colon + 1);
  if (host.starts_with('[') && host.ends_with(']')) {
    host = host.substr(1, host.size() - 2);
  } else if (host.find(':') != std::string_view::npos) {
    return fail(ErrorKind::config, "'" + std::string(text) + "': write an IPv6 address in brackets, such as [::1]:8080");
  }
  std::uint32_t port = 0;
  for (char c : digits) {
    if (c < '0' || c > '9' || (port = port * 10 + static_cast<std::uint32_t>(c - '0')) > 65535) {
      return fail(ErrorKind::config, "'" + std::string(digits) + "' is no port; a port is a number from 0 to 65535");
    }
  }
  for (char c : host) {
    bool good = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '.' || c == '-' || c == '_' ||
                c == ':';
    if (!good) return fail(ErrorKind::config, "'" + std::string(host) + "' is no host name or address");
  }
  if (host.empty()) return fail(ErrorKind::config, "'" + std::string(text) + "' has no host; write 0.0.0.0 for every address");
  return HostPort{std::string(host), static_cast<std::uint16_t>(port)};
}

namespace {

bool read_numeric(const HostPort& name, Address& out) {
  in_addr v4{};
  if (inet_pton(AF_INET, name.host.c_str(), &v4) == 1) {
    auto* to = reinterpret_cast<sockaddr_in*>(&out.storage);
    to->sin_family = AF_INET;
    to->sin_addr = v4;
    to->sin_port = htons(name.port);
    out.size = sizeof(sockaddr_in);
    return true;
  }
  in6_addr v6{};
  if (inet_pton(AF_INET6, name.host.c_str(), &v6) == 1) {
    auto* to = reinterpret_cast<sockaddr_in6*>(&out.storage);
    to->sin6_family = AF_INET6;
    to->sin6_addr = v6;
    to->sin6_port = htons(name.port);
    out.size = sizeof(sockaddr_in6);
    return true;
  }
  return false;
}

struct Lookup {
  explicit Lookup(Worker& worker) : gate(worker) {}
  std::string host;
  std::shared_ptr<Worker::Mailbox> mailbox;
  Gate gate;
  bool done = false;
  std::vector<Address> found;
  std::string problem;
};

// Two threads that call getaddrinfo, with what they found in the last 5 s.
class Resolver {
 public:
  static constexpr std::size_t queue_bound = 1024;
  static constexpr std::chrono::seconds keep{5};

  Resolver() {
    for (std::thread& thread : threads_) thread = std::thread([this] { work(); });
  }
  ~Resolver() {
    {
      Lock lock(lock_);
      stop_ = true;
    }
    wake_.notify_all();
    for (std::thread& thread : threads_) thread.join();
  }

  bool known(const std::string& host, std::vector<Address>& out) {
    Lock lock(lock_);
    auto at = kept_.find(host);
    if (at == kept_.end() || at->second.until < Clock::now()) return false;
    out = at->second.addresses;
    return true;
  }
  bool ask(std::shared_ptr<Lookup> lookup) {
    {
      Lock lock(lock_);
      if (queue_.size() >= queue_bound) return false;
      queue_.push_back(std::move(lookup));
    }
    wake_.notify_one();
    return true;
  }

 private:
  struct Kept {
    std::vector<Address> addresses;
    TimePoint until{};
  };

  void work() {
    Lock lock(lock_);
    while (true) {
      while (!stop_ && queue_.empty()) lock.wait(wake_);
      if (stop_) return;
      std::shared_ptr<Lookup> lookup = std::move(queue_.front());
      queue_.pop_front();
      lock.unlock();
      std::vector<Address> found;
      std::string problem;
      addrinfo hints{};
      hints.ai_family = AF_UNSPEC;
      hints.ai_socktype = SOCK_STREAM;
      hints.ai_flags = AI_ADDRCONFIG;
      addrinfo* list = nullptr;
      int error = getaddrinfo(lookup->host.c_str(), nullptr, &hints, &list);
      if (error != 0) {
        problem = gai_strerror(error);
      } else {
        for (addrinfo* at = list; at != nullptr; at = at->ai_next) {
          Address address;
          std::memcpy(&address.storage, at->ai_addr, at->ai_addrlen);
          address.size = at->ai_addrlen;
          found.push_back(address);
        }
        freeaddrinfo(list);
      }
      lock.lock();
      if (error == 0) {
        if (kept_.size() > 10'000) kept_.clear();
        kept_[lookup->host] = {found, Clock::now() + keep};
      }
      std::shared_ptr<Worker::Mailbox> mailbox = lookup->mailbox;
      mailbox->post([lookup = std::move(lookup), found = std::move(found), problem = std::move(problem)]() mutable {
        lookup->found = std::move(found);
        lookup->problem = std::move(problem);
        lookup->done = true;
        lookup->gate.open();
      });
    }
  }

  Mutex lock_;
  std::condition_variable_any wake_;
  std::deque<std::shared_ptr<Lookup>> queue_ BUSWAY_GUARDED_BY(lock_);
  std::map<std::string, Kept> kept_ BUSWAY_GUARDED_BY(lock_);
  bool stop_ BUSWAY_GUARDED_BY(lock_) = false;
  std::thread threads_[2];
};

Resolver& resolver() {
  static Resolver one;
  return one;
}

void set_port(std::vector<Address>& addresses, std::uint16_t port) {
  for (Address& address : addresses) {
    if (address.storage.ss_family == AF_INET) {
      reinterpret_cast<sockaddr_in*>(&address.storage)->sin_port = htons(port);
    } else if (address.storage.ss_family == AF_INET6) {
      reinterpret_cast<sockaddr_in6*>(&address.storage)->sin6_port = htons(port);
    }
  }
}

}  // namespace

Task<Result<std::vector<Address>>> resolve(Worker& worker, const HostPort& name, TimePoint deadline) {
  Address numeric;
  if (read_numeric(name, numeric)) co_return std::vector<Address>{numeric};
  std::vector<Address> found;
  if (!resolver().known(name.host, found)) {
    auto lookup = std::make_shared<Lookup>(worker);
    lookup->host = name.host;
    lookup->mailbox = worker.mailbox();
    if (!resolver().ask(lookup))
      co_return fail(ErrorKind::not_sent, "resolving " + name.host + ": too many names are being looked up");
    Wake how = co_await lookup->gate.wait(deadline);
    if (how != Wake::ready || !lookup->done)
      co_return fail(ErrorKind::not_sent, "resolving " + name.host + ": no answer in time", "timeout");
    if (!lookup->problem.empty()) co_return fail(ErrorKind::not_sent, "resolving " + name.host + ": " + lookup->problem);
    found = std::move(lookup->found);
  }
  if (found.empty()) co_return fail(ErrorKind::not_sent, "resolving " + name.host + ": it has no address");
  set_port(found, name.port);
  co_return found;
}

}  // namespace busway
