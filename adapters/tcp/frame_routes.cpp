#include "adapters/tcp/frame_routes.hpp"

#include "bus/compute.hpp"

namespace busway::tcp {

const TcpInlet* FrameRoutes::choose(Exchange& exchange, std::string_view payload, std::optional<Error>& trouble) const {
  auto receive = [&](const TcpInlet& inlet) {
    exchange.message().receive(payload, inlet.format()->content_type(), "tcp", inlet.format(), Side::caller);
  };
  return inlets_.choose(exchange, receive, trouble);
}

Task<Response> FrameRoutes::serve(Exchange& exchange, std::string_view payload) const {
  std::optional<Error> trouble;
  const TcpInlet* inlet = co_await compute(exchange, [&] { return choose(exchange, payload, trouble); }, payload.size());
  if (inlet == nullptr) {
    fail_untaken(exchange, "frame", trouble);
    auto give_answer = [&] { return answer_failure(exchange, inlets_.first_with_error()); };
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
  FinishedReply reply = finish_reply_without_status(exchange, *inlet.format(), "tcp");
  if (reply.failure != nullptr) return answer_failure(exchange, &inlet);
  std::string& frame = exchange.keep_string();
  if (auto framed = framer_.encode(reply.body, frame); !framed) {
    fail_reply(exchange, framed.error());
    return answer_failure(exchange, &inlet);
  }
  return {.inlet = &inlet, .frame = frame, .close = false};
}

Response FrameRoutes::answer_failure(Exchange& exchange, const TcpInlet* inlet) const {
  exchange.ending = Exchange::Ending::failed;
  Response closing{.inlet = inlet, .frame = std::nullopt, .close = true};
  if (inlet == nullptr || inlet->one_way()) return closing;
  auto record = inlet->written_error(exchange);
  if (!record) return closing;
  std::string& frame = exchange.keep_string();
  if (!framer_.encode(*record, frame)) return closing;
  return {.inlet = inlet, .frame = frame, .close = false};
}

Response FrameRoutes::refuse(Exchange& exchange, const Error& error) const {
  Failure failure;
  failure.kind = ErrorKind::format;
  failure.status = error.code == "limit" ? 413 : 400;
  failure.message = error.text;
  exchange.fail(std::move(failure));
  Response response = answer_failure(exchange, inlets_.first_with_error());
  response.close = true;
  return response;
}

}  // namespace busway::tcp
