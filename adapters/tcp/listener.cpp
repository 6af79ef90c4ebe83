#include "adapters/tcp/listener.hpp"

#include <algorithm>

namespace busway::tcp {

Fields<ListenerConfig> listener_fields() {
  using std::chrono::milliseconds;
  return {
      {"listen", &ListenerConfig::listen, "HOST:PORT to listen on; port 0 picks a free one.", required()},
      {"frame", &ListenerConfig::frame, "Where a message ends. Without it, the listener is for one `tcp: stream` route.",
       frame_fields()},
      {"max_frame", &ListenerConfig::max_frame, "The longest payload of a frame, either way.", at_least(ByteSize{1}),
       at_most(ByteSize{1 << 30})},
      {"tls", &ListenerConfig::tls, "Speaks TLS 1.2 or later.", server_tls_fields()},
      {"max_connections", &ListenerConfig::max_connections, "Connections open at once; more are closed as they come.",
       at_least(1)},
      {"idle", &ListenerConfig::idle, "A connection on which no frame begins for this time is closed.",
       at_least(milliseconds(1))},
      {"transfer", &ListenerConfig::transfer, "Time for one frame to come in or go out whole, and for a TLS handshake.",
       at_least(milliseconds(1))},
  };
}

std::unique_ptr<Listener> make_listener(ListenerConfig config, const ConfigNode& node, CheckContext& check,
                                        const ListenerContext&) {
  std::optional<Framing> framing;
  if (config.frame) {
    framing = read_framing(*config.frame, config.max_frame, node, check);
    if (!framing) return nullptr;
  }
  auto at = read_host_port(config.listen);
  if (!at) {
    check.findings.error("BW5010", node.place_under("listen"), at.error().text);
    return nullptr;
  }
  return std::make_unique<TcpListener>(std::move(config), std::move(*at), std::move(framing));
}

TcpListener::TcpListener(ListenerConfig config, HostPort at, std::optional<Framing> framing)
    : config_(std::move(config)),
      at_(std::move(at)),
      framed_(framing.has_value()),
      routes_(Framer(framing ? std::move(*framing) : Framing())) {}

TcpListener::~TcpListener() = default;

bool TcpListener::attach(std::unique_ptr<Inlet> inlet, CheckContext& check) {
  auto* ours = dynamic_cast<TcpInlet*>(inlet.get());
  if (ours == nullptr) {
    check.findings.error("BW5014", inlet->at(),
                         "a '" + std::string(inlet->protocol()) + "' route cannot stand on a tcp listener");
    return false;
  }
  const TcpInlet* other = stream_ != nullptr         ? stream_.get()
                          : routes_.inlets().empty() ? nullptr
                                                     : routes_.inlets().front().get();
  if (other != nullptr && (ours->streams() || other->streams())) {
    check.findings.error(
        "BW5024", inlet->at(),
        "a stream route takes the whole listener, and route '" + other->route().name() + "' stands on it already");
    return false;
  }
  if (!ours->streams() && !framed_) {
    check.findings.error("BW5020", inlet->at(), "the listener has no 'frame', so it cannot tell where a message ends");
    return false;
  }
  [[maybe_unused]] Inlet* moved = inlet.release();
  std::unique_ptr<TcpInlet> kept(ours);
  if (!kept->streams()) return routes_.add(std::move(kept), check);
  stream_ = std::move(kept);
  return true;
}

Result<void> TcpListener::open(int workers) {
  if (config_.tls) {
    auto context = make_context(*config_.tls);
    if (!context) return std::unexpected(std::move(context.error()));
    tls_ = std::move(*context);
  }
  auto acceptor = Acceptor::bind(at_, workers);
  if (!acceptor) return std::unexpected(std::move(acceptor.error()));
  acceptor_ = std::move(*acceptor);
  for (int i = 0; i < workers; ++i) lanes_.push_back(std::make_unique<Lane>());
  return {};
}

std::string TcpListener::address() const {
  return acceptor_ == nullptr ? at_.text() : acceptor_->address().text();
}

void TcpListener::serve(Worker& worker) {
  worker.spawn(accept_on(worker));
}

void TcpListener::stop(Worker& worker) {
  Lane& lane = lane_of(worker);
  lane.stopping = true;
  if (acceptor_ != nullptr) acceptor_->stop(worker);
  // Each leaves the list as it wakes.
  for (Socket* socket : std::vector<Socket*>(lane.idle)) socket->cancel();
}

std::size_t TcpListener::connections(const Worker& worker) const {
  return lane_of(worker).connections;
}

Task<Result<TestReply>> TcpListener::simulate(Worker& worker, const TestRequest& request, Arena& arena) {
  if (stream_ != nullptr) co_return fail(ErrorKind::config, "a stream is carried as it is: it has no messages to test");
  const auto& inlets = routes_.inlets();
  if (inlets.empty()) co_return fail(ErrorKind::config, "no route stands on this listener");
  if (!request.headers.empty()) co_return fail(ErrorKind::config, "a tcp message has no headers");
  std::string payload;
  if (auto written = inlets.front()->write_test_body(request, payload); !written)
    co_return std::unexpected(std::move(written.error()));
  std::string wire;
  if (auto framed = routes_.framer().encode(payload, wire); !framed)
    co_return framed.error().while_doing("sending the test's body");
  Exchange exchange(worker);
  exchange.origin.protocol = "tcp";
  exchange.origin.peer = "test";
  FrameDecoder decoder(routes_.framer());
  auto found = decoder.next(wire, true);
  Response response;
  if (found && *found) {
    response = co_await routes_.serve(exchange, (*found)->payload);
  } else {
    response = routes_.refuse(exchange, found ? Error{ErrorKind::format, "the message is empty"} : found.error());
  }
  TestReply reply;
  if (response.inlet != nullptr && exchange.route != nullptr) reply.route = response.inlet->route().name();
  if (const Failure* failure = exchange.failure()) reply.failure = kept(*failure, arena);
  if (response.close) reply.note = "connection closed";
  if (!response.frame) {
    if (!response.close) reply.note = "no reply";
    co_return std::move(reply);
  }
  std::string answer(*response.frame);
  FrameDecoder back(routes_.framer());
  auto read = back.next(answer, true);
  if (!read) co_return std::unexpected(std::move(read.error()));
  if (*read) reply.bytes = (*read)->payload;
  reply.body = response.inlet->read_test_body(reply.bytes, arena);
  co_return std::move(reply);
}

}  // namespace busway::tcp
