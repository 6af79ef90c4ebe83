#include "routes/test/test_fields.hpp"

namespace busway::routes {

Fields<TestConfig> test_config_fields() {
  return {{"test", &TestConfig::test, "What holds, as a sentence; reports and --filter know the test by it.", required()},
          {"route", &TestConfig::route, "The route that must take the message."},
          {"send", &TestConfig::send, "The message: the adapter's key as in `from:`, and what it carries.", required()},
          {"services", &TestConfig::services,
           "The simulated services by name: one exchange or a list of exchanges, made in this order. A call to any other "
           "service, and an "
           "exchange that is not made, fail the test."},
          {"expect", &TestConfig::expect, "What must come back.", required()},
          {"at", &TestConfig::at, "Holds the wall time still, such as 2026-01-31T10:15:30Z, for $now() and $message.received."}};
}

Fields<SendConfig> send_config_fields() {
  return {{"on", &SendConfig::on, "The listener, where several could take the message."},
          {"headers", &SendConfig::headers, "Header fields of the message."},
          {"body", &SendConfig::body, "A document as literal YAML, written in the route's own format; or { file: PATH }."},
          {"file", &SendConfig::file, "A file whose bytes are the body, as they are."},
          {"hex", &SendConfig::hex, "The body's bytes as hexadecimal digits; blanks between bytes are allowed."}};
}

Fields<ExchangeConfig> exchange_config_fields() {
  return {
      {"expect", &ExchangeConfig::expect, "The whole document the service must be sent; or { file: PATH }. Left out: anything."},
      {"reply", &ExchangeConfig::reply, "The document the service answers with; or { file: PATH }. Left out: an empty answer."},
      {"fails", &ExchangeConfig::fails,
       "Instead of a reply: not_sent, unknown, garbage, { status, headers, body } or { fault }."},
      {"after", &ExchangeConfig::after, "How long the service takes, on the test's own clock."}};
}

Fields<FailsConfig> fails_config_fields() {
  return {{"status", &FailsConfig::status, "The HTTP status of the answer.", at_least(100), at_most(599)},
          {"headers", &FailsConfig::headers, "Header fields of the answer."},
          {"body", &FailsConfig::body, "The answer's document; or { file: PATH }."},
          {"fault", &FailsConfig::fault, "A SOAP Fault: { code, text, detail }."}};
}

Fields<FaultConfig> fault_config_fields() {
  return {{"code", &FaultConfig::code, "The fault's code, without a prefix."},
          {"text", &FaultConfig::text, "What it says.", shorthand()},
          {"detail", &FaultConfig::detail, "Its detail as a document."}};
}

Fields<ExpectConfig> expect_config_fields() {
  return {
      {"status", &ExpectConfig::status, "The status of the reply."},
      {"headers", &ExpectConfig::headers, "Header fields the reply must have; it may have others."},
      {"body", &ExpectConfig::body,
       "The whole body as a document; or { file: PATH }. Numbers compare as decimals, 3 is not \"3\"."},
      {"body_has", &ExpectConfig::body_has, "Members the body must have; objects may have others, lists are as long as here."},
      {"error", &ExpectConfig::error, "The kind of the failure that no handler has taken: not_sent, mapping, ..."}};
}

}  // namespace busway::routes
