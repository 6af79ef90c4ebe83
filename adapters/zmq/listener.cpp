#include "adapters/zmq/listener.hpp"

#include <atomic>

#include "adapters/zmq/address.hpp"
#include "bus/log.hpp"
#include "bus/message_events.hpp"

namespace busway::zmq {

std::unique_ptr<Listener> make_listener(ListenerConfig config, const ConfigNode& node, CheckContext& check,
                                        const ListenerContext& context) {
  bool good = check_listener(config, node, check);
  auto parts = Parts::read(config.parts, "parts", node, check);
  auto answers = node.find("answer_parts") == nullptr ? parts : Parts::read(config.answer_parts, "answer_parts", node, check);
  if (!good || !parts || !answers) return nullptr;
  return std::make_unique<ZmqListener>(context.name, std::move(config), std::move(*parts), std::move(*answers));
}

ZmqListener::ZmqListener(std::string name, ListenerConfig config, Parts parts, Parts answer_parts)
    : name_(std::move(name)),
      config_(std::move(config)),
      routes_(std::move(parts)),
      answer_parts_(std::move(answer_parts)),
      envelope_{.delimited = config_.socket == ListenerConfig::Kind::rep, .count = static_cast<std::size_t>(config_.envelope)},
      bound_(config_.listen),
      // What the queue may hold, and a message on its way.
      connections_(name_, config_.max_connections,
                   (static_cast<std::uint64_t>(config_.queue) + 2) * (config_.max_message.bytes + 4096)) {}

ZmqListener::~ZmqListener() = default;

bool ZmqListener::attach(std::unique_ptr<Inlet> inlet, CheckContext& check) {
  auto* ours = dynamic_cast<ZmqInlet*>(inlet.get());
  if (ours == nullptr) {
    check.findings.error("BW5014", inlet->at(),
                         "a '" + std::string(inlet->protocol()) + "' route cannot stand on a zmq listener");
    return false;
  }
  if (ours->error() && !config_.answers()) {
    check.findings.error("BW5204", inlet->at(),
                         "'error' has no meaning here: nobody waits for an answer of a pull or sub socket");
    return false;
  }
  [[maybe_unused]] Inlet* moved = inlet.release();
  return routes_.add(std::unique_ptr<ZmqInlet>(ours), check);
}

Result<void> ZmqListener::open(int workers) {
  static std::atomic<int> opened{0};
  owner_ = opened.fetch_add(1) % workers;
  using Kind = ListenerConfig::Kind;
  SocketOptions options{.wire = config_.socket == Kind::pull  ? Wire::pull
                                : config_.socket == Kind::sub ? Wire::sub
                                                              : Wire::router,
                        .max_message = static_cast<std::size_t>(config_.max_message.bytes),
                        .queue = static_cast<int>(config_.queue),
                        .reconnects = true,
                        .ipv6 = true,
                        .own_thread = false,
                        .curve = std::nullopt};
  if (!config_.listen.empty()) {
    auto address = read_address(config_.listen, AddressUse::listen);
    if (!address) return std::unexpected(std::move(address.error()));
    options.ipv6 = !address->ipv4();
  }
  for (const std::string& there : config_.connect) {
    auto address = read_address(there, AddressUse::connect);
    if (!address) return std::unexpected(std::move(address.error()));
    options.own_thread = options.own_thread || !address->numeric();
  }
  if (config_.curve) {
    auto keys = make_curve(*config_.curve, "listener " + name_);
    if (!keys) return std::unexpected(std::move(keys.error()));
    options.curve = std::move(*keys);
  }
  auto socket = Socket::make(options);
  if (!socket) return std::unexpected(std::move(socket.error()));
  if (auto watched = connections_.open(*socket); !watched) return watched;
  if (config_.socket == Kind::sub) {
    if (config_.topics.empty()) config_.topics.emplace_back();
    for (const std::string& topic : config_.topics) {
      if (auto subscribed = socket->subscribe(topic); !subscribed) return subscribed;
    }
  }
  if (!config_.listen.empty()) {
    if (auto bound = socket->bind(config_.listen); !bound) return bound;
    bound_ = socket->last_endpoint();
  }
  for (const std::string& there : config_.connect) {
    if (auto connected = socket->connect(there); !connected) return connected;
    bound_ += (bound_.empty() ? "" : ",") + there;
  }
  socket_ = std::move(*socket);
  return {};
}

void ZmqListener::serve(Worker& worker) {
  if (worker.index() != owner_ || stopping_) return;
  worker_ = &worker;
  passage_ = Passage::of(config_, routes_);
  requests_ = RequestPassage::of(config_, routes_, answer_parts_);
  if ((passage_ || requests_) && message_events() == nullptr)
    log().info("Messages are handed on as they come.", {{"listener", name_}});
  connections_.serve(worker, config_.listen.empty() ? "" : bound_);
  watch_ = std::make_unique<Watch>(worker, socket_->watched_descriptor(), [this] { take(); });
  watch_->start();
}

std::size_t ZmqListener::connections(const Worker& worker) const {
  return worker.index() == owner_ && worker_ != nullptr && !ended_ ? connections_.count() + 1 : 0;
}

void ZmqListener::stop(Worker& worker) {
  if (worker.index() != owner_ || stopping_) return;
  stopping_ = true;
  if (worker_ == nullptr) {  // before serve()
    connections_.close();
    socket_->close();
    ended_ = true;
    return;
  }
  if (held_ != nullptr) begin(*std::exchange(held_, nullptr));
  if (!config_.listen.empty()) connections_.end_idle();
  worker.spawn(end());
}

// Unbinding ends the accepted connections, too: so it comes behind the last answer.
Task<> ZmqListener::end() {
  constexpr std::chrono::milliseconds look{4};
  while (at_work_ > 0) co_await worker_->sleep_for(look);
  TimePoint until = worker_->now() + std::chrono::milliseconds(Socket::linger_ms);
  if (!config_.listen.empty()) {
    socket_->unbind(bound_);
    while ((!connections_.closed() || connections_.count() > 0) && worker_->now() < until) co_await worker_->sleep_for(look);
  }
  connections_.close();
  watch_->stop();
  socket_->close();
  ended_ = true;
}

Task<Result<TestReply>> ZmqListener::simulate(Worker& worker, const TestRequest& request, Arena& arena) {
  const auto& inlets = routes_.inlets();
  if (inlets.empty()) co_return fail(ErrorKind::config, "no route stands on this listener");
  if (!request.headers.empty() && !routes_.parts().has_headers())
    co_return fail(ErrorKind::config, "the message has one part, so it has no headers: name them in the listener's 'parts'");
  Headers headers(arena);
  for (const auto& [name, value] : request.headers) headers.add(name, value);
  std::string body;
  if (auto written = inlets.front()->write_test_body(request, body); !written)
    co_return std::unexpected(std::move(written.error()));
  FrameList frames;
  routes_.parts().write(body, headers, frames);
  Exchange exchange(worker);
  exchange.origin.protocol = "zmq";
  exchange.origin.peer = "test";
  Outcome outcome;
  if (body.size() > config_.max_message.bytes) {
    outcome = routes_.refuse(exchange, {ErrorKind::format, "the message is larger than max_message", "limit"});
  } else {
    outcome = co_await routes_.serve(exchange, frames.all());
  }
  TestReply reply;
  if (outcome.inlet != nullptr && exchange.route != nullptr) reply.route = outcome.inlet->route().name();
  if (const Failure* failure = exchange.failure()) reply.failure = kept(*failure, arena);
  if (!config_.answers()) {
    reply.note = "no reply";
    co_return std::move(reply);
  }
  reply.bytes = outcome.body;
  if (!outcome.failed) {
    for (const std::string& name : answer_parts_.names()) {
      if (const Header* header = exchange.message().headers.find(name)) reply.headers.emplace_back(name, header->value);
    }
  }
  const ZmqInlet& taken = outcome.inlet != nullptr ? *outcome.inlet : *inlets.front();
  reply.body = taken.read_test_body(reply.bytes, arena);
  co_return std::move(reply);
}

}  // namespace busway::zmq
