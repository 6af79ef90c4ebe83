#include <algorithm>

#include "adapters/tcp/frame_buffer.hpp"
#include "adapters/tcp/listener.hpp"
#include "adapters/tcp/relay.hpp"
#include "adapters/tcp/target.hpp"
#include "bus/log.hpp"
#include "bus/service.hpp"
#include "bus/wall_clock.hpp"

namespace busway::tcp {

// A connection counts as long as this lives.
class TcpListener::Counted {
 public:
  Counted(TcpListener& listener, Lane& lane) : listener_(listener), lane_(lane) { ++lane_.connections; }
  Counted(const Counted&) = delete;
  Counted& operator=(const Counted&) = delete;
  ~Counted() {
    --lane_.connections;
    listener_.open_.fetch_sub(1);
  }

 private:
  TcpListener& listener_;
  Lane& lane_;
};

// While this lives nothing is under way on the connection, and stop() may end it.
class TcpListener::Waiting {
 public:
  Waiting(Lane& lane, Socket& socket) : lane_(lane), socket_(socket) { lane_.idle.push_back(&socket); }
  Waiting(const Waiting&) = delete;
  Waiting& operator=(const Waiting&) = delete;
  ~Waiting() {
    auto at = std::find(lane_.idle.begin(), lane_.idle.end(), &socket_);
    *at = lane_.idle.back();
    lane_.idle.pop_back();
  }

 private:
  Lane& lane_;
  Socket& socket_;
};

Task<> TcpListener::accept_on(Worker& worker) {
  while (true) {
    auto accepted = co_await acceptor_->accept(worker);
    if (!accepted) co_return;
    if (lane_of(worker).stopping) continue;
    if (open_.fetch_add(1) >= config_.max_connections) {
      open_.fetch_sub(1);
      continue;
    }
    worker.spawn(serve_connection(worker, std::move(accepted->socket), accepted->peer.text()));
  }
}

Task<> TcpListener::serve_connection(Worker& worker, Socket socket, std::string peer) {
  Counted counted(*this, lane_of(worker));
  if (tls_) {
    Waiting waiting(lane_of(worker), socket);
    auto secured = co_await socket.accept_tls(*tls_, worker.now() + config_.transfer);
    if (!secured) co_return;
  }
  if (stream_ != nullptr) {
    co_await serve_stream(worker, std::move(socket));
  } else {
    co_await serve_frames(worker, socket, peer);
  }
}

Task<> TcpListener::serve_stream(Worker& worker, Socket socket) {
  const Service& service = *stream_->route().proxied();
  auto& target = static_cast<TcpTarget&>(service.target());  // the check of the inlet saw to it
  TimePoint deadline = worker.now() + std::min(service.policy().timeout, stream_->route().deadline());
  const Endpoint* tried = nullptr;
  std::string problem;
  for (std::size_t left = target.endpoints().size(); left > 0; --left) {
    tried = &service.endpoint_for_connection(worker, tried);
    auto connected = co_await target.connect_stream(worker, *tried, deadline);
    if (connected) {
      co_await relay(worker, std::move(socket), std::move(*connected), config_.idle);
      co_return;
    }
    problem = connected.error().text;
  }
  LogField fields[] = {{"service", service.name()}, {"error", problem}};
  log().write(LogLevel::warn, "No connection to the service, the caller's is closed.", stream_->route().name(), fields);
  socket.reset();
}

Task<> TcpListener::serve_frames(Worker& worker, Socket& socket, std::string_view peer) {
  Lane& lane = lane_of(worker);
  const Framer& framer = routes_.framer();
  std::string storage;
  FrameBuffer buffer(storage, framer.most_buffered());
  FrameDecoder decoder(framer);
  Exchange exchange(worker);
  bool ended = false;
  while (!lane.stopping) {
    Result<std::optional<Frame>> found{std::nullopt};
    bool begun = false;
    TimePoint until = worker.now() + config_.idle;
    while (true) {
      found = decoder.next(buffer.bytes(), ended);
      if (!found || *found) break;
      if (ended) co_return;  // in the middle of a frame or between two: nothing more can be answered
      if (!begun && !buffer.empty()) {
        begun = true;
        until = worker.now() + config_.transfer;
      }
      std::span<char> room = buffer.room();
      Waiting waiting(lane, socket);
      auto got = co_await socket.read(room, until);
      if (!got) co_return;
      ended = *got == 0;
      buffer.filled(*got);
    }
    exchange.origin.protocol = "tcp";
    exchange.origin.peer = peer;
    exchange.origin.secure = socket.is_tls();
    exchange.received = wall_now();
    Response response;
    if (found) {
      response = co_await routes_.serve(exchange, (*found)->payload);
    } else {
      response = routes_.refuse(exchange, found.error());
    }
    if (response.frame) {
      std::string_view left = *response.frame;
      left.remove_prefix(socket.try_write(left).bytes);  // nearly always all of it
      Result<void> written;
      if (!left.empty()) written = co_await socket.write(left, worker.now() + config_.transfer);
      if (!written) {
        socket.reset();  // no half answer, and no kernel buffer that waits for a reader who does not read
        co_return;
      }
    }
    if (exchange.holds_much()) {
      co_await worker.in_slices(true, TimePoint::max(), [&] { exchange.reset(); });
    } else {
      exchange.reset();
    }
    if (response.close || framer.ends_with_connection()) {
      if (response.frame || framer.ends_with_connection()) co_await end_gently(worker, socket);
      co_return;
    }
    buffer.consume((*found)->consumed);
    buffer.trim();
  }
}

// Closing with unread bytes would reset the connection and could take the last answer from the caller: what is still coming is
// read and dropped for a moment.
Task<> TcpListener::end_gently(Worker& worker, Socket& socket) {
  socket.shutdown_write();
  Waiting waiting(lane_of(worker), socket);
  char dropped[4096];
  TimePoint until = worker.now() + std::chrono::seconds(1);
  std::size_t most = 1024 * 1024;
  while (most > 0) {
    auto got = co_await socket.read({dropped, sizeof dropped}, until);
    if (!got || *got == 0) co_return;
    most -= std::min(most, *got);
  }
}

}  // namespace busway::tcp
