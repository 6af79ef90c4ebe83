#include "plugins/host/listener.hpp"

#include "bus/header_rules.hpp"
#include "bus/log.hpp"
#include "bus/wall_clock.hpp"
#include "plugins/host/call.hpp"
#include "plugins/host/host_table.hpp"
#include "plugins/host/nodes.hpp"
#include "plugins/host/sized.hpp"
#include "plugins/host/utf8.hpp"

namespace busway::plugins {

PluginListener::PluginListener(const ComponentDeclaration& declared, std::shared_ptr<const Plugin> plugin,
                               std::optional<Instance> instance, std::string name, Limits limits)
    : declared_(declared),
      plugin_(std::move(plugin)),
      name_(std::move(name)),
      limits_(limits),
      routes_(declared.name, (declared.adapter.source_flags & BUSWAY_SOURCE_PICKS_ROUTE) != 0,
              (declared.adapter.flags & BUSWAY_ADAPTER_DOCUMENTS) != 0),
      instance_(std::move(instance)) {
  if (instance_) functions_ = *read_sized<busway_source>(read_sized<busway_adapter>(instance_->component().role)->source);
}

PluginListener::~PluginListener() = default;

bool PluginListener::attach(std::unique_ptr<Inlet> inlet, CheckContext& check) {
  if (inlet->protocol() != adapter()) {
    check.findings.error("BW5014", inlet->at(),
                         "a '" + std::string(inlet->protocol()) + "' route cannot stand on a " + declared_.name + " listener");
    return false;
  }
  return routes_.add(std::unique_ptr<PluginInlet>(static_cast<PluginInlet*>(inlet.release())), check);
}

Result<void> PluginListener::open(int workers) {
  if (!instance_) return fail(ErrorKind::config, "the plugin of '" + declared_.name + "' is declared, and not loaded");
  for (int i = 0; i < workers; ++i) lanes_.push_back(std::make_unique<Lane>());
  for (const auto& inlet : routes_.inlets()) route_instances_.push_back(inlet->instance());
  busway_failure failure;
  busway_source_open call{.struct_size = sizeof(busway_source_open),
                          .loop_count = static_cast<std::uint32_t>(workers),
                          .intake = &intake_,
                          .routes = route_instances_.data(),
                          .route_count = route_instances_.size(),
                          .failure = &failure};
  if (functions_.open(instance_->get(), &call) == 0) return {};
  Error error = failure.take("opening it");
  error.kind = ErrorKind::config;
  return std::unexpected(std::move(error));
}

void PluginListener::serve(Worker& worker) {
  Lane& lane = *lanes_[static_cast<std::size_t>(worker.index())];
  lane.loop = std::make_unique<busway_loop>(worker);
  lane.serving.store(true, std::memory_order_release);
  if (functions_.serve != nullptr) functions_.serve(instance_->get(), lane.loop.get());
  resume_who_waits();
}

void PluginListener::stop(Worker& worker) {
  closed_.store(true);
  Lane& lane = *lanes_[static_cast<std::size_t>(worker.index())];
  if (functions_.stop != nullptr && lane.loop != nullptr) functions_.stop(instance_->get(), lane.loop.get());
}

std::size_t PluginListener::connections(const Worker& worker) const {
  const Lane& lane = *lanes_[static_cast<std::size_t>(worker.index())];
  auto open = static_cast<std::size_t>(std::max<std::int64_t>(lane.in_flight.load(), 0));
  if (functions_.connections != nullptr && lane.loop != nullptr)
    open += functions_.connections(instance_->get(), lane.loop.get());
  return open;
}

// ---- what a plugin emits ----

std::int32_t PluginListener::refusal_of(const busway_incoming& message) const {
  if (closed_.load(std::memory_order_relaxed)) return BUSWAY_EMIT_CLOSED;
  if (!within(limits_.max_body.bytes, view(message.bytes), message.document)) return BUSWAY_EMIT_TOO_LARGE;
  const char* wrong = nullptr;
  constexpr std::size_t most = 64UL * 1024;
  if (!good_headers(message.headers, message.header_count)) wrong = "header fields that are none";
  if (routes_.picks() && message.route >= routes_.inlets().size()) wrong = "a route that is none";
  if (routes_.documents() && message.document == nullptr) wrong = "bytes, and has declared documents";
  if (!routes_.documents() && message.document != nullptr) wrong = "a document, and has not declared documents";
  for (busway_text text : {message.content_type, message.peer, message.method, message.target, message.operation}) {
    if (text.size > most || !is_utf8(view(text))) wrong = "a text that is not UTF-8, or larger than 64KiB";
  }
  if (wrong == nullptr) return BUSWAY_EMIT_TAKEN;
  log().warn("A plugin has emitted a message that cannot be taken.", {{"listener", name_}, {"why", wrong}});
  return BUSWAY_EMIT_WRONG;
}

std::size_t PluginListener::room() const {
  if (closed_.load(std::memory_order_relaxed)) return 0;
  return static_cast<std::size_t>(std::max<std::int64_t>(limits_.max_in_flight - in_flight_.load(), 0));
}

// False when the plugin is to wait; then it will be told.
bool PluginListener::take_room(busway_loop* loop) {
  std::atomic<bool>& wants = loop == nullptr ? wants_more_ : lanes_[static_cast<std::size_t>(loop->index)]->wants_more;
  while (true) {
    if (in_flight_.fetch_add(1) < limits_.max_in_flight) return true;
    in_flight_.fetch_sub(1);
    wants.store(true);
    // What ended in between has not seen the wish.
    if (in_flight_.load() >= limits_.max_in_flight || !wants.exchange(false)) return false;
  }
}

PluginListener::Lane* PluginListener::lane_for(busway_loop* loop) {
  if (loop != nullptr) return lanes_[static_cast<std::size_t>(loop->index)].get();
  std::size_t first = next_lane_.fetch_add(1, std::memory_order_relaxed);
  for (std::size_t i = 0; i < lanes_.size(); ++i) {
    Lane* lane = lanes_[(first + i) % lanes_.size()].get();
    if (lane->serving.load(std::memory_order_acquire)) return lane;
  }
  return nullptr;
}

std::int32_t PluginListener::emit(const busway_incoming& message) {
  std::int32_t refusal = refusal_of(message);
  if (refusal != BUSWAY_EMIT_TAKEN) {
    delete message.document;
    return refusal;
  }
  if (!take_room(message.loop)) return BUSWAY_EMIT_FULL;
  Lane* lane = lane_for(message.loop);
  if (lane == nullptr) {  // no loop runs yet; the first that does tells
    in_flight_.fetch_sub(1);
    wants_more_.store(true);
    return BUSWAY_EMIT_FULL;
  }
  auto arrival = std::make_shared<Arrival>(message);
  if (message.document != nullptr) {
    arrival->document.reset(message.document);
    auto root = message.document->builder.finish();
    if (!root) {
      in_flight_.fetch_sub(1);
      resume_who_waits();
      log().warn("A plugin has emitted a message that cannot be taken.", {{"listener", name_}, {"why", root.error().text}});
      return BUSWAY_EMIT_WRONG;
    }
    arrival->root = *root;
  }
  lane->in_flight.fetch_add(1);
  Worker& worker = lane->loop->worker;
  if (message.loop != nullptr) {
    lane->emitting = true;
    worker.spawn(run(*lane, std::move(arrival)));
    lane->emitting = false;
  } else {
    lane->loop->mailbox->post([this, lane, &worker, arrival] { worker.spawn(run(*lane, arrival)); });
  }
  return BUSWAY_EMIT_TAKEN;
}

void PluginListener::give_room(Lane& lane) {
  lane.in_flight.fetch_sub(1);
  in_flight_.fetch_sub(1);
  resume_who_waits();
}

void PluginListener::resume_who_waits() {
  // When a quarter is free: not for each message in turn.
  if (in_flight_.load() > limits_.max_in_flight - std::max<std::int64_t>(limits_.max_in_flight / 4, 1)) return;
  if (wants_more_.load(std::memory_order_relaxed) && wants_more_.exchange(false) && functions_.resume != nullptr)
    functions_.resume(instance_->get(), nullptr);
  for (auto& lane : lanes_) {
    if (!lane->wants_more.load(std::memory_order_relaxed) || !lane->wants_more.exchange(false)) continue;
    if (functions_.resume == nullptr) continue;
    lane->loop->mailbox->post([this, at = lane->loop.get()] { functions_.resume(instance_->get(), at); });
  }
}

Task<> PluginListener::run(Lane& lane, std::shared_ptr<Arrival> arrival) {
  Worker& worker = lane.loop->worker;
  std::unique_ptr<Exchange> exchange;
  if (lane.spare.empty()) {
    exchange = std::make_unique<Exchange>(worker);
  } else {
    exchange = std::move(lane.spare.back());
    lane.spare.pop_back();
  }
  exchange->keep(arrival);
  exchange->origin.protocol = declared_.name;
  exchange->origin.peer = arrival->peer;
  exchange->origin.method = arrival->method;
  exchange->origin.target = arrival->target;
  exchange->origin.path = arrival->target;
  exchange->origin.operation = arrival->operation;
  exchange->received = wall_now();
  MessageRoutes::Outcome outcome = co_await routes_.serve(*exchange, *arrival);
  if (lane.emitting) co_await NextTurn(worker);
  reply(*arrival, outcome, *exchange);
  if (exchange->holds_much()) {
    co_await worker.in_slices(true, TimePoint::max(), [&] { exchange->reset(); });
  } else {
    exchange->reset();
  }
  constexpr std::size_t most_spare = 64;
  if (lane.spare.size() < most_spare) lane.spare.push_back(std::move(exchange));
  give_room(lane);
}

void PluginListener::reply(const Arrival& arrival, const MessageRoutes::Outcome& outcome, Exchange& exchange) const {
  std::vector<busway_header> headers;
  if ((declared_.adapter.flags & BUSWAY_ADAPTER_HEADERS) != 0 && outcome.failure == nullptr) {
    for (const Header& header : exchange.message().headers.all()) {
      if (!is_bus_header(header.name)) headers.push_back({text_of(header.name), text_of(header.value)});
    }
  }
  busway_reply told{.struct_size = sizeof(busway_reply),
                    .outcome = outcome.outcome,
                    .kind = outcome.failure == nullptr ? 0U : fail_kind_of(outcome.failure->kind),
                    .status = outcome.status,
                    .reason = outcome.failure == nullptr ? busway_text{nullptr, 0} : text_of(title_of(outcome.status)),
                    .bytes = text_of(outcome.bytes),
                    .content_type = text_of(outcome.content_type),
                    .document = node_of(outcome.document),
                    .headers = headers.data(),
                    .header_count = headers.size()};
  functions_.reply(instance_->get(), arrival.user, &told);
}

// ---- `busway test` ----

Task<Result<TestReply>> PluginListener::simulate(Worker& worker, const TestRequest& request, Arena& arena) {
  const auto& inlets = routes_.inlets();
  if (inlets.empty()) co_return fail(ErrorKind::config, "no route stands on this listener");
  bool has_headers = (declared_.adapter.flags & BUSWAY_ADAPTER_HEADERS) != 0;
  if (!request.headers.empty() && !has_headers)
    co_return fail(ErrorKind::config, "a message of '" + declared_.name + "' has no headers");
  std::size_t picked = 0;
  while (routes_.picks() && picked < inlets.size() && inlets[picked]->main() != request.main) ++picked;
  if (picked == inlets.size())
    co_return fail(ErrorKind::config, "no route of this listener has '" + declared_.name + ": " + request.main + "'");
  std::string body;
  if (request.bytes && routes_.documents()) {
    co_return fail(ErrorKind::config, "the plugin of '" + declared_.name +
                                          "' reads no bytes without a connection: give the test's body as a document");
  }
  if (!routes_.documents()) {
    auto written = inlets[picked]->write_test_body(request, body);
    if (!written) co_return std::unexpected(std::move(written.error()));
  }
  if (body.size() > limits_.max_body.bytes) co_return fail(ErrorKind::config, "the test's body is larger than max_body");
  auto arrival = std::make_shared<Arrival>(body, routes_.documents() ? request.body : std::nullopt, request.headers);
  arrival->route = picked;
  Exchange exchange(worker);
  exchange.keep(arrival);
  exchange.origin.protocol = declared_.name;
  exchange.origin.peer = arrival->peer;
  MessageRoutes::Outcome outcome = co_await routes_.serve(exchange, *arrival);
  TestReply reply;
  reply.status = outcome.status;
  if (outcome.inlet != nullptr && exchange.route != nullptr) reply.route = outcome.inlet->route().name();
  if (outcome.failure != nullptr) reply.failure = kept(*outcome.failure, arena);
  if (outcome.outcome == BUSWAY_REPLY_FILTERED) reply.note = "no reply";
  if (has_headers && outcome.failure == nullptr) {
    for (const Header& header : exchange.message().headers.all()) reply.headers.emplace_back(header.name, header.value);
  }
  reply.bytes = outcome.bytes;
  reply.body = deep_copy(outcome.document, arena);
  if (reply.bytes.empty()) co_return std::move(reply);
  reply.body = (outcome.inlet == nullptr ? *inlets.front() : *outcome.inlet).read_test_body(reply.bytes, arena);
  co_return std::move(reply);
}

const busway_intake_functions intake_functions = {
    .struct_size = sizeof(busway_intake_functions),
    .reserved = 0,
    .emit = [](busway_intake* intake, const busway_incoming* message) -> int32_t {
      auto read = read_sized<busway_incoming>(message);
      return read ? intake->listener.emit(*read) : std::int32_t{BUSWAY_EMIT_WRONG};
    },
    .room = [](busway_intake* intake) { return intake->listener.room(); },
    .set_address = [](busway_intake* intake, busway_text address) { intake->listener.set_address(std::string(view(address))); },
};

}  // namespace busway::plugins
