#include "adapters/http/target.hpp"

#include "adapters/http/answer.hpp"
#include "adapters/http/content_coding.hpp"
#include "adapters/http/forwarding.hpp"
#include "adapters/http/grammar.hpp"
#include "adapters/http/head_writer.hpp"
#include "bus/labelled_format.hpp"

namespace busway::http {

HttpTarget::HttpTarget(TargetConfig config, std::vector<Endpoint> endpoints, FormatPtr own_format, const Registry& registry)
    : config_(std::move(config)),
      endpoints_(std::move(endpoints)),
      own_format_(std::move(own_format)),
      registry_(registry),
      client_(client_options(config_.connections, config_.max_answer, config_.tls)) {}

std::string_view HttpTarget::method_of(Exchange& exchange, const Outbound& outbound) const {
  if (!outbound.method.empty()) return outbound.method;
  if (outbound.pass_through && !exchange.origin.method.empty()) return exchange.origin.method;
  return config_.method.empty() ? std::string_view("POST") : std::string_view(config_.method);
}

bool HttpTarget::idempotent(Exchange& exchange, const Outbound& outbound) const {
  std::string_view method = method_of(exchange, outbound);
  return method == "GET" || method == "HEAD" || method == "PUT" || method == "DELETE" || method == "OPTIONS";
}

Result<void> HttpTarget::open(int workers) {
  bool secure = false;
  for (const Endpoint& endpoint : endpoints_) secure = secure || endpoint.secure;
  return client_.open(workers, secure);
}

std::string_view HttpTarget::target_of(Exchange& exchange, const Outbound& outbound, const Endpoint& endpoint) const {
  if (!outbound.path.empty()) {
    std::string& path = exchange.keep_string();
    encode_target(outbound.path, path);
    return path;
  }
  const Origin& origin = exchange.origin;
  if (!outbound.pass_through || !endpoint.path.empty() || origin.path.empty())
    return endpoint.path.empty() ? std::string_view("/") : endpoint.path;
  if (origin.target.starts_with('/') || origin.query.empty()) return origin.target.starts_with('/') ? origin.target : origin.path;
  std::string& path = exchange.keep_string();
  path.append(origin.path).append("?").append(origin.query);
  return path;
}

Request HttpTarget::compose(Exchange& exchange, const Outbound& outbound, const Endpoint& endpoint) const {
  Request request{.method = method_of(exchange, outbound),
                  .target = target_of(exchange, outbound, endpoint),
                  .headers = outbound.headers.all(),
                  .content_type = outbound.content_type,
                  .body = outbound.body};
  if (!outbound.pass_through) return request;
  Headers all(exchange.arena());
  std::span<const Header> received = exchange.message().headers.all();
  all.reserve(received.size() + outbound.headers.all().size() + most_forwarding);
  for (const Header& header : received) {
    if (outbound.headers.empty() || outbound.headers.find(header.name) == nullptr) all.add(header);
  }
  append_forwarding(exchange.origin, all, exchange.arena());
  for (const Header& header : outbound.headers.all()) {
    all.remove(header.name);
    all.add(header.name, header.value);
  }
  for (const Header& header : outbound.headers.all()) {
    if (outbound.headers.find(header.name) != &header) all.add(header.name, header.value);  // repeats
  }
  request.headers = all.all();
  return request;
}

const Format* HttpTarget::format_of(std::string_view content_type) const {
  if (format_ != nullptr && format_ != own_format_) return format_.get();
  return content_type.empty() ? nullptr : registry_.format_for(content_type).get();
}

Answer HttpTarget::to_answer(Exchange& exchange, Response response) const {
  Answer answer(exchange.arena());
  answer.status = response.status;
  answer.retry_after_s = response.retry_after_s;
  const Format* format = decoded_format(exchange, response.headers, format_of(response.content_type), config_.max_answer.bytes);
  answer.message.receive(response.body, response.content_type, "http", format, Side::service);
  answer.message.headers = std::move(response.headers);
  return answer;
}

Task<Result<Answer>> HttpTarget::call(Exchange& exchange, const Outbound& outbound, const Endpoint& endpoint,
                                      TimePoint deadline) {
  Request request = compose(exchange, outbound, endpoint);
  if (outbound.pass_through) {
    request.rest = exchange.request_rest;
    request.stream_rate = exchange.stream_rate;
  }
  auto response = co_await client_.send(exchange, request, endpoint, deadline);
  if (!response) co_return std::unexpected(response.error());
  co_return to_answer(exchange, std::move(*response));
}

// ---- busway test: the same bytes, without a socket ----

Result<SimulatedRequest> HttpTarget::simulate_request(Exchange& exchange, const Outbound& outbound, const Endpoint& endpoint) {
  Request request = compose(exchange, outbound, endpoint);
  std::string host = endpoint.host_port.text();
  RequestLines lines{.method = request.method,
                     .target = request.target,
                     .host = host,
                     .headers = request.headers,
                     .content_type = request.content_type,
                     .length = request.body.size()};
  Buffer wire;
  if (auto written = write_head(lines, wire); !written) return std::unexpected(written.error());
  HeadScanner scanner(HeadScanner::Side::request);
  RequestHead head;
  wire.append(request.body);
  bool whole = scanner.scan(wire.view());
  Refusal refusal = whole ? head.read(wire.view().substr(0, scanner.end())) : scanner.refusal();
  if (refusal || !whole)
    return fail(ErrorKind::mapping, "writing the request: the service would refuse it: " + std::string(refusal.reason));
  BodyGatherer body(head.framing, UINT64_MAX, wire, scanner.end());
  SimulatedRequest seen{.method = head.method,
                        .path = head.target,
                        .operation = {},
                        .headers = Headers(exchange.arena()),
                        .body = Node(),
                        .bytes = body.body()};
  std::string_view type;
  for (const FieldLine& field : head.fields) {
    seen.headers.add(field.name, field.value);
    if (field.known == Known::content_type) type = field.value;
  }
  const Format* format = format_ != nullptr && format_ != own_format_ ? format_.get() : nullptr;
  FormatPtr typed = registry_.format_for(type);
  if (format == nullptr) format = typed.get();
  if (format != nullptr && !seen.bytes.empty()) {
    if (auto document = read_labelled(*format, seen.bytes, type, exchange.arena())) seen.body = *document;
  }
  Buffer spilled = body.take_spilled();
  if (!spilled.empty()) keep(exchange, std::move(spilled));
  keep(exchange, std::move(wire));
  return seen;
}

Result<Answer> HttpTarget::simulate_answer(Exchange& exchange, const Outbound& outbound, const SimulatedReply& reply) {
  std::string body;
  ResponseLines lines;
  lines.status = reply.status == 0 ? 200 : reply.status;
  Headers headers(exchange.arena());
  for (const auto& [name, value] : reply.headers) headers.add(name, value);
  lines.content_type = headers.value("content-type");
  if (reply.bytes) {
    body = *reply.bytes;
  } else if (reply.body) {
    const Format* format = format_ != nullptr ? format_.get() : own_format_.get();
    FormatPtr typed = lines.content_type.empty() ? nullptr : registry_.format_for(lines.content_type);
    if (typed != nullptr && format_ == own_format_) format = typed.get();
    if (format == nullptr) return fail(ErrorKind::mapping, "writing the simulated answer: the service has no format");
    if (auto written = format->write(*reply.body, body); !written)
      return written.error().while_doing("writing the simulated answer");
    if (lines.content_type.empty()) lines.content_type = format->content_type();
  }
  bool head_request = method_of(exchange, outbound) == "HEAD";
  bool bodiless = lines.status < 200 || lines.status == 204 || lines.status == 304;
  lines.headers = headers.all();
  if (!bodiless) lines.length = body.size();
  Buffer wire;
  if (auto written = write_head(lines, wire); !written) return std::unexpected(written.error());
  if (!bodiless && !head_request) wire.append(body);
  AnswerReader reader(head_request, config_.max_answer.bytes, exchange.arena());
  for (std::string_view rest = wire.view(); !rest.empty() && !reader.whole();) {
    std::span<char> room = reader.room();
    std::size_t size = rest.copy(room.data(), room.size());
    rest.remove_prefix(size);
    if (auto took = reader.took(size); !took) return std::unexpected(took.error());
  }
  if (!reader.whole()) return fail(ErrorKind::unknown, "reading the simulated answer: it ends too early");
  return to_answer(exchange, reader.take(exchange));
}

}  // namespace busway::http
