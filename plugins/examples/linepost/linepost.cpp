// The adapter linepost, as a process: a message is a line of text over TCP, and so is its answer. One connection has one message
// under way at a time, and a thread.
#include <arpa/inet.h>
#include <netdb.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <set>

#include "busway_process.hpp"

using namespace busway::process;
using std::chrono::milliseconds;

namespace {

struct TooLong : std::runtime_error {
  TooLong() : std::runtime_error("the line is larger than may be") {}
};

std::runtime_error system_error(const std::string& doing) {
  return std::runtime_error(doing + ": " + std::strerror(errno));
}

class Socket {
 public:
  explicit Socket(int fd = -1) : fd_(fd) {}
  Socket(Socket&& other) noexcept : fd_(std::exchange(other.fd_, -1)) {}
  Socket& operator=(Socket&& other) noexcept {
    std::swap(fd_, other.fd_);
    return *this;
  }
  ~Socket() {
    if (fd_ >= 0) ::close(fd_);
  }
  int get() const { return fd_; }

  void timeout(milliseconds time) const {
    timeval value{};
    value.tv_sec = static_cast<decltype(value.tv_sec)>(time.count() / 1000);
    value.tv_usec = static_cast<decltype(value.tv_usec)>(std::max<std::int64_t>(time.count() % 1000 * 1000, 1));
    ::setsockopt(fd_, SOL_SOCKET, SO_RCVTIMEO, &value, sizeof value);
    ::setsockopt(fd_, SOL_SOCKET, SO_SNDTIMEO, &value, sizeof value);
  }
  void no_delay() const {
    int on = 1;
    ::setsockopt(fd_, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
  }
  void send(std::string_view bytes) const {
    while (!bytes.empty()) {
      ssize_t sent = ::send(fd_, bytes.data(), bytes.size(), MSG_NOSIGNAL);
      if (sent < 0) throw system_error("sending");
      bytes.remove_prefix(static_cast<std::size_t>(sent));
    }
  }
  // Something has come without being asked for, or the other side has ended.
  bool readable() const {
    pollfd one{fd_, POLLIN, 0};
    return ::poll(&one, 1, 0) != 0;
  }

 private:
  int fd_;
};

// Reads lines of `most` bytes at most.
class Lines {
 public:
  Lines(int fd, std::size_t most) : fd_(fd), most_(most) {}
  std::optional<std::string> next() {
    std::size_t seen = 0;
    std::size_t end = 0;
    while ((end = bytes_.find('\n', seen)) == std::string::npos) {
      seen = bytes_.size();
      if (seen > most_) throw TooLong();
      char some[16384];
      ssize_t got = ::recv(fd_, some, sizeof some, 0);
      if (got < 0) throw system_error("reading");
      if (got == 0) return std::nullopt;
      bytes_.append(some, static_cast<std::size_t>(got));
    }
    std::string line = bytes_.substr(0, end);
    bytes_.erase(0, end + 1);
    if (!line.empty() && line.back() == '\r') line.pop_back();
    if (line.size() > most_) throw TooLong();
    return line;
  }
  bool empty() const { return bytes_.empty(); }

 private:
  int fd_;
  std::size_t most_;
  std::string bytes_;
};

std::string address_of(const sockaddr* name, socklen_t size) {
  char host[NI_MAXHOST] = {};
  char port[NI_MAXSERV] = {};
  ::getnameinfo(name, size, host, sizeof host, port, sizeof port, NI_NUMERICHOST | NI_NUMERICSERV);
  return std::string(host) + ":" + port;
}

// HOST:PORT as the system has it; opened by `use`, which answers whether that went well.
Socket open_at(const std::string& place, int flags, const std::function<bool(int, const addrinfo&)>& use) {
  std::size_t colon = place.rfind(':');
  if (colon == std::string::npos) throw std::runtime_error("'" + place + "' is no HOST:PORT");
  addrinfo hints{};
  hints.ai_socktype = SOCK_STREAM;
  hints.ai_flags = flags;
  addrinfo* found = nullptr;
  if (int wrong = ::getaddrinfo(place.substr(0, colon).c_str(), place.substr(colon + 1).c_str(), &hints, &found); wrong != 0)
    throw std::runtime_error("looking up " + place + ": " + ::gai_strerror(wrong));
  std::unique_ptr<addrinfo, void (*)(addrinfo*)> all(found, ::freeaddrinfo);
  for (const addrinfo* one = found; one != nullptr; one = one->ai_next) {
    Socket made(::socket(one->ai_family, one->ai_socktype | SOCK_CLOEXEC, one->ai_protocol));
    if (made.get() >= 0 && use(made.get(), *one)) return made;
  }
  throw system_error("opening " + place);
}

class Listener final : public Source {
 public:
  explicit Listener(const Json& settings) : listen_(settings["listen"].text()), idle_(settings["idle"].integer()) {}

  void run(Inlet& inlet) override {
    Socket server = open_at(listen_, AI_PASSIVE, [](int fd, const addrinfo& at) {
      int on = 1;
      ::setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof on);
      return ::bind(fd, at.ai_addr, at.ai_addrlen) == 0 && ::listen(fd, 256) == 0;
    });
    server_.store(server.get());
    sockaddr_storage name{};
    socklen_t size = sizeof name;
    ::getsockname(server.get(), reinterpret_cast<sockaddr*>(&name), &size);
    inlet.listening(address_of(reinterpret_cast<sockaddr*>(&name), size));
    while (!inlet.stopped()) {
      size = sizeof name;
      int fd = ::accept4(server.get(), reinterpret_cast<sockaddr*>(&name), &size, SOCK_CLOEXEC);
      if (fd < 0 && inlet.wait(milliseconds(errno == EMFILE ? 50 : 0))) break;
      if (fd < 0) continue;
      std::string peer = address_of(reinterpret_cast<sockaddr*>(&name), size);
      {
        std::lock_guard<std::mutex> held(lock_);
        connections_.insert(fd);
        if (stopping_) ::shutdown(fd, SHUT_RD);
      }
      std::thread([this, &inlet, peer, fd] { serve(inlet, Socket(fd), peer); }).detach();
    }
    server_.store(-1);
    server = Socket();
    std::unique_lock<std::mutex> held(lock_);
    none_.wait(held, [this] { return connections_.empty(); });
  }

  void stop() override {
    if (int fd = server_.load(); fd >= 0) ::shutdown(fd, SHUT_RDWR);
    std::lock_guard<std::mutex> held(lock_);
    stopping_ = true;
    for (int fd : connections_) ::shutdown(fd, SHUT_RD);  // what is under way gets its reply
  }

 private:
  void serve(Inlet& inlet, Socket socket, const std::string& peer) {
    socket.no_delay();
    socket.timeout(idle_);
    try {
      Lines lines(socket.get(), inlet.max_body());
      while (auto line = lines.next()) {
        Arrival arrival;
        arrival.body = std::move(*line);
        arrival.peer = peer;
        socket.send(reply(inlet.emit(std::move(arrival))));
      }
    } catch (const TooLong&) {
      refuse(socket);
    } catch (const std::exception&) {  // it is gone, or the bus stops
    }
    std::lock_guard<std::mutex> held(lock_);
    connections_.erase(socket.get());
    socket = Socket();
    none_.notify_all();
  }

  static std::string reply(const Outcome& outcome) {
    std::string line = outcome.body;
    if (!outcome.good() && line.empty())
      line.append("!").append(std::to_string(outcome.status)).append(" ").append(outcome.reason);
    for (char& c : line) {
      if (c == '\n' || c == '\r') c = ' ';
    }
    return line + "\n";
  }

  // Says why, and gives the peer a moment to read it.
  static void refuse(const Socket& socket) {
    try {
      socket.timeout(milliseconds(1000));
      socket.send("!413 Content Too Large\n");
      ::shutdown(socket.get(), SHUT_WR);
      char rest[16384];
      while (::recv(socket.get(), rest, sizeof rest, 0) > 0) {
      }
    } catch (const std::exception&) {
    }
  }

  std::string listen_;
  milliseconds idle_;
  std::atomic<int> server_{-1};
  std::mutex lock_;
  std::condition_variable none_;
  std::set<int> connections_;
  bool stopping_ = false;
};

class Service {
 public:
  explicit Service(const Json& settings) {
    if (settings["endpoints"].items().empty()) throw Refused("endpoints", "a service needs at least one endpoint");
  }

  Answer call(const Message& message) {
    if (message.body.find('\n') != std::string::npos) throw Failed("mapping", "writing the line: the body has a line end in it");
    const std::string& endpoint = message.about["endpoint"].text();
    Socket socket = connection_to(endpoint, message);
    constexpr std::size_t most = 16UL * 1024 * 1024;
    Lines lines(socket.get(), most);
    std::optional<std::string> line;
    try {
      socket.timeout(message.time_left());
      socket.send(message.body + "\n");
      line = lines.next();
    } catch (const TooLong& error) {
      throw Failed("garbage", std::string("reading the answer: ") + error.what());
    } catch (const std::exception& error) {
      throw Failed("unknown", std::string("waiting for the answer: ") + error.what());
    }
    if (!line) throw Failed("unknown", "waiting for the answer: the connection ended");
    if (lines.empty()) {
      std::lock_guard<std::mutex> held(lock_);
      kept_[endpoint].push_back(std::move(socket));
    }
    Answer out;
    out.body = std::move(*line);
    return out;
  }

 private:
  Socket connection_to(const std::string& endpoint, const Message& message) {
    {
      std::lock_guard<std::mutex> held(lock_);
      std::vector<Socket>& kept = kept_[endpoint];
      while (!kept.empty()) {
        Socket one = std::move(kept.back());
        kept.pop_back();
        if (!one.readable()) return one;
      }
    }
    try {
      Socket made = open_at(endpoint, 0, [&](int fd, const addrinfo& at) {
        timeval time{};
        time.tv_sec = static_cast<decltype(time.tv_sec)>(message.time_left().count() / 1000 + 1);
        ::setsockopt(fd, SOL_SOCKET, SO_SNDTIMEO, &time, sizeof time);
        return ::connect(fd, at.ai_addr, at.ai_addrlen) == 0;
      });
      made.no_delay();
      return made;
    } catch (const std::exception& error) {
      throw Failed("not_sent", error.what());
    }
  }

  std::mutex lock_;
  std::map<std::string, std::vector<Socket>> kept_;  // connections in good order, by endpoint
};

}  // namespace

int main() {
  Plugin plugin;
  plugin.source("linepost", [](const Json& settings) { return std::make_unique<Listener>(settings); });
  plugin.target("linepost", [](const Json& settings) {
    auto service = std::make_shared<Service>(settings);
    return [service](const Message& message) { return service->call(message); };
  });
  return plugin.run(16);
}
