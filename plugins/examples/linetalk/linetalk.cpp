// The adapter linetalk: a message is a line of text, and so is its answer. One connection has one message under way at a time.
// What is refused is answered with `!STATUS REASON`. It works on the loops of the bus: no thread, no lock.
#include <netinet/tcp.h>
#include <sys/socket.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <unordered_map>
#include <unordered_set>

#include "busway_plugin.hpp"
#include "busway_sockets.hpp"

namespace {

using std::chrono::milliseconds;

// ---- what both sides need of a connection ----

enum class Read { some, nothing_now, end };

// What has come in and waits to be taken, line by line. Linear, however it arrives.
class LineBuffer {
 public:
  // Takes what is there, up to 64 KiB in a row: others want their turn, too.
  Read read_from(int fd) {
    bytes_.erase(0, begin_);
    searched_ -= begin_;
    begin_ = 0;
    char buffer[16 * 1024];
    for (int i = 0; i < 4; ++i) {
      ssize_t got = ::recv(fd, buffer, sizeof buffer, 0);
      if (got > 0) {
        bytes_.append(buffer, static_cast<std::size_t>(got));
        if (static_cast<std::size_t>(got) < sizeof buffer) return Read::some;
      } else if (got < 0 && (errno == EAGAIN || errno == EINTR)) {
        return i == 0 ? Read::nothing_now : Read::some;
      } else {
        return i == 0 ? Read::end : Read::some;  // it ends again at the next call
      }
    }
    return Read::some;
  }
  // The first line without its end. It stays until drop_line().
  std::optional<std::string_view> line() {
    std::size_t end = bytes_.find('\n', std::max(searched_, begin_));
    if (end == std::string::npos) {
      searched_ = bytes_.size();
      return std::nullopt;
    }
    searched_ = end;
    std::string_view found(bytes_.data() + begin_, end - begin_);
    if (!found.empty() && found.back() == '\r') found.remove_suffix(1);
    return found;
  }
  void drop_line() { begin_ = ++searched_; }
  std::string_view rest() const { return std::string_view(bytes_).substr(begin_); }
  void clear() {
    bytes_.clear();
    begin_ = searched_ = 0;
  }

 private:
  std::string bytes_;
  std::size_t begin_ = 0;     // of the first line
  std::size_t searched_ = 0;  // no line ends before
};

// What is to go out.
class Outbox {
 public:
  void put(std::string bytes) {
    bytes_ = std::move(bytes);
    sent_ = 0;
  }
  bool empty() const { return sent_ == bytes_.size(); }
  // Sends what goes out now. False when the connection is broken.
  bool write_to(int fd) {
    while (!empty()) {
      ssize_t sent = ::send(fd, bytes_.data() + sent_, bytes_.size() - sent_, MSG_NOSIGNAL);
      if (sent < 0) return errno == EAGAIN || errno == EINTR;
      sent_ += static_cast<std::size_t>(sent);
    }
    return true;
  }

 private:
  std::string bytes_;
  std::size_t sent_ = 0;
};

// ---- the source ----

struct ListenConfig {
  std::string listen;
  milliseconds idle{300000};
};

class Listener {
 public:
  Listener(ListenConfig config, const busway::Place& place) : config_(std::move(config)), most_(place.max_body) {}

  bool open(busway::Opening& opening) {
    intake_ = opening.intake();
    std::string address;
    try {
      std::vector<busway::OwnedDescriptor> sockets = busway::listen_on(config_.listen, opening.loops(), address);
      for (busway::OwnedDescriptor& socket : sockets) lanes_.push_back(std::make_unique<Lane>(std::move(socket)));
    } catch (const std::runtime_error& error) {
      return opening.fail(error.what());
    }
    opening.set_address(address);
    return true;
  }

  void serve(busway::Loop loop) {
    Lane& lane = *lanes_[loop.index()];
    lane.loop = loop;
    lane.accepting =
        busway::Watch(loop, lane.socket.get(), busway::Event::readable, [this, &lane](busway::Event) { accept_on(lane); });
  }

  void stop(busway::Loop loop) {
    Lane& lane = *lanes_[loop.index()];
    lane.stopping = true;
    lane.accepting.end();
    lane.socket.close();
    std::vector<Connection*> idle;
    for (auto& [connection, owned] : lane.connections) {
      if (!connection->busy && connection->out.empty()) idle.push_back(connection);
    }
    for (Connection* connection : idle) end(*connection);
  }

  std::size_t connections(busway::Loop loop) const { return lanes_[loop.index()]->connections.size(); }

  void reply(void* user, const busway::Reply& reply) {
    Connection& connection = *static_cast<Connection*>(user);
    connection.busy = false;
    std::string line(reply.bytes());
    if (reply.failed() && line.empty()) line = "!" + std::to_string(reply.status()) + " " + std::string(reply.reason());
    for (char& c : line) {
      if (c == '\n' || c == '\r') c = ' ';
    }
    connection.out.put(line + "\n");
    go_on(connection);
  }

  // There is room for messages again.
  void resume(busway::Loop loop) {
    Lane& lane = *lanes_[loop.index()];
    std::unordered_set<Connection*> waiting = std::move(lane.waiting);
    lane.waiting.clear();
    for (Connection* connection : waiting) go_on(*connection);
  }

 private:
  struct Lane;
  struct Connection {
    explicit Connection(Lane& of, busway::OwnedDescriptor socket, std::string from)
        : lane(of), fd(std::move(socket)), peer(std::move(from)) {}
    Lane& lane;
    busway::OwnedDescriptor fd;
    std::string peer;
    LineBuffer in;
    Outbox out;
    bool busy = false;     // its message is with the bus
    bool ended = false;    // the peer sends no more
    bool refused = false;  // what still comes is dropped
    busway::Watch watch;
    busway::Timer idle;
  };
  // What one loop has; used on its thread alone.
  struct Lane {
    explicit Lane(busway::OwnedDescriptor listening) : socket(std::move(listening)) {}
    busway::Loop loop;
    busway::OwnedDescriptor socket;
    busway::Watch accepting;
    bool stopping = false;
    std::unordered_map<Connection*, std::unique_ptr<Connection>> connections;
    std::unordered_set<Connection*> waiting;  // for room
  };

  void accept_on(Lane& lane) {
    for (int i = 0; i < 64; ++i) {
      sockaddr_storage name{};
      socklen_t size = sizeof name;
      busway::OwnedDescriptor socket(
          ::accept4(lane.socket.get(), reinterpret_cast<sockaddr*>(&name), &size, SOCK_NONBLOCK | SOCK_CLOEXEC));
      if (socket.get() < 0) return;
      int on = 1;
      ::setsockopt(socket.get(), IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
      char host[NI_MAXHOST] = {};
      char port[NI_MAXSERV] = {};
      ::getnameinfo(reinterpret_cast<sockaddr*>(&name), size, host, sizeof host, port, sizeof port,
                    NI_NUMERICHOST | NI_NUMERICSERV);
      auto made = std::make_unique<Connection>(lane, std::move(socket), std::string(host) + ":" + port);
      Connection& connection = *made;
      lane.connections.emplace(&connection, std::move(made));
      connection.watch = busway::Watch(lane.loop, connection.fd.get(), busway::Event::readable,
                                       [this, &connection](busway::Event event) { ready(connection, event); });
      connection.idle = busway::Timer(lane.loop, [this, &connection] { end(connection); });
      connection.idle.set(config_.idle);
    }
  }

  void ready(Connection& connection, busway::Event event) {
    if (event == busway::Event::readable) {
      connection.ended = connection.in.read_from(connection.fd.get()) == Read::end;
      if (connection.refused) {
        connection.in.clear();
      } else {
        connection.idle.set(config_.idle);
      }
    }
    go_on(connection);
  }

  // Sends what there is to send, then takes the next message. The connection may be gone afterwards.
  void go_on(Connection& connection) {
    if (!connection.out.write_to(connection.fd.get())) return end(connection);
    if (connection.out.empty() && !connection.busy && !connection.refused) take_message(connection);
    bool waits = connection.lane.waiting.count(&connection) != 0;
    if (connection.busy || waits) {
      // Nothing more is read until the answer is out.
      connection.idle.stop();
      connection.watch.change(busway::Event::none);
    } else if (!connection.out.empty()) {
      if (!connection.refused) connection.idle.set(config_.idle);
      connection.watch.change(busway::Event::writable);
    } else if (connection.ended || connection.lane.stopping) {
      end(connection);
    } else {
      connection.watch.change(busway::Event::readable);
    }
  }

  void take_message(Connection& connection) {
    std::optional<std::string_view> line = connection.in.line();
    if (!line && connection.in.rest().size() <= most_) return;
    busway::Incoming message;
    message.loop = connection.lane.loop;
    message.user = &connection;
    message.bytes = line ? *line : connection.in.rest();
    message.peer = connection.peer;
    switch (intake_.emit(message)) {
      case busway::Emitted::taken:
        connection.in.drop_line();
        connection.busy = true;
        return;
      case busway::Emitted::full: connection.lane.waiting.insert(&connection); return;  // resume() tries it again
      case busway::Emitted::closed: connection.ended = true; return;
      case busway::Emitted::too_large: return refuse(connection, "!413 Content Too Large\n");
      case busway::Emitted::wrong: return refuse(connection, "!400 Bad Request\n");
    }
  }

  // Says why and ends the connection, after the peer has had a moment to read it.
  void refuse(Connection& connection, const char* why) {
    connection.refused = true;
    connection.in.clear();
    connection.out.put(why);
    connection.out.write_to(connection.fd.get());
    ::shutdown(connection.fd.get(), SHUT_WR);
    connection.idle.set(milliseconds(1000));
  }

  void end(Connection& connection) {
    if (connection.busy) {  // its answer will come, and end it
      connection.ended = true;
      connection.watch.change(busway::Event::none);
      return;
    }
    Lane& lane = connection.lane;
    lane.waiting.erase(&connection);
    lane.connections.erase(&connection);
  }

  ListenConfig config_;
  std::size_t most_;
  busway::Intake intake_;
  std::vector<std::unique_ptr<Lane>> lanes_;
};

// ---- the target ----

struct ServiceConfig {
  std::vector<std::string> endpoints;
};

class Service {
 public:
  Service(ServiceConfig config, const busway::Place& place) : config_(std::move(config)), most_(place.max_body) {
    if (config_.endpoints.empty()) throw busway::Refused("endpoints", "a service needs at least one endpoint");
  }

  bool open(std::size_t loops) {
    for (std::size_t i = 0; i < loops; ++i) lanes_.push_back(std::make_unique<Lane>());
    return true;
  }

  void call(const busway::Request& request, busway::Call call) {
    std::string_view body = request.bytes();
    if (body.find('\n') != std::string_view::npos) {
      call.fail(busway::Failure::mapping, "writing the line: the body has a line end in it");
      return;
    }
    Lane& lane = *lanes_[request.loop().index()];
    lane.loop = request.loop();
    Link* link = nullptr;
    for (auto& [other, owned] : lane.links) {
      if (other->endpoint == request.endpoint_index() && !other->call.number() && other->fd.get() >= 0) link = other;
    }
    bool fresh = link == nullptr;
    if (fresh) {
      auto made = std::make_unique<Link>(lane, request.endpoint_index());
      link = made.get();
      lane.links.emplace(link, std::move(made));
    }
    link->call = call;
    link->out.put(std::string(body) + "\n");
    lane.by_call[call.number()] = link;
    if (!fresh) return go_on(*link);
    std::size_t generation = ++link->lane.generation;
    link->generation = generation;
    lane.loop.connect(request.endpoint(), request.time_left(), [this, &lane, link, generation](int fd, std::string_view problem) {
      busway::OwnedDescriptor socket(fd);
      auto still = lane.links.find(link);
      if (still == lane.links.end() || link->generation != generation) return;  // nobody waits for it any more
      if (fd < 0) return fail(*link, busway::Failure::not_sent, problem);
      link->fd = std::move(socket);
      link->watch = busway::Watch(lane.loop, fd, busway::Event::readable, [this, link](busway::Event) { ready(*link); });
      go_on(*link);
    });
  }

  // The time is up: what waits for this answer goes with its connection.
  void cancel(busway::Loop loop, busway::Call call) {
    Lane& lane = *lanes_[loop.index()];
    auto found = lane.by_call.find(call.number());
    if (found == lane.by_call.end()) return;
    bool unsent = found->second->fd.get() < 0;
    fail(*found->second, unsent ? busway::Failure::not_sent : busway::Failure::unknown, "waiting for the answer: the time is up");
  }

  void close(busway::Loop loop) {
    Lane& lane = *lanes_[loop.index()];
    lane.by_call.clear();
    lane.links.clear();
  }

 private:
  struct Lane;
  struct Link {
    Link(Lane& of, std::size_t to) : lane(of), endpoint(to) {}
    Lane& lane;
    std::size_t endpoint;
    std::size_t generation = 0;
    busway::OwnedDescriptor fd;  // none while it is being connected
    busway::Call call;           // that it works on; none while it is kept
    LineBuffer in;
    Outbox out;
    busway::Watch watch;
  };
  struct Lane {
    busway::Loop loop;
    std::size_t generation = 0;
    std::unordered_map<Link*, std::unique_ptr<Link>> links;
    std::unordered_map<std::uint64_t, Link*> by_call;
  };

  void ready(Link& link) {
    Read how = link.in.read_from(link.fd.get());
    if (!link.call.number()) return drop(link);  // ended while it was kept, or speaks without being asked
    if (std::optional<std::string_view> line = link.in.line()) {
      busway::Call call = std::exchange(link.call, {});
      link.lane.by_call.erase(call.number());
      call.answer(*line);
      link.in.drop_line();
      if (!link.in.rest().empty() || how == Read::end) drop(link);
    } else if (link.in.rest().size() > most_) {
      fail(link, busway::Failure::garbage, "reading the answer: it is larger than max_body");
    } else if (how == Read::end) {
      fail(link, busway::Failure::unknown, "waiting for the answer: the connection ended");
    } else {
      go_on(link);
    }
  }

  void go_on(Link& link) {
    if (!link.out.write_to(link.fd.get())) return fail(link, busway::Failure::unknown, "sending the line: the connection broke");
    link.watch.change(link.out.empty() ? busway::Event::readable : busway::Event::both);
  }

  void fail(Link& link, busway::Failure kind, std::string_view why) {
    busway::Call call = link.call;
    std::string text(why);
    drop(link);
    call.fail(kind, text);
  }

  void drop(Link& link) {
    Lane& lane = link.lane;
    lane.by_call.erase(link.call.number());
    lane.links.erase(&link);
  }

  ServiceConfig config_;
  std::size_t most_;
  std::vector<std::unique_ptr<Lane>> lanes_;  // one a loop
};

}  // namespace

BUSWAY_PLUGIN("linetalk", "0.1.0", plugin) {
  busway::AdapterType type;
  type.name = "linetalk";
  type.summary = "Exchanges messages as lines of text over TCP.";
  type.doc = "What is refused is answered with `!STATUS REASON`, or with what the route's `error:` makes of it.";
  type.source_flags = BUSWAY_SOURCE_KEEPS_ORDER;
  type.listener = busway::listener<ListenConfig, Listener>(
      {{"listen", &ListenConfig::listen, "HOST:PORT to listen on; port 0 picks a free one.", busway::required()},
       {"idle", &ListenConfig::idle, "A connection on which nothing happens for this time is closed.", busway::at_least("1ms")}});
  type.service =
      busway::service<ServiceConfig, Service>({{"endpoints", &ServiceConfig::endpoints, "Where the service is, HOST:PORT each.",
                                                busway::required(), busway::shorthand(), busway::endpoints()}});
  type.examples = {{"A listener", "listeners: { desk: { linetalk: { listen: 127.0.0.1:7070 } } }"},
                   {"A service", "services: { clerk: { linetalk: { endpoints: [10.0.0.9:7070] }, format: json, timeout: 2s } }"}};
  plugin.add(type);
}
