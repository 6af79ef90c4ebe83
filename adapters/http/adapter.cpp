#include "adapters/http/adapter.hpp"

#include "adapters/http/grammar.hpp"
#include "adapters/http/inlet.hpp"
#include "adapters/http/listener.hpp"
#include "adapters/http/target.hpp"

namespace busway {

namespace {

using namespace http;
using std::chrono::milliseconds;

std::unique_ptr<Listener> make_listener(ListenerConfig config, const ConfigNode& node, CheckContext& check,
                                        const ListenerContext&) {
  auto where = read_host_port(config.listen);
  if (!where) {
    check.findings.error("BW5010", node.place_under("listen"), where.error().text);
    return nullptr;
  }
  if (config.tls && (config.tls->certificate.content.empty() || config.tls->key.empty())) {
    check.findings.error("BW1006", node.find("tls")->value.at, "tls needs both 'certificate' and 'key'");
    return nullptr;
  }
  return std::make_unique<HttpListener>(std::move(config), std::move(*where));
}

bool check_conditions(const InletConfig& config, const ConfigNode& node, CheckContext& check) {
  bool good = true;
  for (const auto& [name, value] : config.headers) {
    if (is_token(name) && is_field_value(value)) continue;
    check.findings.error("BW5015", node.find("headers")->value.at,
                         "'" + name + ": " + value + "' is no header field that could ever arrive");
    good = false;
  }
  return good;
}

std::unique_ptr<Inlet> make_inlet(InletConfig config, const ConfigNode& node, CheckContext& check, const InletContext& context) {
  const Position& at = node.place_under("http");
  auto match = read_match(config.http);
  if (!match) {
    check.findings.error("BW5012", at, match.error().text);
    return nullptr;
  }
  if (!check_conditions(config, node, check)) return nullptr;
  RouteInlet::Formats formats{.declared = context.format, .reply = context.format, .registry = &check.registry};
  if (formats.reply == nullptr) formats.reply = check.registry.plain_format("json");
  if (formats.reply == nullptr) {
    check.findings.error("BW4001", at, "this busway has no format 'json', which http answers in: name one with 'format'");
    return nullptr;
  }
  match->headers = std::move(config.headers);
  match->query = std::move(config.query);
  return std::make_unique<RouteInlet>(std::move(*match), *context.route, std::move(formats),
                                      config.max_body.value_or(context.max_body).bytes, at);
}

std::unique_ptr<Target> make_target(TargetConfig config, const ConfigNode& node, CheckContext& check, const TargetContext&) {
  std::vector<Endpoint> endpoints;
  if (!read_endpoints(config.endpoints, node, check, endpoints)) return nullptr;
  if (!config.method.empty() && !is_token(config.method)) {
    check.findings.error("BW5012", node.find("method")->value.at, "'" + config.method + "' is no method");
    return nullptr;
  }
  return std::make_unique<HttpTarget>(std::move(config), std::move(endpoints), check.registry.plain_format("json"),
                                      check.registry);
}

Fields<ListenerConfig> listener_fields() {
  return {
      {"listen", &ListenerConfig::listen, "Where to listen: host and port; port 0 takes a free one.", required(), shorthand()},
      {"tls", &ListenerConfig::tls, "Serves https instead of http.",
       Fields<ServerTls>{{"certificate", &ServerTls::certificate, "The certificate chain (PEM), leaf first.", required()},
                         {"key", &ServerTls::key, "The certificate's key (PEM), as ${file:PATH} or ${env:NAME}.", required()},
                         {"client_ca", &ServerTls::client_ca,
                          "Certificates (PEM) of the authorities one of which must have signed the client's (mTLS)."}}},
      {"max_connections", &ListenerConfig::max_connections,
       "Connections at once, on all workers, and so requests at once; one more is answered 503.", at_least(1),
       at_most(1'000'000)},
      {"max_connections_per_address", &ListenerConfig::max_connections_per_address,
       "Connections at once from one address, in IPv6 one /64; one more is answered 429. No bound when left out.", at_least(1),
       at_most(1'000'000)},
      {"max_in_flight", &ListenerConfig::max_in_flight,
       "Requests served at a time; one more is answered 503 after 0.1 to 1 s, later the more there are, so that callers who ask "
       "again at once do not take the time of those who are served. No bound when left out.",
       at_least(1), at_most(1'000'000)},
      {"max_requests", &ListenerConfig::max_requests,
       "Requests on one connection; it is closed behind the last. No bound when left out.", at_least(1)},
      {"max_line", &ListenerConfig::max_line, "The longest request line (414) and field line (431).", at_least(ByteSize{256}),
       at_most(ByteSize{1024 * 1024})},
      {"max_head", &ListenerConfig::max_head, "The largest head in all; a larger one is answered 431.", at_least(ByteSize{256}),
       at_most(ByteSize{4 * 1024 * 1024})},
      {"max_fields", &ListenerConfig::max_fields, "Header fields of one request; one more is answered 431.", at_least(1),
       at_most(10'000)},
      {"head_deadline", &ListenerConfig::head_deadline,
       "How long a request's head may take to arrive; a slower one is answered 408.", at_least(milliseconds(10)),
       at_most(milliseconds(600'000))},
      {"idle", &ListenerConfig::idle, "How long a connection may wait for its next request.", at_least(milliseconds(10)),
       at_most(milliseconds(3'600'000))},
      {"body_rate", &ListenerConfig::body_rate,
       "Bytes a second at least at which bodies must come and replies be taken; what came fast buys no long silence.",
       at_least(ByteSize{1}), at_most(ByteSize{1024 * 1024 * 1024})},
      {"access_log", &ListenerConfig::access_log,
       "Writes a JSON line for each request to standard error: peer, method, path, route, status, bytes, microseconds."}};
}

Fields<InletConfig> inlet_fields() {
  return {
      {"http", &InletConfig::http,
       "Method and path: 'POST /orders', 'GET /orders/{id}', 'GET /files/{rest*}'; '*' is any method.", required(), shorthand()},
      {"headers", &InletConfig::headers, "Header fields a request must have, with their exact values; '*': any value."},
      {"query", &InletConfig::query, "Query parameters a request must have, with their exact values; '*': any value."},
      {"max_body", &InletConfig::max_body, "The largest body taken (10MiB when left out); a larger one is answered 413.",
       at_most(ByteSize{1024 * 1024 * 1024})}};
}

Fields<TargetConfig> target_fields() {
  return {
      {"endpoints", &TargetConfig::endpoints,
       "URLs the service is reached at. One without a path gets the caller's path when passed through.", required(), shorthand()},
      {"method", &TargetConfig::method, "The method of calls that do not pass a request through (POST when left out)."},
      {"connections", &TargetConfig::connections, "Connections to all endpoints at once; calls beyond wait their turn.",
       at_least(1), at_most(100'000)},
      {"tls", &TargetConfig::tls, "How https endpoints are verified and what we show them.", client_tls_fields()},
      {"max_answer", &TargetConfig::max_answer, "The largest answer taken; a larger one is `garbage`.", at_least(ByteSize{1}),
       at_most(ByteSize{1024 * 1024 * 1024})}};
}

constexpr std::string_view reference =
    R"(HTTP/1.1, read strictly: what has more than one reading is refused, as RFC 9112 and 9110 say it. Both
Content-Length and Transfer-Encoding, more than one Content-Length or Host, no Host or one other than the target's, line folding, white space before a colon, bare
CR or LF, NUL, HTTP/0.9 and request targets that are not percent-encoded are answered 400; a transfer coding other than `chunked` 501;
a request line over `max_line` 414; a field line over `max_line`, a head over `max_head` or `max_fields` 431. Paths with a `.` or `..` segment, however encoded, are
answered 400. Behind a GET or HEAD that came with a body nothing is read: the connection closes. Answers of services are read by the same
rules; what breaks them is `garbage`. Every verdict has its rule in docs/http-verdicts.md.

Messages are always framed anew. Hop-by-hop fields, those that Connection names, `Proxy`, trailer fields and `busway-*` never pass. Names
that become a framing or forwarding field when `_` is read as `-` (`Content_Length`, `X_Forwarded_For`, `X_Real_IP`) are answered 400. A request that is passed through carries
`Forwarded` and `X-Forwarded-For`, `-Proto` and `-Host`, appended to what was there.

A body that comes with `Content-Encoding: gzip` is inflated when a step reads it and not before: what is only passed on stays as it came. More than
100 bytes out of one, or more than `max_body` (`max_answer`) in all, is answered 413; another coding 415.

A body over 32 KiB that no step reads passes while it arrives, and the bus holds at most about 64 KiB of it: a reader who is slow
holds the sender back. That is so for a route that is one plain `call` of an http service and has no `on_error` of its own; for a request, also the bundle
must have none, and no header field of the service may be computed from the body. All other bodies are gathered first, up to `max_body` and
`max_answer`. What passes keeps its framing (`Content-Length`, or chunks; a caller of HTTP/1.0 reads until the end) and is bound by
`body_rate` on both sides, not by the deadline: the service may pause for as long as its `timeout` and has as long again, from the last byte of the request
on, for its answer. Up to the first byte that goes out a request may be tried at another endpoint; from then on it is `unknown` and never
sent again. A service that answers before it has read everything is heard; both connections are closed then. The limits hold: by the length that is announced at
once, in chunks when they are crossed; then the caller hears 413 and the service's connection is closed, so that what it got does not look whole.
An answer that breaks off once it has begun resets the caller's connection, for the same reason, and is logged (`A reply was cut off.`).

A listener at `max_connections` answers 503, an address at its own bound 429, both with Retry-After; over TLS the connection is closed. When the
process runs out of descriptors, connections are closed unanswered; an eighth is kept for services and files.

The service's `connections` bounds all workers together. A call that finds no connection waits its turn until its deadline; it is `not_sent`
then.)";

}  // namespace

AdapterType http_adapter() {
  return {
      .name = "http",
      .summary = "Serves and calls HTTP/1.1, plain or over TLS.",
      .doc = std::string(reference),
      .badge = {.acknowledges = "when the route has replied", .may_repeat = true, .keeps_order = false},
      .listens_on = "http",
      .listener = role<ListenerConfig, Listener, ListenerContext>(listener_fields(), make_listener),
      .inlet = role<InletConfig, Inlet, InletContext>(inlet_fields(), make_inlet),
      .target = role<TargetConfig, Target, TargetContext>(target_fields(), make_target),
      .call = {},
      .no_use_for = {"error", "operation"},
      .examples = {
          {"A listener on every interface", "listeners: { front: { http: { listen: '0.0.0.0:8080', max_connections: 2000 } } }"},
          {"A route with a value in its path", "from: { http: 'GET /orders/{id}', on: front }"},
          {"A route for one kind of request", "from: { http: 'POST /orders', headers: { X-Tenant: north }, max_body: 1MiB }"},
          {"A service with two endpoints",
           "services: { shop: { http: { endpoints: ['http://10.0.0.5:8080', 'http://10.0.0.6:8080'], connections: 32 } } }"}}};
}

}  // namespace busway
