// The source half of the adapter modbus: a listener is a device, whose registers are what the routes say.
#pragma once

#include <netinet/tcp.h>
#include <sys/socket.h>

#include <cerrno>
#include <unordered_map>

#include "busway_sockets.hpp"
#include "modbus_frames.hpp"

namespace {

struct ListenerConfig {
  std::string listen;
  std::chrono::milliseconds idle{300000};
};

// One request of a connection is at work at a time; the others wait where they are.
class Listener {
 public:
  explicit Listener(ListenerConfig config) : config_(std::move(config)) {}

  bool open(busway::Opening& opening) {
    intake_ = opening.intake();
    std::string address;
    try {
      for (auto& socket : busway::listen_on(config_.listen, opening.loops(), address)) {
        lanes_.push_back(std::make_unique<Lane>(std::move(socket)));
      }
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
    Connection(Lane& of, busway::OwnedDescriptor socket) : lane(of), fd(std::move(socket)) {}
    Lane& lane;
    busway::OwnedDescriptor fd;
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
    explicit Lane(busway::OwnedDescriptor listening) : socket(std::move(listening)) {}
    busway::Loop loop;
    busway::OwnedDescriptor socket;
    busway::Watch accepting;
    bool stopping = false;
    std::unordered_map<Connection*, std::unique_ptr<Connection>> connections;
  };

  void accept_on(Lane& lane) {
    for (int i = 0; i < 64; ++i) {
      busway::OwnedDescriptor socket(::accept4(lane.socket.get(), nullptr, nullptr, SOCK_NONBLOCK | SOCK_CLOEXEC));
      if (socket.get() < 0) return;
      int on = 1;
      ::setsockopt(socket.get(), IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
      auto made = std::make_unique<Connection>(lane, std::move(socket));
      Connection& connection = *made;
      lane.connections.emplace(&connection, std::move(made));
      connection.watch =
          busway::Watch(lane.loop, connection.fd.get(), busway::Event::readable, [this, &connection](busway::Event event) {
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
    ssize_t got = ::recv(connection.fd.get(), buffer, sizeof buffer, 0);
    if (got > 0) connection.in.append(buffer, static_cast<std::size_t>(got));
    if (got == 0 || (got < 0 && errno != EAGAIN && errno != EINTR)) connection.ended = true;
    connection.idle.set(config_.idle);
  }

  // Sends what there is to send, then takes the next request. The connection may be gone afterwards.
  void go_on(Connection& connection) {
    if (!connection.out.empty()) {
      ssize_t sent = ::send(connection.fd.get(), connection.out.data(), connection.out.size(), MSG_NOSIGNAL);
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
