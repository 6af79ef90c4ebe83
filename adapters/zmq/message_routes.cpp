#include "adapters/zmq/message_routes.hpp"

#include "bus/compute.hpp"

namespace busway::zmq {

const ZmqInlet* MessageRoutes::choose(Exchange& exchange, std::string_view body, std::optional<Error>& trouble) const {
  auto receive = [&](const ZmqInlet& inlet) {
    exchange.message().receive(body, inlet.format()->content_type(), "zmq", inlet.format(), Side::caller);
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
    auto give_answer = [&] { return answer_failure(exchange, inlets_.first_with_error()); };
    Outcome outcome = co_await compute(exchange, give_answer, body->size());
    co_return outcome;
  }
  if (exchange.attempted == nullptr) exchange.deadline = exchange.worker().now() + inlet->route().deadline();
  co_await inlet->route().run(exchange);
  Outcome outcome = co_await compute(exchange, [&] { return answer(exchange, *inlet); });
  co_return outcome;
}

Outcome MessageRoutes::answer(Exchange& exchange, const ZmqInlet& inlet) const {
  FinishedReply reply = finish_reply_without_status(exchange, *inlet.format(), "zmq");
  if (reply.failure != nullptr) return answer_failure(exchange, &inlet);
  return {.inlet = &inlet, .body = reply.body, .failed = false};
}

Outcome MessageRoutes::answer_failure(Exchange& exchange, const ZmqInlet* inlet) const {
  exchange.ending = Exchange::Ending::failed;
  Outcome outcome{.inlet = inlet, .body = {}, .failed = true};
  if (auto record = inlet != nullptr ? inlet->written_error(exchange) : std::nullopt) {
    outcome.body = *record;
    return outcome;
  }
  std::string& problem = exchange.keep_string();
  problem = problem_json(exchange, *exchange.failure());
  outcome.body = problem;
  return outcome;
}

Outcome MessageRoutes::refuse(Exchange& exchange, const Error& error) const {
  Failure failure;
  failure.kind = error.kind;
  failure.status = error.code == "limit" ? 413 : default_status(error.kind, Side::caller);
  failure.message = error.text;
  exchange.fail(std::move(failure));
  return answer_failure(exchange, inlets_.first_with_error());
}

}  // namespace busway::zmq
