#include "adapters/http/trip.hpp"

#include "adapters/http/head_writer.hpp"
#include "adapters/http/pour.hpp"
#include "bus/wall_clock.hpp"

namespace busway::http {

namespace {

bool bodiless(int status) {
  return status < 200 || status == 204 || status == 304;
}

// RFC 9457 with the type about:blank: what HTTP itself refuses. `detail` speaks of the request alone.
void plain_problem(Exchange& exchange, const Refusal& refusal, HttpReply& reply) {
  std::string& body = exchange.keep_string();
  body = "{\"type\":\"about:blank\",\"title\":\"";
  body += reason_phrase(refusal.status);
  body += "\",\"status\":" + std::to_string(refusal.status);
  if (!refusal.reason.empty()) {
    body += ",\"detail\":\"";
    body += refusal.reason;
    body += '"';
  }
  body += ",\"instance\":\"urn:uuid:";
  body += exchange.id();
  body += "\"}";
  reply.status = refusal.status;
  reply.content_type = "application/problem+json";
  reply.body = body;
}

}  // namespace

void Trip::arrive(std::string_view peer, bool secure) {
  Origin& origin = exchange.origin;
  origin.protocol = "http";
  origin.method = head.method;
  origin.target = head.target;
  origin.path = head.path;
  origin.query = head.query;
  origin.peer = peer;
  origin.host = head.host;
  origin.secure = secure;
  exchange.received = wall_now();
  head_only = head.method == "HEAD";
  for (const FieldLine& field : head.fields) {
    if (!field.hop_by_hop && field.known != Known::busway) exchange.message().headers.add(received(field));
  }
}

Refusal Trip::match(const RoutingTable& routes, HttpReply& reply) {
  RoutingTable::Asked asked{.method = head.method, .path = head.path, .query = head.query, .fields = head.fields};
  if (Refusal refusal = routes.find(asked, found)) return refusal;
  if (found.inlets.empty()) {
    if (!found.known_path) return {404, ""};
    reply.headers.set("Allow", exchange.arena().copy(routes.allowed(head.path)));
    return {405, ""};
  }
  exchange.origin.path_values = path_values(found, exchange.arena());
  exchange.deadline = exchange.worker().now() + found.inlets.front()->route().deadline();
  return {};
}

Task<> Trip::serve(std::string_view body, HttpReply& reply) {
  const FieldLine* type = head.find(Known::content_type);
  exchange.message().receive(body, type == nullptr ? std::string_view() : type->value, "http", nullptr, Side::caller);
  co_await found.inlets.front()->serve(exchange, found.inlets, reply);
}

void Trip::refuse(const Refusal& refusal, HttpReply& reply) {
  if (found.inlets.empty()) {
    plain_problem(exchange, refusal, reply);
    return;
  }
  Failure failure;
  failure.kind = refusal.status == 503 ? ErrorKind::overload : ErrorKind::format;
  failure.status = refusal.status;
  failure.message = refusal.reason;
  if (refusal.status == 503) failure.retry_after_s = 1;
  found.inlets.front()->refuse(exchange, failure, reply);
}

void Trip::frame(HttpReply& reply, bool close) {
  if (reply.status < 200 || reply.status > 599) reply.status = 500;
  ResponseLines lines{.status = reply.status,
                      .headers = reply.headers.all(),
                      .content_type = bodiless(reply.status) ? std::string_view() : reply.content_type,
                      .length = std::nullopt,
                      .close = close,
                      .old_keep_alive = head.minor_version == 0};
  // The answer to HEAD names the length a GET would have, where it is known.
  if (!bodiless(reply.status) && !(head_only && reply.body.empty())) lines.length = reply.body.size();
  if (exchange.answer_rest != nullptr) {
    lines.length = exchange.answer_rest->length();
    lines.chunked = in_chunks();
  }
  output.shrink(0);
  if (write_head(lines, output)) {
    if (lines.chunked) append_chunk_size(reply.body.size(), output);
    return;
  }
  exchange.answer_rest.reset();
  lines.chunked = false;
  reply.headers.clear();
  plain_problem(exchange, {500, ""}, reply);
  lines.status = reply.status;
  lines.headers = {};
  lines.content_type = reply.content_type;
  lines.length = reply.body.size();
  output.shrink(0);
  [[maybe_unused]] auto written = write_head(lines, output);
}

bool Trip::in_chunks() const {
  return exchange.answer_rest != nullptr && !exchange.answer_rest->length() && head.minor_version > 0;
}

bool Trip::ends_by_closing() const {
  return exchange.answer_rest != nullptr && !exchange.answer_rest->length() && head.minor_version == 0;
}

std::string_view Trip::body_of(const HttpReply& reply) const {
  return head_only || bodiless(reply.status) ? std::string_view() : reply.body;
}

void Trip::reset(std::size_t consumed) {
  exchange.reset();
  found.inlets = {};
  found.names = nullptr;
  found.captured.clear();
  head.fields.clear();
  head.minor_version = 1;
  head_only = false;
  output.shrink(0);
  input.drop_front(consumed);
  if (input.empty() && input.capacity() > Buffer::usual) input.release();
  if (output.capacity() > 4 * Buffer::usual) output.release();
}

}  // namespace busway::http
