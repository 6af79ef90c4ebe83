// The source half of the adapter modbus: a listener is a device, whose registers are what the routes say.
#pragma once

#include <netdb.h>
#include <netinet/tcp.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <unordered_map>

#include "modbus_frames.hpp"

namespace {

struct ListenerConfig {
  std::string listen;
  std::chrono::milliseconds idle{300000};
};

// A socket that listens, for each of `count` loops; the kernel shares connections out among them. Throws std::runtime_error.
std::vector<int> bind_all(const std::string& at, std::size_t count, std::string& address) {
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
  std::vector<int> out;
  for (std::size_t i = 0; i < count; ++i) {
    out.push_back(::socket(found->ai_family, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0));
    int on = 1;
    ::setsockopt(out.back(), SOL_SOCKET, SO_REUSEADDR, &on, sizeof on);
    ::setsockopt(out.back(), SOL_SOCKET, SO_REUSEPORT, &on, sizeof on);
    if (::bind(out.back(), reinterpret_cast<sockaddr*>(&name), size) != 0 || ::listen(out.back(), 128) != 0) {
      std::string why = std::strerror(errno);
      for (int fd : out) ::close(fd);
      throw std::runtime_error("binding " + at + ": " + why);
    }
    size = sizeof name;  // the others take the port that the first has got
    ::getsockname(out.back(), reinterpret_cast<sockaddr*>(&name), &size);
  }
  char digits[NI_MAXSERV] = {};
  ::getnameinfo(reinterpret_cast<sockaddr*>(&name), size, nullptr, 0, digits, sizeof digits, NI_NUMERICSERV);
  address = host + ":" + digits;
  return out;
}

// One request of a connection is at work at a time; the others wait where they are.
class Listener {
 public:
  explicit Listener(ListenerConfig config) : config_(std::move(config)) {}
  ~Listener() {
    for (auto& lane : lanes_) lane->hang_up();
  }

  bool open(busway::Opening& opening) {
    intake_ = opening.intake();
    std::string address;
    try {
      for (int fd : bind_all(config_.listen, opening.loops(), address)) lanes_.push_back(std::make_unique<Lane>(fd));
    } catch (const std::runtime_error& error) {
      return opening.fail(error.what());
    }
    opening.set_address(address);
    return true;
  }
  void serve(busway::Loop loop) {
    Lane& lane = *lanes_[loop.index()];
    lane.loop = loop;
    lane.accepting = busway::Watch(loop, lane.socket, busway::Event::readable, [this, &lane](busway::Event) { accept_on(lane); });
  }
  void stop(busway::Loop loop) {
    Lane& lane = *lanes_[loop.index()];
    lane.stopping = true;
    lane.hang_up();
    std::vector<Connection*> idle;
    for (auto& [connection, owned] : lane.connections) {
      if (!connection->busy) idle.push_back(connection);
    }
    for (Connection* connection : idle) lane.connections.erase(connection);
  }
  std::size_t connections(busway::Loop loop) const { return lanes_[loop.index()]->connections.size(); }

  // A failed message is an exception: 3 for what the route finds invalid, 6 where it could not be done now, 4 for the rest.
  void reply(void* user, const busway::Reply& reply) {
    Connection& connection = *static_cast<Connection*>(user);
    connection.busy = false;
    if (reply.failed() || reply.status() >= 400) {
      bool invalid = reply.kind() == busway::Failure::invalid && reply.failed();
      std::uint8_t code = invalid ? 3 : reply.status() == 503 ? 6 : reply.status() == 404 ? 2 : 4;
      connection.out += exception_frame(connection.asked, code);
    } else {
      try {
        connection.out += answer_frame(connection.asked, reply.document()["values"]);
      } catch (const Unfit& error) {
        busway::log(busway::Level::warn, std::string("answering a read: ") + error.what());
        connection.out += exception_frame(connection.asked, 4);
      }
    }
    go_on(connection);
  }

 private:
  struct Lane;
  struct Connection {
    Connection(Lane& of, int socket) : lane(of), fd(socket) {}
    Connection(const Connection&) = delete;
    Connection& operator=(const Connection&) = delete;
    ~Connection() {
      watch.end();
      ::close(fd);
    }
    Lane& lane;
    int fd;
    std::string in;
    std::string out;
    Asked asked;
    bool busy = false;   // its request is with the bus
    bool ended = false;  // the peer sends no more
    busway::Watch watch;
    busway::Timer idle;
  };
  // What one loop has; used on its thread alone.
  struct Lane {
    explicit Lane(int listening) : socket(listening) {}
    void hang_up() {
      accepting.end();
      if (socket >= 0) ::close(std::exchange(socket, -1));
    }
    busway::Loop loop;
    int socket;
    busway::Watch accepting;
    bool stopping = false;
    std::unordered_map<Connection*, std::unique_ptr<Connection>> connections;
  };

  void accept_on(Lane& lane) {
    for (int i = 0; i < 64; ++i) {
      int fd = ::accept4(lane.socket, nullptr, nullptr, SOCK_NONBLOCK | SOCK_CLOEXEC);
      if (fd < 0) return;
      int on = 1;
      ::setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
      auto made = std::make_unique<Connection>(lane, fd);
      Connection& connection = *made;
      lane.connections.emplace(&connection, std::move(made));
      connection.watch = busway::Watch(lane.loop, fd, busway::Event::readable, [this, &connection](busway::Event event) {
        if (event == busway::Event::readable) read(connection);
        go_on(connection);
      });
      connection.idle = busway::Timer(lane.loop, [this, &connection] {
        connection.ended = true;
        connection.out.clear();
        go_on(connection);
      });
      connection.idle.set(config_.idle);
    }
  }

  void read(Connection& connection) {
    char buffer[4096];
    ssize_t got = ::recv(connection.fd, buffer, sizeof buffer, 0);
    if (got > 0) connection.in.append(buffer, static_cast<std::size_t>(got));
    if (got == 0 || (got < 0 && errno != EAGAIN && errno != EINTR)) connection.ended = true;
    connection.idle.set(config_.idle);
  }

  // Sends what there is to send, then takes the next request. The connection may be gone afterwards.
  void go_on(Connection& connection) {
    if (!connection.out.empty()) {
      ssize_t sent = ::send(connection.fd, connection.out.data(), connection.out.size(), MSG_NOSIGNAL);
      if (sent > 0) connection.out.erase(0, static_cast<std::size_t>(sent));
      if (sent < 0 && errno != EAGAIN && errno != EINTR) {
        connection.ended = true;
        connection.out.clear();
        connection.in.clear();
      }
    }
    while (!connection.busy && connection.out.empty() && take_request(connection)) continue;
    bool over = connection.ended || connection.lane.stopping;
    if (over && !connection.busy && connection.out.empty()) {
      Lane& lane = connection.lane;
      lane.connections.erase(&connection);
      return;
    }
    connection.watch.change(!connection.out.empty() ? busway::Event::writable
                            : connection.busy       ? busway::Event::none
                                                    : busway::Event::readable);
  }

  // Whether there was one.
  bool take_request(Connection& connection) {
    auto size = frame_size(connection.in);
    if (!size) {  // no Modbus: nothing can be answered
      connection.ended = true;
      connection.in.clear();
      return false;
    }
    if (*size == 0 || connection.in.size() < *size) return false;
    connection.asked = read_request(std::string_view(connection.in).substr(0, *size));
    connection.in.erase(0, *size);
    if (connection.asked.exception != 0) {
      connection.out += exception_frame(connection.asked, connection.asked.exception);
      return true;
    }
    busway::Document document = document_of(connection.asked.query);
    busway::Incoming message;
    message.loop = connection.lane.loop;
    message.user = &connection;
    message.document = &document;
    switch (intake_.emit(message)) {
      case busway::Emitted::taken: connection.busy = true; break;
      case busway::Emitted::closed: connection.ended = true; break;
      case busway::Emitted::full: connection.out += exception_frame(connection.asked, 6); break;
      default: connection.out += exception_frame(connection.asked, 4); break;
    }
    return true;
  }

  ListenerConfig config_;
  busway::Intake intake_;
  std::vector<std::unique_ptr<Lane>> lanes_;
};

}  // namespace
