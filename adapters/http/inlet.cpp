#include "adapters/http/inlet.hpp"

#include "adapters/http/content_coding.hpp"
#include "adapters/http/grammar.hpp"
#include "adapters/http/routing.hpp"
#include "bus/compute.hpp"
#include "bus/labelled_format.hpp"
#include "bus/service.hpp"

namespace busway::http {

RouteInlet::RouteInlet(HttpMatch match, const Route& route, Formats formats, std::uint64_t max_body, Position at)
    : route_(route), max_body_(max_body), formats_(std::move(formats)), match_(std::move(match)), at_(std::move(at)) {
  const Service* service = route.proxied();
  passing_.answer = service != nullptr && service->target().streams_bodies();
  passing_.request = passing_.answer && !route.handles_failures();
  if (!passing_.request) return;
  // A header field that the service wants of each call may be computed from the body.
  for (const auto& [name, text] : service->policy().headers) {
    if (text.computed && text.computed.expression->reads_input()) passing_.request = false;
  }
}

void RouteInlet::leave(Footprint& footprint) const {
  const void* end = &match_;
  footprint.add(this, static_cast<std::size_t>(static_cast<const char*>(end) - reinterpret_cast<const char*>(this)));
  route_.leave(footprint);
}

Task<void> RouteInlet::serve(Exchange& exchange, std::span<const HttpInlet* const>, HttpReply& reply) const {
  Message& message = exchange.message();
  const Format* format = formats_.declared.get();
  if (format == nullptr && !message.content_type.empty()) format = formats_.registry->format_for(message.content_type).get();
  format = decoded_format(exchange, message.headers, format, max_body_);
  message.receive(message.bytes(), message.content_type, "http", format, Side::caller);
  co_await route_.run(exchange);
  if (exchange.is_large() && !hands_on_bytes(exchange, "http")) {
    co_await compute(exchange, [&] { finish(exchange, reply); });
  } else {
    finish(exchange, reply);
  }
}

void RouteInlet::finish(Exchange& exchange, HttpReply& reply) const {
  FinishedReply finished = finish_reply(exchange, *formats_.reply, "http");
  if (finished.failure != nullptr) {
    refuse(exchange, *finished.failure, reply);
    return;
  }
  reply.status = finished.status;
  reply.content_type = finished.content_type;
  reply.body = finished.body;
  const Message& message = exchange.message();
  // Received fields go on only with the bytes of an answer they came with: a request's own are no reply's.
  bool answers = message.unreplaced() && message.side() == Side::service && message.protocol() == "http" &&
                 exchange.ending != Exchange::Ending::filtered;
  for (const Header& header : message.headers.all()) {
    if (header.set || answers) reply.headers.add(header);
  }
}

void RouteInlet::refuse(Exchange& exchange, const Failure& failure, HttpReply& reply) const {
  std::string& body = exchange.keep_string();
  body = problem_json(exchange, failure);
  reply.status = failure.status;
  reply.content_type = "application/problem+json";
  reply.body = body;
  if (failure.retry_after_s) reply.headers.set("Retry-After", exchange.arena().copy(std::to_string(*failure.retry_after_s)));
}

Result<void> RouteInlet::write_test_request(const TestRequest& request, Arena&, std::string& method,
                                            std::vector<std::pair<std::string, std::string>>& headers, std::string& body) const {
  method = request.main.substr(0, request.main.find(' '));
  headers = request.headers;
  if (request.bytes) {
    body = *request.bytes;
  } else if (request.body) {
    const Format& format = formats_.declared != nullptr ? *formats_.declared : *formats_.reply;
    if (auto written = format.write(*request.body, body); !written) return written.error().while_doing("writing the test's body");
    bool typed = false;
    for (const auto& [name, value] : headers) typed = typed || equal_ignoring_case(name, "content-type");
    if (!typed && !format.content_type().empty()) headers.emplace_back("Content-Type", format.content_type());
  }
  return {};
}

Result<Node> RouteInlet::read_test_reply(const HttpReply& reply, Arena& arena) const {
  if (reply.body.empty()) return Node();
  FormatPtr format;
  if (formats_.declared != nullptr && reply.content_type == formats_.declared->content_type()) format = formats_.declared;
  if (format == nullptr && !reply.content_type.empty()) format = formats_.registry->format_for(reply.content_type);
  if (format != nullptr) return read_labelled(*format, reply.body, reply.content_type, arena);
  return Node::string(arena.copy(reply.body));
}

Result<HttpMatch> read_match(std::string_view text) {
  std::size_t space = text.find(' ');
  if (space == std::string_view::npos)
    return fail(ErrorKind::config, "expected a method and a path, like 'GET /orders/{id}'; '*' is any method");
  HttpMatch match;
  std::string_view method = text.substr(0, space);
  if (method != "*") {
    if (!is_token(method)) return fail(ErrorKind::config, "'" + std::string(method) + "' is no method");
    for (char c : method) {
      if (c >= 'a' && c <= 'z') return fail(ErrorKind::config, "methods are upper case: '" + std::string(method) + "'");
    }
    match.methods.emplace_back(method);
  }
  match.path = trim_whitespace(text.substr(space));
  if (auto read = PathTemplate::read(match.path); !read)
    return fail(ErrorKind::config, "path '" + match.path + "': " + read.error().text);
  return match;
}

}  // namespace busway::http
