#include "bus/inlets_by_condition.hpp"

#include "bus/registry.hpp"

namespace busway {

InletByCondition::InletByCondition(ExpressionRef when, Position at, const InletContext& context)
    : when_(std::move(when)),
      at_(std::move(at)),
      route_(context.route),
      error_(context.error),
      format_(context.format),
      turned_(format_ == nullptr ? nullptr : format_->for_service()) {}

Node InletByCondition::error_record(Exchange& exchange) const {
  if (!error_) return {};
  ExchangeScope scope(exchange);
  auto record = error_.expression->evaluate(scope, exchange.arena());
  return record ? *record : Node();
}

std::optional<std::string_view> InletByCondition::written_error(Exchange& exchange) const {
  Node record = error_record(exchange);
  if (record.is_nothing()) return std::nullopt;
  std::string& body = exchange.keep_string();
  if (!format_->write(record, body)) return std::nullopt;
  return body;
}

Result<void> InletByCondition::write_test_body(const TestRequest& request, std::string& out) const {
  if (request.bytes) {
    out = *request.bytes;
  } else if (request.body) {
    auto written = turned().write(*request.body, out);
    if (!written) return written.error().while_doing("writing the test's body");
  }
  return {};
}

Node InletByCondition::read_test_body(std::string_view bytes, Arena& arena) const {
  if (bytes.empty()) return {};
  std::string_view text = arena.copy(bytes);
  auto document = turned().read(text, arena);
  return document ? *document : Node::string(text);
}

bool fall_back_on(const std::string& usual, InletContext& context, const ConfigNode& node, CheckContext& check) {
  if (context.format != nullptr) return true;
  context.format = check.registry.plain_format(usual);
  if (context.format != nullptr) return true;
  check.findings.error("BW4001", node.at, "the route needs a 'format': this version has no format 'bytes' to fall back on");
  return false;
}

void fail_untaken(Exchange& exchange, const std::string& message, const std::optional<Error>& trouble) {
  if (trouble) {
    exchange.fail(*trouble);
    return;
  }
  Failure failure;
  failure.kind = ErrorKind::invalid;
  failure.status = 422;
  failure.message = "no route of this listener takes the " + message;
  exchange.fail(std::move(failure));
}

}  // namespace busway
