#include "adapters/soap/target.hpp"

#include "adapters/soap/fault.hpp"
#include "adapters/soap/header_blocks.hpp"
#include "adapters/soap/media_type.hpp"
#include "bus/compute.hpp"

namespace busway::soap {

namespace {

const CallOptions& options_of(const Outbound& outbound) {
  static const CallOptions none;
  return outbound.options == nullptr ? none : *static_cast<const CallOptions*>(outbound.options);
}

// What stands in the envelope is the route's making: not the service's fault when it cannot be written.
std::unexpected<Error> cannot_write(Error error) {
  error.kind = ErrorKind::mapping;
  return error.while_doing("writing the SOAP request");
}

}  // namespace

SoapTarget::SoapTarget(TargetConfig config, std::vector<Endpoint> endpoints, std::unique_ptr<BodyShape> shape,
                       std::shared_ptr<const WsdlContracts> wsdl)
    : config_(std::move(config)),
      endpoints_(std::move(endpoints)),
      shape_(std::move(shape)),
      wsdl_(std::move(wsdl)),
      client_(http::client_options(config_.connections, config_.max_answer, config_.tls)) {}

Result<void> SoapTarget::open(int workers) {
  bool secure = false;
  for (const Endpoint& endpoint : endpoints_) secure = secure || endpoint.secure;
  return client_.open(workers, secure);
}

Result<void> SoapTarget::write_request(Exchange& exchange, const Outbound& outbound, std::string& body) const {
  const CallOptions& options = options_of(outbound);
  Node document = outbound.document;
  if (document.is_nothing() && !outbound.body.empty()) {
    // A caller's or another service's envelope as it came: its element is ours to write anew.
    auto own = exchange.message().document(exchange.arena());
    if (!own) return std::unexpected(own.error());
    document = *own;
  }
  begin_envelope(config_.version, body);
  if (options.soap_headers) {
    ExchangeScope scope(exchange);
    auto headers = options.soap_headers.expression->evaluate(scope, exchange.arena());
    if (!headers) return headers.error().while_doing("computing the soap_headers at " + options.soap_headers.at.text());
    if (auto written = write_header_blocks(config_.version, config_.name_space, *headers, body); !written)
      return cannot_write(written.error());
  }
  begin_body(body);
  std::string operation(outbound.operation.empty() ? exchange.origin.operation : outbound.operation);
  if (operation.empty()) return fail(ErrorKind::mapping, "writing the SOAP request: the call names no operation");
  if (auto written = shape_->write({std::move(operation), config_.name_space}, document, body); !written)
    return cannot_write(written.error());
  end_envelope(body);
  return {};
}

Result<SoapTarget::Composed> SoapTarget::compose(Exchange& exchange, const Outbound& outbound, const Endpoint& endpoint) const {
  std::string& body = exchange.keep_string();
  if (auto written = write_request(exchange, outbound, body); !written) return std::unexpected(written.error());
  const CallOptions& options = options_of(outbound);
  const std::string& action = options.soap_action ? *options.soap_action : config_.soap_action;
  std::string& type = exchange.keep_string();
  type = content_type_of(config_.version, action);
  std::string_view path = outbound.path.empty() ? std::string_view(endpoint.path) : outbound.path;
  Composed composed{.path = path.empty() ? std::string_view("/") : path,
                    .content_type = type,
                    .body = body,
                    .headers = Headers(exchange.arena())};
  if (config_.version == Version::v1_1) {
    std::string& quoted = exchange.keep_string();
    quoted.append("\"").append(action).append("\"");
    composed.headers.add("SOAPAction", quoted);
  }
  for (const Header& header : outbound.headers.all()) {
    bool ours = equal_ignoring_case(header.name, "SOAPAction") || equal_ignoring_case(header.name, "Content-Type");
    if (!ours) composed.headers.add(header.name, header.value, header.set);
  }
  return composed;
}

Task<Result<Answer>> SoapTarget::call(Exchange& exchange, const Outbound& outbound, const Endpoint& endpoint,
                                      TimePoint deadline) {
  auto composed = co_await compute(exchange, [&] { return compose(exchange, outbound, endpoint); });
  if (!composed) co_return std::unexpected(composed.error());
  http::Request request{.method = "POST",
                        .target = composed->path,
                        .headers = composed->headers.all(),
                        .content_type = composed->content_type,
                        .body = composed->body};
  auto response = co_await client_.send(exchange, request, endpoint, deadline);
  if (!response) co_return std::unexpected(response.error());
  Received received{.status = response->status, .content_type = response->content_type, .body = response->body};
  auto read = [&] {
    auto answer = read_answer(exchange, received, std::move(response->headers));
    if (answer) answer->retry_after_s = response->retry_after_s;
    return answer;
  };
  if (!exchange.is_large(received.body.size())) co_return read();
  auto answer = co_await compute(exchange, read, received.body.size());
  co_return answer;
}

Result<Answer> SoapTarget::read_answer(Exchange& exchange, const Received& received, Headers headers) const {
  Arena& arena = exchange.arena();
  Answer answer(arena);
  answer.status = received.status;
  auto finish = [&](const Node& document) {
    answer.message.receive_document(document, received.body, received.content_type, "soap", Side::service);
    answer.message.headers = std::move(headers);
  };
  if (received.body.empty() && received.status >= 200 && received.status < 300) {
    finish(Node::object({}));  // one-way
    return answer;
  }
  MediaType media = read_media_type(received.content_type);
  Version version = config_.version;
  auto envelope = read_envelope(received.body, media.charset, arena, version);
  if (!envelope) {
    if (received.status < 400) {
      return fail(ErrorKind::garbage,
                  "reading the answer (status " + std::to_string(received.status) + "): " + envelope.error().text);
    }
    answer.message.receive(received.body, received.content_type, "http", nullptr, Side::service);
    answer.message.headers = std::move(headers);
    return answer;
  }
  if (envelope->is_fault()) {
    auto fault = read_fault(*envelope, *shape_, arena);
    if (!fault) return fail(ErrorKind::garbage, "reading the answer: " + fault.error().text);
    answer.fault = std::move(*fault);
    if (answer.status < 400) answer.status = 500;  // a Fault says no whatever it came with
  }
  Result<Node> document = Node::object({});
  if (envelope->payload != nullptr) document = shape_->read(*envelope->payload, version, envelope->budget, arena);
  if (!document) return fail(ErrorKind::garbage, "reading the answer: " + document.error().text);
  finish(*document);
  return answer;
}

// ---- busway test: the service's side of the same envelopes ----

Result<SimulatedRequest> SoapTarget::simulate_request(Exchange& exchange, const Outbound& outbound, const Endpoint& endpoint) {
  auto composed = compose(exchange, outbound, endpoint);
  if (!composed) return std::unexpected(composed.error());
  Version version = config_.version;
  auto envelope = read_envelope(composed->body, read_media_type(composed->content_type).charset, exchange.arena(), version);
  if (!envelope) return std::unexpected(envelope.error());
  auto document = shape_->read(*envelope->payload, version, envelope->budget, exchange.arena());
  if (!document) return std::unexpected(document.error());
  composed->headers.add("Content-Type", composed->content_type);
  return SimulatedRequest{.method = "POST",
                          .path = composed->path,
                          .operation = envelope->payload->local(),
                          .headers = std::move(composed->headers),
                          .body = *document,
                          .bytes = composed->body};
}

Result<std::string_view> SoapTarget::write_reply(Exchange& exchange, const Outbound& outbound, const SimulatedReply& reply,
                                                 int& status) const {
  std::string& body = exchange.keep_string();
  begin_envelope(config_.version, body);
  begin_body(body);
  Result<void> written;
  if (reply.fault) {
    if (status < 400) status = fault_status(config_.version, reply.fault->code);
    std::string detail;
    written = shape_->write_detail(config_.name_space, reply.fault->detail, detail);
    FaultText fault{.code = reply.fault->code, .text = reply.fault->text, .detail = detail, .uri = config_.name_space};
    if (written) written = write_fault(config_.version, fault, body);
  } else {
    std::string name(outbound.operation.empty() ? exchange.origin.operation : outbound.operation);
    written = shape_->write({name + "Response", config_.name_space}, reply.body.value_or(Node()), body);
  }
  if (!written) return written.error().while_doing("writing the simulated answer");
  end_envelope(body);
  return std::string_view(body);
}

Result<Answer> SoapTarget::simulate_answer(Exchange& exchange, const Outbound& outbound, const SimulatedReply& reply) {
  Headers headers(exchange.arena());
  Received received{.status = reply.status == 0 ? 200 : reply.status, .content_type = {}, .body = {}};
  for (const auto& [name, value] : reply.headers) {
    headers.add(exchange.arena().copy(name), exchange.arena().copy(value));
    if (equal_ignoring_case(name, "Content-Type")) received.content_type = headers.all().back().value;
  }
  if (received.content_type.empty()) {
    received.content_type = config_.version == Version::v1_1 ? "text/xml; charset=utf-8" : "application/soap+xml; charset=utf-8";
  }
  if (reply.bytes) {
    received.body = exchange.arena().copy(*reply.bytes);
  } else if (reply.fault || reply.body || received.status == 200) {
    auto written = write_reply(exchange, outbound, reply, received.status);
    if (!written) return std::unexpected(written.error());
    received.body = *written;
  }
  return read_answer(exchange, received, std::move(headers));
}

}  // namespace busway::soap
