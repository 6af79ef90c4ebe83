#include "adapters/zmq/message_routes.hpp"

#include "bus/compute.hpp"

namespace busway::zmq {

const ZmqInlet* MessageRoutes::choose(Exchange& exchange, std::string_view body, std::optional<Error>& trouble) const {
  // Parsed once by each format, however many conditions read it.
  const Format* reading = nullptr;
  auto receive = [&](const ZmqInlet& inlet) {
    if (&inlet.format() == reading) return;
    reading = &inlet.format();
    exchange.message().receive(body, reading->content_type(), "zmq", reading, Side::caller);
  };
  return inlets_.choose(exchange, receive, trouble);
}

Task<Outcome> MessageRoutes::serve(Exchange& exchange, std::span<const std::string_view> frames) const {
  auto body = parts_.read(frames, exchange.message().headers);
  if (!body) co_return refuse(exchange, body.error());
  std::optional<Error> trouble;
  const ZmqInlet* inlet = co_await compute(exchange, [&] { return choose(exchange, *body, trouble); }, body->size());
  if (inlet == nullptr) {
    fail_untaken(exchange, "message", trouble);
    auto give_answer = [&] { return answer_failure(exchange, first_with_error()); };
    Outcome outcome = co_await compute(exchange, give_answer, body->size());
    co_return outcome;
  }
  exchange.deadline = exchange.worker().now() + inlet->route().deadline();
  co_await inlet->route().run(exchange);
  Outcome outcome = co_await compute(exchange, [&] { return answer(exchange, *inlet); });
  co_return outcome;
}

Outcome MessageRoutes::answer(Exchange& exchange, const ZmqInlet& inlet) const {
  FinishedReply reply = finish_reply(exchange, inlet.format(), "zmq");
  if (reply.failure != nullptr) return answer_failure(exchange, &inlet);
  if (reply.status >= 400) {
    Failure failure;
    failure.kind = ErrorKind::answered;
    failure.status = reply.status;
    failure.message = "the route replied with status " + std::to_string(reply.status);
    if (auto body = exchange.message().document(exchange.arena())) failure.body = *body;
    exchange.fail(std::move(failure));
    return answer_failure(exchange, &inlet);
  }
  return {.inlet = &inlet, .body = reply.body, .failed = false};
}

Outcome MessageRoutes::answer_failure(Exchange& exchange, const ZmqInlet* inlet) const {
  exchange.ending = Exchange::Ending::failed;
  Outcome outcome{.inlet = inlet, .body = {}, .failed = true};
  if (inlet != nullptr && inlet->error()) {
    ExchangeScope scope(exchange);
    auto record = inlet->error().expression->evaluate(scope, exchange.arena());
    std::string& body = exchange.keep_string();
    if (record && !record->is_nothing() && inlet->format().write(*record, body)) {
      outcome.body = body;
      return outcome;
    }
  }
  std::string& problem = exchange.keep_string();
  problem = problem_json(exchange, *exchange.failure());
  outcome.body = problem;
  return outcome;
}

const ZmqInlet* MessageRoutes::first_with_error() const {
  for (const auto& inlet : inlets()) {
    if (inlet->error()) return inlet.get();
  }
  return nullptr;
}

Outcome MessageRoutes::refuse(Exchange& exchange, const Error& error) const {
  Failure failure;
  failure.kind = error.kind;
  failure.status = error.code == "limit" ? 413 : default_status(error.kind, Side::caller);
  failure.message = error.text;
  exchange.fail(std::move(failure));
  return answer_failure(exchange, first_with_error());
}

}  // namespace busway::zmq
