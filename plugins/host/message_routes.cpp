#include "plugins/host/message_routes.hpp"

#include "bus/compute.hpp"
#include "plugins/host/loop.hpp"

namespace busway::plugins {

namespace {

// Stands where a reply needs a format and the adapter takes the document itself.
class AsDocument final : public Format {
 public:
  std::string_view name() const override { return "document"; }
  std::string_view content_type() const override { return {}; }
  Result<Node> read(std::string_view, Arena&) const override { return fail(ErrorKind::format, "a document has no bytes"); }
  Result<void> write(const Node&, std::string&) const override { return {}; }
};

}  // namespace

bool MessageRoutes::add(std::unique_ptr<PluginInlet> inlet, CheckContext& check) {
  if (!picks_) return inlets_.add(std::move(inlet), "message", check);
  inlets_.add(std::move(inlet));
  return true;
}

void MessageRoutes::receive(Exchange& exchange, const Arrival& arrival, const PluginInlet& inlet) const {
  Message& message = exchange.message();
  if (arrival.root) {
    message.receive_document(*arrival.root, {}, arrival.content_type, adapter_, Side::caller);
  } else {
    message.receive(arrival.bytes, arrival.content_type, adapter_, inlet.format(), Side::caller);
  }
}

const PluginInlet* MessageRoutes::choose(Exchange& exchange, const Arrival& arrival, std::optional<Error>& trouble) const {
  if (picks_) {
    const PluginInlet* picked = arrival.route < inlets().size() ? inlets()[arrival.route].get() : nullptr;
    if (picked != nullptr) receive(exchange, arrival, *picked);
    return picked;
  }
  return inlets_.choose(exchange, [&](const PluginInlet& inlet) { receive(exchange, arrival, inlet); }, trouble);
}

Task<MessageRoutes::Outcome> MessageRoutes::serve(Exchange& exchange, const Arrival& arrival) const {
  for (const auto& [name, value] : arrival.headers) exchange.message().headers.add(name, value);
  std::optional<Error> trouble;
  const PluginInlet* inlet = co_await compute(exchange, [&] { return choose(exchange, arrival, trouble); }, arrival.bytes.size());
  if (inlet == nullptr) {
    fail_untaken(exchange, "message", trouble);
    Outcome outcome = co_await compute(exchange, [&] { return answer_failure(exchange, nullptr); }, arrival.bytes.size());
    co_return outcome;
  }
  Worker& worker = exchange.worker();
  exchange.deadline = worker.now() + inlet->route().deadline();
  if (arrival.deadline_ms > 0) exchange.deadline = std::min(exchange.deadline, worker.now() + span_of(arrival.deadline_ms));
  co_await inlet->route().run(exchange);
  Outcome outcome = co_await compute(exchange, [&] { return answer(exchange, *inlet); });
  co_return outcome;
}

MessageRoutes::Outcome MessageRoutes::answer(Exchange& exchange, const PluginInlet& inlet) const {
  static const AsDocument as_document;
  const Format& format = documents_ ? as_document : *inlet.format();
  FinishedReply reply = finish_reply(exchange, format, adapter_);
  if (reply.failure != nullptr) return answer_failure(exchange, &inlet);
  Outcome out{.inlet = &inlet,
              .outcome = exchange.ending == Exchange::Ending::filtered ? std::uint32_t{BUSWAY_REPLY_FILTERED}
                                                                       : std::uint32_t{BUSWAY_REPLY_MADE},
              .status = reply.status,
              .bytes = reply.body,
              .content_type = reply.content_type,
              .document = {},
              .failure = nullptr};
  if (!documents_ || out.outcome == BUSWAY_REPLY_FILTERED) return out;
  auto document = exchange.message().document(exchange.arena());
  if (!document) {
    fail_reply(exchange, document.error());
    return answer_failure(exchange, &inlet);
  }
  out.bytes = {};
  out.document = *document;
  return out;
}

MessageRoutes::Outcome MessageRoutes::answer_failure(Exchange& exchange, const PluginInlet* inlet) const {
  exchange.ending = Exchange::Ending::failed;
  const Failure& failure = *exchange.failure();
  Outcome out{.inlet = inlet,
              .outcome = BUSWAY_REPLY_FAILED,
              .status = failure.status,
              .bytes = {},
              .content_type = {},
              .document = {},
              .failure = &failure};
  const PluginInlet* speaker = inlet != nullptr ? inlet : inlets_.first_with_error();
  if (speaker == nullptr) return out;
  if (documents_) {
    out.document = speaker->error_record(exchange);
    return out;
  }
  auto record = speaker->written_error(exchange);
  if (!record) return out;
  out.bytes = *record;
  out.content_type = speaker->format()->content_type();
  return out;
}

}  // namespace busway::plugins
