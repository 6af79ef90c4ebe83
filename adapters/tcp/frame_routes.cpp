#include "adapters/tcp/frame_routes.hpp"

#include "bus/compute.hpp"

namespace busway::tcp {

const TcpInlet* FrameRoutes::choose(Exchange& exchange, std::string_view payload, std::optional<Error>& trouble) const {
  // Parsed once by each format, however many conditions read it.
  const Format* reading = nullptr;
  auto receive = [&](const TcpInlet& inlet) {
    if (&inlet.format() == reading) return;
    reading = &inlet.format();
    exchange.message().receive(payload, reading->content_type(), "tcp", reading, Side::caller);
  };
  return inlets_.choose(exchange, receive, trouble);
}

Task<Response> FrameRoutes::serve(Exchange& exchange, std::string_view payload) const {
  std::optional<Error> trouble;
  const TcpInlet* inlet = co_await compute(exchange, [&] { return choose(exchange, payload, trouble); }, payload.size());
  if (inlet == nullptr) {
    fail_untaken(exchange, "frame", trouble);
    auto give_answer = [&] { return answer_failure(exchange, first_with_error()); };
    Response response = co_await compute(exchange, give_answer, payload.size());
    co_return response;
  }
  exchange.deadline = exchange.worker().now() + inlet->route().deadline();
  co_await inlet->route().run(exchange);
  if (inlet->one_way()) {
    Response none{.inlet = inlet, .frame = std::nullopt, .close = false};
    co_return none;
  }
  Response response = co_await compute(exchange, [&] { return answer(exchange, *inlet); });
  co_return response;
}

Response FrameRoutes::answer(Exchange& exchange, const TcpInlet& inlet) const {
  FinishedReply reply = finish_reply(exchange, inlet.format(), "tcp");
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
  std::string& frame = exchange.keep_string();
  if (auto framed = framer_.encode(reply.body, frame); !framed) {
    exchange.fail(framed.error());
    return answer_failure(exchange, &inlet);
  }
  return {.inlet = &inlet, .frame = frame, .close = false};
}

Response FrameRoutes::answer_failure(Exchange& exchange, const TcpInlet* inlet) const {
  exchange.ending = Exchange::Ending::failed;
  Response closing{.inlet = inlet, .frame = std::nullopt, .close = true};
  if (inlet == nullptr || !inlet->error() || inlet->one_way()) return closing;
  ExchangeScope scope(exchange);
  auto record = inlet->error().expression->evaluate(scope, exchange.arena());
  if (!record || record->is_nothing()) return closing;
  std::string& body = exchange.keep_string();
  std::string& frame = exchange.keep_string();
  if (!inlet->format().write(*record, body) || !framer_.encode(body, frame)) return closing;
  return {.inlet = inlet, .frame = frame, .close = false};
}

const TcpInlet* FrameRoutes::first_with_error() const {
  for (const auto& inlet : inlets()) {
    if (inlet->error()) return inlet.get();
  }
  return nullptr;
}

Response FrameRoutes::refuse(Exchange& exchange, const Error& error) const {
  Failure failure;
  failure.kind = ErrorKind::format;
  failure.status = error.code == "limit" ? 413 : 400;
  failure.message = error.text;
  exchange.fail(std::move(failure));
  Response response = answer_failure(exchange, first_with_error());
  response.close = true;
  return response;
}

}  // namespace busway::tcp
