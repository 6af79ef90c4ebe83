#include <array>

#include "bus/exchange.hpp"
#include "bus/json_text.hpp"
#include "bus/log.hpp"
#include "bus/route.hpp"

namespace busway {

std::string_view title_of(int status) {
  switch (status) {
    case 400: return "Bad Request";
    case 401: return "Unauthorized";
    case 403: return "Forbidden";
    case 404: return "Not Found";
    case 405: return "Method Not Allowed";
    case 408: return "Request Timeout";
    case 409: return "Conflict";
    case 411: return "Length Required";
    case 413: return "Content Too Large";
    case 414: return "URI Too Long";
    case 415: return "Unsupported Media Type";
    case 422: return "Unprocessable Content";
    case 429: return "Too Many Requests";
    case 431: return "Request Header Fields Too Large";
    case 500: return "Internal Server Error";
    case 501: return "Not Implemented";
    case 502: return "Bad Gateway";
    case 503: return "Service Unavailable";
    case 504: return "Gateway Timeout";
    case 505: return "HTTP Version Not Supported";
    default: return status >= 500 ? "Server Error" : "Request Refused";
  }
}

namespace {

bool bodiless(int status) {
  return status == 204 || status == 205 || status == 304;
}

}  // namespace

std::string problem_json(Exchange& exchange, const Failure& failure) {
  std::string out = "{\"type\":\"urn:busway:";
  out += name_of(failure.kind);
  out += "\",\"title\":\"";
  out += title_of(failure.status);
  out += "\",\"status\":" + std::to_string(failure.status) + ",\"instance\":\"urn:uuid:";
  out += exchange.id();
  out += '"';
  if (!failure.outcome.empty()) out += ",\"outcome\":\"" + failure.outcome + "\"";
  if (!failure.errors.is_nothing()) out += ",\"errors\":" + to_json(failure.errors);
  out += '}';
  return out;
}

bool hands_on_bytes(const Exchange& exchange, std::string_view protocol) {
  return exchange.message().has_bytes() && exchange.message().protocol() == protocol;
}

FinishedReply finish_reply(Exchange& exchange, const Format& format, std::string_view protocol) {
  FinishedReply reply;
  auto failed = [&] {
    reply.failure = exchange.failure();
    reply.status = reply.failure->status;
    return reply;
  };
  if (exchange.ending == Exchange::Ending::failed) return failed();
  if (exchange.ending == Exchange::Ending::filtered) {
    reply.status = 204;
    return reply;
  }
  Message& message = exchange.message();
  bool answers_bytes = message.unreplaced() && message.side() == Side::service && exchange.answer_status != 0;
  reply.status = exchange.reply_status != 0 ? exchange.reply_status : answers_bytes ? exchange.answer_status : 200;
  if (bodiless(reply.status) || message.empty()) return reply;
  if (hands_on_bytes(exchange, protocol)) {
    reply.body = message.bytes();
    reply.content_type = exchange.reply_content_type.empty() ? message.content_type : exchange.reply_content_type;
    return reply;
  }
  auto document = message.document(exchange.arena());
  if (!document) {
    fail_reply(exchange, document.error());
    return failed();
  }
  if (document->is_nothing()) return reply;
  const Format& writer = exchange.reply_format != nullptr ? *exchange.reply_format : format;
  std::string& body = exchange.keep_string();
  if (auto written = writer.write(*document, body); !written) {
    Error error = written.error();
    error.kind = ErrorKind::mapping;  // the route made a document that its own reply cannot carry
    error.text.insert(0, "writing the reply as " + std::string(writer.name()) + ": ");
    fail_reply(exchange, error);
    return failed();
  }
  reply.body = body;
  reply.content_type = exchange.reply_content_type.empty() ? writer.content_type() : exchange.reply_content_type;
  return reply;
}

void fail_reply(Exchange& exchange, const Error& error) {
  exchange.fail(error);
  exchange.ending = Exchange::Ending::failed;
  std::array fields{LogField("kind", name_of(error.kind)), LogField("message", error), LogField("id", exchange.id())};
  log().write(LogLevel::warn, "A message failed as its reply was written.",
              exchange.route == nullptr ? "" : std::string_view(exchange.route->name()), fields);
}

FinishedReply finish_reply_without_status(Exchange& exchange, const Format& format, std::string_view protocol) {
  FinishedReply reply = finish_reply(exchange, format, protocol);
  if (reply.failure != nullptr || reply.status < 400) return reply;
  Failure failure;
  failure.kind = ErrorKind::answered;
  failure.status = reply.status;
  failure.message = "the route replied with status " + std::to_string(reply.status);
  if (auto body = exchange.message().document(exchange.arena())) failure.body = *body;
  exchange.fail(std::move(failure));
  reply.failure = exchange.failure();
  return reply;
}

}  // namespace busway
