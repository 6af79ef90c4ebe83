#include "adapters/zmq/target.hpp"

#include "bus/log.hpp"
#include "bus/on_worker.hpp"

namespace busway::zmq {

ZmqTarget::ZmqTarget(std::string service, ServiceConfig config, std::vector<ZmqAddress> addresses,
                     std::vector<Endpoint> endpoints, Parts parts, Parts answer_parts)
    : service_(std::move(service)),
      config_(std::move(config)),
      addresses_(std::move(addresses)),
      endpoints_(std::move(endpoints)),
      parts_(std::move(parts)),
      answer_parts_(std::move(answer_parts)) {}

ZmqTarget::~ZmqTarget() = default;

Result<void> ZmqTarget::open(int workers) {
  using Kind = ServiceConfig::Kind;
  SocketOptions options{.wire = config_.socket == Kind::push  ? Wire::push
                                : config_.socket == Kind::pub ? Wire::pub
                                                              : Wire::dealer,
                        .max_message = static_cast<std::size_t>(config_.max_message.bytes),
                        .queue = static_cast<int>(config_.queue),
                        .reconnects = !config_.answered(),
                        .ipv6 = true,
                        .own_thread = false,
                        .curve = std::nullopt};
  if (config_.curve) {
    auto keys = make_curve(*config_.curve, "service " + service_);
    if (!keys) return std::unexpected(std::move(keys.error()));
    options.curve = std::move(*keys);
  }
  return config_.answered() ? open_links(options, workers) : open_outlets(options, workers);
}

Result<void> ZmqTarget::open_links(const SocketOptions& options, int workers) {
  // A REQ has one request under way; as many of them as there are workers.
  LinkBounds bounds{.outstanding = config_.socket == ServiceConfig::Kind::req ? 1 : static_cast<std::size_t>(config_.outstanding),
                    .waiting = static_cast<std::size_t>(config_.waiting)};
  for (int worker = 0; worker < workers; ++worker) {
    for (const ZmqAddress& to : addresses_) {
      auto link = Link::make(options, to, bounds);
      if (!link) return std::unexpected(std::move(link.error()));
      links_.push_back(std::move(*link));
    }
  }
  return {};
}

Result<void> ZmqTarget::open_outlets(const SocketOptions& options, int workers) {
  bool listens = !config_.listen.empty();
  for (int worker = 0; worker < (listens ? 1 : workers); ++worker) {
    for (const ZmqAddress& at : addresses_) {
      OutletOptions of_one{.service = service_,
                           .socket = options,
                           .when_full = config_.when_full,
                           .listen = listens ? at.text : "",
                           .connect = listens ? "" : at.text,
                           .max_connections = config_.max_connections,
                           .max_subscriptions = config_.max_subscriptions};
      of_one.socket.ipv6 = !at.ipv4();
      of_one.socket.own_thread = !listens && !at.numeric();
      auto outlet = Outlet::make(std::move(of_one));
      if (!outlet) return std::unexpected(std::move(outlet.error()));
      if (listens) log().info("A service listens.", {{"service", service_}, {"address", (*outlet)->bound()}});
      outlets_.push_back(std::move(*outlet));
    }
  }
  return {};
}

// What listens goes on until all workers have ended: others may still hand something over.
void ZmqTarget::close(Worker& worker) {
  auto first = static_cast<std::size_t>(worker.index()) * addresses_.size();
  for (std::size_t i = 0; i < addresses_.size() && first + i < links_.size(); ++i) links_[first + i]->close();
}

// ---- calls ----

void ZmqTarget::write(Exchange& exchange, const Outbound& outbound, FrameList& frames) const {
  if (!outbound.pass_through || !parts_.has_headers()) return parts_.write(outbound.body, outbound.headers, frames);
  Headers headers = outbound.headers.copy(exchange.arena());
  for (const Header& received : exchange.message().headers.all()) {
    if (headers.find(received.name) == nullptr) headers.add(received);
  }
  parts_.write(outbound.body, headers, frames);
}

Result<Answer> ZmqTarget::read(Exchange& exchange, std::span<const std::string_view> frames) const {
  Answer answer(exchange.arena());
  auto body = answer_parts_.read(frames, answer.message.headers);
  if (!body) return std::unexpected(unreadable(std::move(body.error())));
  answer.message.receive(*body, "", protocol(), format_.get(), Side::service);
  return answer;
}

Error ZmqTarget::unreadable(Error answer) const {
  answer.kind = ErrorKind::garbage;
  return answer.while_doing("reading the answer of '" + service_ + "'").error();
}

Outlet& ZmqTarget::outlet_of(Worker& worker, std::size_t endpoint) {
  std::size_t first = config_.listen.empty() ? static_cast<std::size_t>(worker.index()) * addresses_.size() : 0;
  Outlet& outlet = *outlets_[first + endpoint];
  if (config_.listen.empty()) {
    outlet.start(worker);
    return outlet;
  }
  Lock lock(lock_);
  if (owner_ == nullptr) {
    owner_ = &worker;
    outlet.start(worker);
  }
  return outlet;
}

Task<Result<Answer>> ZmqTarget::call(Exchange& exchange, const Outbound& outbound, const Endpoint& endpoint, TimePoint deadline) {
  if (outbound.body.size() > config_.max_message.bytes) {
    co_return fail(ErrorKind::mapping, "the message for '" + service_ + "' has " + std::to_string(outbound.body.size()) +
                                           " bytes, and max_message is " + std::to_string(config_.max_message.bytes));
  }
  Worker& worker = exchange.worker();
  auto index = static_cast<std::size_t>(&endpoint - endpoints_.data());
  FrameList frames;
  if (config_.answered()) {
    for (std::size_t i = 0; i < Link::behind_number; ++i) frames.push_back({});
    write(exchange, outbound, frames);
    auto came = std::make_shared<Frames>();
    Link& link = link_of(worker, index);
    auto done = co_await link.trade(worker, frames.all(), *came, deadline);
    if (!done) co_return std::unexpected(std::move(done.error()));
    exchange.keep(came);
    FrameList answer;
    for (std::size_t i = Link::behind_number; i < came->size(); ++i) answer.push_back((*came)[i]);
    co_return read(exchange, answer.all());
  }
  write(exchange, outbound, frames);
  Outlet& outlet = outlet_of(worker, index);
  Result<void> put;
  if (outlet.worker() == &worker) {
    put = co_await outlet.put(frames.all(), deadline);
  } else {
    put = co_await put_by_owner(exchange, outlet, frames.all(), deadline);
  }
  if (!put) co_return put.error().while_doing("calling '" + service_ + "'");
  Answer answer(exchange.arena());
  answer.message.receive({}, "", protocol(), format_.get(), Side::service);
  co_return std::move(answer);
}

Outlet* ZmqTarget::outlet_for(Worker& worker, const Endpoint& endpoint, std::size_t bytes) {
  if (bytes > config_.max_message.bytes) return nullptr;
  Outlet& outlet = outlet_of(worker, static_cast<std::size_t>(&endpoint - endpoints_.data()));
  return outlet.worker() == &worker ? &outlet : nullptr;
}

Link& ZmqTarget::link_of(Worker& worker, std::size_t endpoint) {
  return *links_[static_cast<std::size_t>(worker.index()) * addresses_.size() + endpoint];
}

Link* ZmqTarget::link_for(Worker& worker, const Endpoint& endpoint, std::size_t bytes) {
  if (bytes > config_.max_message.bytes) return nullptr;
  return &link_of(worker, static_cast<std::size_t>(&endpoint - endpoints_.data()));
}

namespace {

// A message on its way through another worker: that one touches nothing of the exchange.
struct HandedOver {
  Outlet* outlet = nullptr;
  std::vector<std::string> bytes;
  std::vector<std::string_view> frames;
  TimePoint deadline;
  Result<void> done;

  Task<> work() {
    auto put = co_await outlet->put(frames, deadline);
    done = std::move(put);
  }
};

}  // namespace

Task<Result<void>> ZmqTarget::put_by_owner(Exchange& exchange, Outlet& outlet, std::span<const std::string_view> frames,
                                           TimePoint deadline) {
  auto state = std::make_shared<HandedOver>();
  state->outlet = &outlet;
  for (std::string_view frame : frames) state->bytes.emplace_back(frame);
  state->frames.assign(state->bytes.begin(), state->bytes.end());
  state->deadline = deadline;
  OnWorker there(state, *outlet.worker(), exchange.worker());
  co_await there;
  co_return std::move(state->done);
}

// ---- simulation ----

Result<SimulatedRequest> ZmqTarget::simulate_request(Exchange& exchange, const Outbound& outbound, const Endpoint&) {
  SimulatedRequest request{
      .method = {}, .path = {}, .operation = {}, .headers = Headers(exchange.arena()), .body = {}, .bytes = outbound.body};
  FrameList frames;
  write(exchange, outbound, frames);
  auto body = parts_.read(frames.all(), request.headers);
  if (!body) return std::unexpected(std::move(body.error()));
  request.body = read_as_service(format_.get(), *body, exchange.arena());
  return request;
}

Result<Answer> ZmqTarget::simulate_answer(Exchange& exchange, const Outbound&, const SimulatedReply& reply) {
  if (reply.fault || reply.status != 0)
    return fail(ErrorKind::config, "a zmq service answers with parts: no status and no fault");
  std::string& written = exchange.keep_string();
  if (auto done = write_as_service(format_.get(), reply, written); !done) return std::unexpected(std::move(done.error()));
  if (!config_.answered()) written.clear();
  Headers headers(exchange.arena());
  for (const auto& [name, value] : reply.headers) headers.add(exchange.arena().copy(name), exchange.arena().copy(value));
  FrameList frames;
  answer_parts_.write(written, headers, frames);
  return read(exchange, frames.all());
}

}  // namespace busway::zmq
