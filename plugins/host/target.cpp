#include "plugins/host/target.hpp"

#include "plugins/host/call.hpp"
#include "plugins/host/nodes.hpp"
#include "plugins/host/sized.hpp"

namespace busway::plugins {

PluginTarget::PluginTarget(const ComponentDeclaration& declared, std::shared_ptr<const Plugin> plugin,
                           std::optional<Instance> instance, std::vector<Endpoint> endpoints, Limits limits,
                           FormatPtr usual_format)
    : declared_(declared),
      plugin_(std::move(plugin)),
      endpoints_(std::move(endpoints)),
      limits_(limits),
      usual_format_(std::move(usual_format)),
      instance_(std::move(instance)) {
  if (instance_) functions_ = *read_sized<busway_target>(read_sized<busway_adapter>(instance_->component().role)->target);
}

busway_request PluginTarget::request_for(Exchange& exchange, const Outbound& outbound, const Endpoint& endpoint,
                                         TimePoint deadline) const {
  busway_request request{.exchange = exchange,
                         .outbound = outbound,
                         .endpoint = endpoint,
                         .endpoint_index = static_cast<std::size_t>(&endpoint - endpoints_.data()),
                         .loop = nullptr,
                         .deadline = deadline};
  request.gather_headers();
  request.document = outbound.document;
  // What a route hands on untouched is no bytes here: the message has it.
  if (writes_documents() && request.document.is_nothing()) {
    if (auto document = exchange.message().document(exchange.arena())) request.document = *document;
  }
  return request;
}

bool PluginTarget::idempotent(Exchange& exchange, const Outbound& outbound) const {
  if (!instance_ || functions_.idempotent == nullptr) return false;
  busway_request request = request_for(exchange, outbound, endpoints_.front(), TimePoint::max());
  return functions_.idempotent(made(), &request) != 0;
}

Result<void> PluginTarget::open(int workers) {
  if (!instance_) return fail(ErrorKind::config, "the plugin of '" + declared_.name + "' is declared, and not loaded");
  loops_.resize(static_cast<std::size_t>(workers));
  if (functions_.open == nullptr) return {};
  busway_failure failure;
  busway_target_open call{
      .struct_size = sizeof(busway_target_open), .loop_count = static_cast<std::uint32_t>(workers), .failure = &failure};
  if (functions_.open(made(), &call) == 0) return {};
  Error error = failure.take("opening the service");
  error.kind = ErrorKind::config;
  return std::unexpected(std::move(error));
}

busway_loop* PluginTarget::loop_on(Worker& worker) {
  auto& loop = loops_[static_cast<std::size_t>(worker.index())];
  if (loop == nullptr) loop = std::make_unique<busway_loop>(worker);
  return loop.get();
}

namespace {

// One of the calls that may be under way at once.
class Seat {
 public:
  Seat(std::atomic<std::int64_t>& taken, std::int64_t most)
      : taken_(taken), got_(taken.fetch_add(1, std::memory_order_relaxed) < most) {}
  Seat(const Seat&) = delete;
  Seat& operator=(const Seat&) = delete;
  ~Seat() { taken_.fetch_sub(1, std::memory_order_relaxed); }
  bool got() const { return got_; }

 private:
  std::atomic<std::int64_t>& taken_;
  bool got_;
};

// Ends the ticket also when the coroutine is destroyed in its wait.
class Ticket {
 public:
  explicit Ticket(const std::shared_ptr<PendingCall>& call) : number_(open_ticket(call)) {}
  Ticket(const Ticket&) = delete;
  Ticket& operator=(const Ticket&) = delete;
  ~Ticket() { take_ticket(number_); }
  busway_ticket raw() const { return {number_}; }
  // Nobody had ended it before.
  bool end() const { return take_ticket(number_) != nullptr; }

 private:
  std::uint64_t number_;
};

}  // namespace

Task<Result<Answer>> PluginTarget::call(Exchange& exchange, const Outbound& outbound, const Endpoint& endpoint,
                                        TimePoint deadline) {
  Seat seat(in_flight_, limits_.max_in_flight);
  if (!seat.got())
    co_return fail(ErrorKind::not_sent, "max_in_flight is reached: " + std::to_string(limits_.max_in_flight) + " calls wait");
  Worker& worker = exchange.worker();
  auto call = std::make_shared<PendingCall>(worker, limits_.max_body.bytes);
  Ticket ticket(call);
  {
    busway_request request = request_for(exchange, outbound, endpoint, deadline);
    request.loop = loop_on(worker);
    functions_.call(made(), &request, ticket.raw());
  }
  Wake how = co_await call->wait(worker, deadline);
  if (how != Wake::ready) {
    if (functions_.cancel != nullptr && is_open(ticket.raw().number)) functions_.cancel(made(), loop_on(worker), ticket.raw());
    if (ticket.end()) co_return fail(ErrorKind::unknown, "waiting for the answer: the time is up", "timeout");
    co_await call->wait(worker, TimePoint::max());  // somebody is just saying how it ended
  }
  co_return call->result(exchange, protocol(), format_.get());
}

void PluginTarget::close(Worker& worker) {
  auto at = static_cast<std::size_t>(worker.index());
  if (instance_ && functions_.close != nullptr && at < loops_.size() && loops_[at] != nullptr)
    functions_.close(made(), loops_[at].get());
}

// ---- `busway test` ----

Result<SimulatedRequest> PluginTarget::simulate_request(Exchange& exchange, const Outbound& outbound, const Endpoint& endpoint) {
  busway_request request = request_for(exchange, outbound, endpoint, exchange.deadline);
  SimulatedRequest out{.method = outbound.method,
                       .path = outbound.path,
                       .operation = outbound.operation,
                       .headers = Headers(exchange.arena()),
                       .body = request.document,
                       .bytes = outbound.body};
  for (const Header& header : request.headers) out.headers.add(header);
  if (functions_.encode_request != nullptr) {
    std::string& wire = exchange.keep_string();
    busway_sink sink{wire};
    busway_failure failure;
    if (functions_.encode_request(made(), &request, &sink, &failure) != 0)
      return std::unexpected(failure.take("writing the request"));
    out.bytes = wire;
  }
  Node read = writes_documents() ? Node() : read_as_service(format_.get(), outbound.body, exchange.arena());
  if (!read.is_nothing()) out.body = read;
  return out;
}

Result<std::string> PluginTarget::bytes_of(busway_request& request, const SimulatedReply& reply) const {
  if (reply.bytes) return *reply.bytes;
  std::string body;
  if (!writes_documents()) {
    auto done = write_as_service(format_.get(), reply, body);
    if (!done) return std::unexpected(std::move(done.error()));
  }
  if (functions_.encode_answer == nullptr) return body;
  std::string wire;
  busway_sink sink{wire};
  busway_failure failure;
  busway_reply made_reply{.struct_size = sizeof(busway_reply),
                          .outcome = BUSWAY_REPLY_MADE,
                          .kind = 0,
                          .status = reply.status,
                          .reason = {nullptr, 0},
                          .bytes = text_of(body),
                          .content_type = {nullptr, 0},
                          .document = node_of(reply.body && writes_documents() ? *reply.body : Node()),
                          .headers = nullptr,
                          .header_count = 0};
  if (functions_.encode_answer(made(), &request, &made_reply, &sink, &failure) != 0)
    return std::unexpected(failure.take("writing the simulated reply"));
  return wire;
}

Result<Answer> PluginTarget::simulate_answer(Exchange& exchange, const Outbound& outbound, const SimulatedReply& reply) {
  bool has_headers = (declared_.adapter.flags & BUSWAY_ADAPTER_HEADERS) != 0;
  if (!reply.headers.empty() && !has_headers)
    return fail(ErrorKind::config, "an answer of '" + declared_.name + "' has no headers");
  busway_request request = request_for(exchange, outbound, endpoints_.front(), exchange.deadline);
  auto call = std::make_shared<PendingCall>(exchange.worker(), limits_.max_body.bytes);
  // What no codec of the plugin reads is taken as it is.
  if (functions_.decode_answer == nullptr || reply.fault) {
    if (reply.bytes && writes_documents()) {
      return fail(ErrorKind::config,
                  "the plugin of '" + declared_.name +
                      "' has no decode_answer, so a test cannot give the bytes of an answer: give its document");
    }
    auto bytes = writes_documents() ? Result<std::string>(std::string()) : bytes_of(request, reply);
    if (!bytes) return std::unexpected(std::move(bytes.error()));
    call->simulate(std::move(*bytes), writes_documents() ? reply.body : std::nullopt, reply.status, reply.headers, reply.fault);
    return call->result(exchange, protocol(), format_.get());
  }
  if (reply.body && writes_documents() && functions_.encode_answer == nullptr) {
    call->simulate("", reply.body, reply.status, reply.headers, std::nullopt);
    return call->result(exchange, protocol(), format_.get());
  }
  auto wire = bytes_of(request, reply);
  if (!wire) return std::unexpected(std::move(wire.error()));
  Ticket ticket(call);
  functions_.decode_answer(made(), &request, text_of(*wire), ticket.raw());
  if (ticket.end()) return fail(ErrorKind::internal, "the plugin's decode_answer has neither answered nor failed the call");
  return call->result(exchange, protocol(), format_.get());
}

}  // namespace busway::plugins
