#include "adapters/soap/fault.hpp"
#include "adapters/soap/header_blocks.hpp"
#include "adapters/soap/inlet.hpp"
#include "adapters/soap/media_type.hpp"
#include "transforms/formats/xml_document.hpp"

namespace busway::soap {

namespace {

void finish(Version version, int status, std::string_view body, HttpReply& reply) {
  reply.status = status;
  reply.content_type = version == Version::v1_1 ? "text/xml; charset=utf-8" : "application/soap+xml; charset=utf-8";
  reply.body = body;
}

Result<void> write_fault_envelope(Version version, std::string_view header, const FaultText& fault, std::string& out) {
  begin_envelope(version, out);
  if (!header.empty() && version == Version::v1_2) out.append("<soap:Header>").append(header).append("</soap:Header>");
  begin_body(out);
  auto written = write_fault(version, fault, out);
  end_envelope(out);
  return written;
}

// What a caller may see of a failure: the kind, the message id to ask about, and a validator's own list.
std::string failure_detail(Exchange& exchange, const Failure& failure) {
  std::string out = "<busway:error xmlns:busway=\"urn:busway:error\"><kind>";
  out.append(name_of(failure.kind)).append("</kind><id>").append(exchange.id()).append("</id>");
  if (!failure.outcome.empty()) out.append("<outcome>").append(failure.outcome).append("</outcome>");
  if (failure.errors.is_array()) {
    static const XmlRules rules;
    std::size_t before = out.size();
    if (!write_element("errors", failure.errors, rules, {}, out)) out.resize(before);
  }
  return out + "</busway:error>";
}

bool framing_header(std::string_view name) {
  for (std::string_view own : {"Content-Type", "Content-Length", "Transfer-Encoding", "Connection", "SOAPAction"}) {
    if (equal_ignoring_case(name, own)) return true;
  }
  return false;
}

}  // namespace

void SoapInlet::write_failure(Exchange& exchange, Version version, const Failure& failure, HttpReply& reply) const {
  std::string detail = failure_detail(exchange, failure);
  FaultText fault{.code = fault_code_for(version, failure.status), .text = title_of(failure.status), .detail = detail, .uri = {}};
  std::string& body = exchange.keep_string();
  [[maybe_unused]] auto written = write_fault_envelope(version, {}, fault, body);  // nothing in it that XML cannot hold
  finish(version, fault_status(version, fault.code), body, reply);
  if (failure.retry_after_s) reply.headers.set("Retry-After", exchange.arena().copy(std::to_string(*failure.retry_after_s)));
}

void SoapInlet::refuse(Exchange& exchange, const Failure& failure, HttpReply& reply) const {
  Version version = read_media_type(exchange.message().content_type).version();
  if (!takes(version)) version = version == Version::v1_1 ? Version::v1_2 : Version::v1_1;
  write_failure(exchange, version, failure, reply);
}

void SoapInlet::refuse_envelope(Exchange& exchange, Version version, const Refused& refused, std::string message,
                                HttpReply& reply) const {
  Failure failure;
  failure.kind = ErrorKind::format;
  failure.status = 400;
  failure.message = std::move(message);
  std::string detail = failure_detail(exchange, failure);
  FaultText fault{.code = refused.code, .text = refused.text, .detail = detail, .uri = {}};
  std::string& body = exchange.keep_string();
  [[maybe_unused]] auto written = write_fault_envelope(version, refused.header, fault, body);
  finish(version, fault_status(version, fault.code), body, reply);
  exchange.fail(std::move(failure));
  exchange.ending = Exchange::Ending::failed;
}

Result<void> SoapInlet::write_answer(Exchange& exchange, const Asked& asked, std::string& out) const {
  auto document = exchange.message().document(exchange.arena());
  if (!document) return std::unexpected(document.error());
  begin_envelope(asked.version, out);
  begin_body(out);
  auto written = shape_->write({config_.operation + "Response", asked.uri}, *document, out);
  if (!written) {
    Error error = written.error();
    error.kind = ErrorKind::mapping;  // the route made a document that its own reply cannot carry
    return error.while_doing("writing the reply");
  }
  end_envelope(out);
  return {};
}

// A reply with a status >= 400, or the Fault of a service that the route hands on.
Result<void> SoapInlet::write_reply_fault(Exchange& exchange, const Asked& asked, int status, HttpReply& reply) const {
  Message& message = exchange.message();
  Fault handed_on;
  std::string detail;
  Node content;
  FaultText fault{.code = fault_code_for(asked.version, status), .text = title_of(status), .detail = {}, .uri = asked.uri};
  bool from_soap = message.has_bytes() && message.unreplaced() && message.side() == Side::service && message.protocol() == "soap";
  Version theirs = Version::v1_1;
  Result<Envelope> envelope = fail(ErrorKind::internal, "");
  if (from_soap)
    envelope = read_envelope(message.bytes(), read_media_type(message.content_type).charset, exchange.arena(), theirs);
  if (envelope && envelope->is_fault()) {
    auto read = read_fault(*envelope, *shape_, exchange.arena());
    if (!read) return std::unexpected(read.error());
    handed_on = *read;
    if (!handed_on.code.empty()) fault.code = handed_on.code;
    fault.text = handed_on.text;
    content = handed_on.detail;
  } else if (auto document = message.document(exchange.arena())) {
    content = *document;
  }
  if (auto written = shape_->write_detail(asked.uri, content, detail); !written) {
    Error error = written.error();
    error.kind = ErrorKind::mapping;
    return error.while_doing("writing the reply");
  }
  fault.detail = detail;
  std::string& body = exchange.keep_string();
  auto written = write_fault_envelope(asked.version, {}, fault, body);
  if (!written) return written;
  finish(asked.version, fault_status(asked.version, fault.code), body, reply);
  return {};
}

void SoapInlet::answer(Exchange& exchange, const Asked& asked, HttpReply& reply) const {
  if (exchange.ending == Exchange::Ending::filtered) {
    reply.status = 202;
    return;
  }
  if (exchange.ending == Exchange::Ending::failed) {
    write_failure(exchange, asked.version, *exchange.failure(), reply);
    return;
  }
  Message& message = exchange.message();
  bool answers_bytes = message.unreplaced() && message.side() == Side::service && exchange.answer_status != 0;
  int status = exchange.reply_status != 0 ? exchange.reply_status : answers_bytes ? exchange.answer_status : 200;
  Result<void> written;
  if (status >= 400) {
    written = write_reply_fault(exchange, asked, status, reply);
  } else if ((status == 202 || status == 204) && message.empty()) {
    reply.status = status;
  } else {
    std::string& body = exchange.keep_string();
    written = write_answer(exchange, asked, body);
    finish(asked.version, 200, body, reply);
  }
  if (!written) {
    fail_reply(exchange, written.error());
    write_failure(exchange, asked.version, *exchange.failure(), reply);
    return;
  }
  for (const Header& header : message.headers.all()) {
    if (header.set && !framing_header(header.name)) reply.headers.add(header.name, header.value, true);
  }
}

}  // namespace busway::soap
