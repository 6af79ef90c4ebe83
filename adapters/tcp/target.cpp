#include "adapters/tcp/target.hpp"

#include "bus/assert.hpp"
#include "bus/on_worker.hpp"

namespace busway::tcp {

Fields<ServiceConfig> service_fields() {
  using std::chrono::milliseconds;
  return {
      {"endpoints", &ServiceConfig::endpoints, "Where the service is, HOST:PORT each.", required(), shorthand()},
      {"frame", &ServiceConfig::frame, "Where a message ends. Without it, only `tcp: stream` routes can use the service.",
       frame_fields()},
      {"max_frame", &ServiceConfig::max_frame, "The longest payload of a frame, either way.", at_least(ByteSize{1}),
       at_most(ByteSize{1 << 30})},
      {"connections", &ServiceConfig::connections,
       "Connections at most, of all workers to all endpoints; each carries one call at a time.", at_least(1), at_most(10'000)},
      {"waiting", &ServiceConfig::waiting, "Calls that may wait for a connection when all are busy.", at_least(0),
       at_most(1'000'000)},
      {"idle", &ServiceConfig::idle, "An unused connection is closed after this time.", at_least(milliseconds(1)),
       at_most(std::chrono::hours(24))},
      {"tls", &ServiceConfig::tls, "Speaks TLS to the service.", client_tls_fields()},
      {"one_way", &ServiceConfig::one_way, "The service answers nothing: a call is over when its frame has gone out."},
  };
}

std::unique_ptr<Target> make_target(ServiceConfig config, const ConfigNode& node, CheckContext& check, const TargetContext&) {
  bool good = true;
  std::optional<Framing> framing;
  if (config.frame) {
    framing = read_framing(*config.frame, config.max_frame, node, check);
    good = framing.has_value();
  }
  const ConfigNode::Entry* entry = node.find("endpoints");
  const Position& list_at = node.place_under("endpoints");
  std::vector<Endpoint> endpoints;
  for (std::size_t i = 0; i < config.endpoints.size(); ++i) {
    bool listed = entry != nullptr && i < entry->value.items.size();
    const Position& at = listed ? entry->value.items[i].at : list_at;
    auto host_port = read_host_port(config.endpoints[i]);
    if (!host_port || (host_port->port == 0 && !holds_reference(config.endpoints[i]))) {
      check.findings.error("BW5022", at, host_port ? "an endpoint needs a port other than 0" : host_port.error().text);
      good = false;
      continue;
    }
    endpoints.push_back(
        {.text = config.endpoints[i], .host_port = *host_port, .secure = config.tls.has_value(), .path = "", .at = at});
  }
  if (config.endpoints.empty()) {
    check.findings.error("BW5022", list_at, "a service needs at least one endpoint");
    good = false;
  }
  if (config.tls && config.tls->certificate.path.empty() != config.tls->key.empty()) {
    check.findings.error("BW1006", node.find("tls")->value.at, "a certificate and its key go together: one of them is missing");
    good = false;
  }
  if (!good) return nullptr;
  return std::make_unique<TcpTarget>(std::move(config), std::move(framing), std::move(endpoints));
}

TcpTarget::TcpTarget(ServiceConfig config, std::optional<Framing> framing, std::vector<Endpoint> endpoints)
    : config_(std::move(config)),
      endpoints_(std::move(endpoints)),
      framed_(framing.has_value()),
      options_{.framer = Framer(framing ? std::move(*framing) : Framing()),
               .endpoints = {},
               .one_way = config_.one_way,
               .idle = config_.idle,
               .tls = nullptr,
               .server_name = config_.tls ? config_.tls->server_name : ""} {
  for (const Endpoint& endpoint : endpoints_) options_.endpoints.push_back(endpoint.host_port);
}

TcpTarget::~TcpTarget() = default;

std::string_view TcpTarget::why_not_called() const {
  return framed_ ? "" : "it has no `frame`, so only a `tcp: stream` route whose one step is this call can use it";
}

Task<Result<Socket>> TcpTarget::connect_stream(Worker& worker, const Endpoint& endpoint, TimePoint deadline) {
  return connect_to(worker, options_, endpoint.host_port, deadline);
}

Result<void> TcpTarget::open(int workers) {
  if (config_.tls) {
    auto context = make_context(*config_.tls);
    if (!context) return std::unexpected(std::move(context.error()));
    options_.tls = std::move(*context);
  }
  owners_ = static_cast<std::size_t>(std::min<std::int64_t>(workers, config_.connections));
  seats_.assign(static_cast<std::size_t>(workers), nullptr);
  return {};
}

Pool& TcpTarget::pool_of(Worker& worker) {
  BUSWAY_ASSERT(static_cast<std::size_t>(worker.index()) < seats_.size());
  Pool*& seat = seats_[static_cast<std::size_t>(worker.index())];
  if (seat != nullptr) return *seat;
  Lock lock(lock_);
  std::size_t made = pools_.size();
  if (made < owners_) {
    auto connections = static_cast<std::size_t>(config_.connections);
    auto waiting = static_cast<std::size_t>(config_.waiting);
    pools_.push_back(std::make_unique<Pool>(worker, options_, connections / owners_ + (made < connections % owners_ ? 1 : 0),
                                            (waiting + owners_ - 1) / owners_));
    seat = pools_.back().get();
  } else {
    seat = pools_[static_cast<std::size_t>(worker.index()) % made].get();
  }
  return *seat;
}

void TcpTarget::close(Worker& worker) {
  Lock lock(lock_);
  for (auto& pool : pools_) {
    if (&pool->worker() == &worker) pool->close();
  }
}

// ---- calls ----

namespace {

// A call on its way through another worker: that one touches nothing of the exchange.
struct HandedOver {
  Pool* pool = nullptr;
  Trade trade;
  std::string wire;
  std::string storage;
  Result<std::string_view> answer = fail(ErrorKind::internal, "");

  Task<> work() {
    auto got = co_await pool->trade(trade);
    answer = std::move(got);
  }
};

}  // namespace

Task<Result<Answer>> TcpTarget::call(Exchange& exchange, const Outbound& outbound, const Endpoint& endpoint, TimePoint deadline) {
  std::string& wire = exchange.keep_string();
  if (auto framed = options_.framer.encode(outbound.body, wire); !framed) co_return std::unexpected(std::move(framed.error()));
  Pool& pool = pool_of(exchange.worker());
  Trade trade{.endpoint = static_cast<std::size_t>(&endpoint - endpoints_.data()),
              .wire = wire,
              .storage = nullptr,
              .deadline = deadline};
  if (&pool.worker() == &exchange.worker()) {
    trade.storage = &exchange.keep_string();
    auto payload = co_await pool.trade(trade);
    if (!payload) co_return std::unexpected(std::move(payload.error()));
    co_return answer_with(exchange, *payload);
  }
  auto state = std::make_shared<HandedOver>();
  state->pool = &pool;
  state->wire = wire;
  state->trade = trade;
  state->trade.wire = state->wire;
  state->trade.storage = &state->storage;
  OnWorker there(state, pool.worker(), exchange.worker());
  co_await there;
  if (!state->answer) co_return std::unexpected(state->answer.error());
  exchange.keep(state);
  co_return answer_with(exchange, *state->answer);
}

Answer TcpTarget::answer_with(Exchange& exchange, std::string_view payload) const {
  Answer answer(exchange.arena());
  answer.message.receive(payload, "", protocol(), format_.get(), Side::service);
  return answer;
}

// ---- simulation ----

Result<std::string_view> TcpTarget::carry(Exchange& exchange, std::string_view payload) const {
  std::string& wire = exchange.keep_string();
  if (auto framed = options_.framer.encode(payload, wire); !framed) return std::unexpected(std::move(framed.error()));
  FrameDecoder decoder(options_.framer);
  auto found = decoder.next(wire, true);
  if (!found) return std::unexpected(std::move(found.error()));
  return *found ? (*found)->payload : std::string_view();
}

Result<SimulatedRequest> TcpTarget::simulate_request(Exchange& exchange, const Outbound& outbound, const Endpoint&) {
  auto payload = carry(exchange, outbound.body);
  if (!payload) return std::unexpected(std::move(payload.error()));
  SimulatedRequest request{
      .method = {}, .path = {}, .operation = {}, .headers = Headers(exchange.arena()), .body = {}, .bytes = *payload};
  request.body = read_as_service(format_.get(), *payload, exchange.arena());
  return request;
}

Result<Answer> TcpTarget::simulate_answer(Exchange& exchange, const Outbound&, const SimulatedReply& reply) {
  if (reply.fault || reply.status != 0 || !reply.headers.empty()) {
    return fail(ErrorKind::config, "a tcp service answers with a body only: no status, headers or fault");
  }
  std::string& written = exchange.keep_string();
  if (auto done = write_as_service(format_.get(), reply, written); !done) return std::unexpected(std::move(done.error()));
  if (config_.one_way) return answer_with(exchange, {});
  auto payload = carry(exchange, written);
  if (!payload) return std::unexpected(std::move(payload.error()));
  return answer_with(exchange, *payload);
}

}  // namespace busway::tcp
