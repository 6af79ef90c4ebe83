#include "bus/exchange.hpp"

#include <doctest/doctest.h>

#include "bus/json_text.hpp"
#include "bus/route.hpp"

using namespace busway;

namespace {

// Reads any text as a string and writes strings in brackets; refuses everything else.
class Bracket final : public Format {
 public:
  std::string_view name() const override { return "bracket"; }
  std::string_view content_type() const override { return "text/bracket"; }
  Result<Node> read(std::string_view bytes, Arena&) const override {
    ++reads;
    if (bytes == "bad") return fail(ErrorKind::format, "not good");
    return Node::string(bytes);
  }
  Result<void> write(const Node& document, std::string& out) const override {
    if (!document.is_string()) return fail(ErrorKind::format, "only strings");
    out += "[" + std::string(document.text()) + "]";
    return {};
  }
  mutable int reads = 0;
};

Node ask(Exchange& exchange, std::string_view name) {
  ExchangeScope scope(exchange);
  return *scope.variable(name, exchange.arena());
}

struct Setting {
  Setting() : worker(0, Worker::ClockKind::manual), exchange(worker) {}
  Worker worker;
  Exchange exchange;
  Bracket format;
};

}  // namespace

TEST_CASE("a body is parsed once, and only when someone reads it") {
  Setting setting;
  Message& message = setting.exchange.message();
  message.receive("hello", "text/bracket", "http", &setting.format, Side::caller);
  CHECK(setting.format.reads == 0);
  CHECK(message.document(setting.exchange.arena())->text() == "hello");
  CHECK(message.document(setting.exchange.arena())->text() == "hello");
  CHECK(setting.format.reads == 1);
  CHECK(message.has_bytes());
}

TEST_CASE("received headers travel only with the bytes they came with") {
  Setting setting;
  Message& message = setting.exchange.message();
  message.receive("hello", "", "http", &setting.format, Side::caller);
  message.headers.add("X-Received", "1");
  message.headers.set("X-Set", "2");
  message.replace(Node::null());
  CHECK(message.headers.find("x-received") == nullptr);
  CHECK(message.headers.value("X-SET") == "2");
}

TEST_CASE("$headers joins repeats, lowers names and keeps set-cookie a list") {
  Setting setting;
  Headers& headers = setting.exchange.message().headers;
  headers.add("Accept", "a");
  headers.add("ACCEPT", "b");
  headers.add("Set-Cookie", "c=1");
  CHECK(to_json(ask(setting.exchange, "headers")) == R"({"accept":"a, b","set-cookie":["c=1"]})");
}

TEST_CASE("$query decodes, and repeats become a list") {
  Setting setting;
  setting.exchange.origin.query = "a=1&b=x+y%21&a=2&flag&=&%zz=1";
  CHECK(to_json(ask(setting.exchange, "query")) == R"({"a":["1","2"],"b":"x y!","flag":"","":"","%zz":"1"})");
}

TEST_CASE("variables are set, replaced and removed; what was read before stays as it was") {
  Setting setting;
  setting.exchange.set_variable("a", Node::number(1));
  Node before = ask(setting.exchange, "vars");
  setting.exchange.set_variable("a", Node::number(2));
  setting.exchange.set_variable("b", Node::string("x"));
  setting.exchange.set_variable("b", Node());
  CHECK(to_json(before) == R"({"a":1})");
  CHECK(to_json(ask(setting.exchange, "vars")) == R"({"a":2})");
}

TEST_CASE("an id is a version 7 UUID and stays the same for the trip") {
  Setting setting;
  std::string first(setting.exchange.id());
  CHECK(first.size() == 36);
  CHECK(first[14] == '7');
  CHECK((first[19] == '8' || first[19] == '9' || first[19] == 'a' || first[19] == 'b'));
  CHECK(setting.exchange.id() == first);
  setting.exchange.reset();
  CHECK(setting.exchange.id() != first);
}

TEST_CASE("a reply keeps the bytes of a service that speaks the caller's protocol, and its status") {
  Setting setting;
  setting.exchange.ending = Exchange::Ending::replied;
  setting.exchange.answer_status = 207;
  setting.exchange.message().receive("raw", "x/y", "http", &setting.format, Side::service);
  FinishedReply reply = finish_reply(setting.exchange, setting.format, "http");
  CHECK(reply.status == 207);
  CHECK(reply.body == "raw");
  CHECK(reply.content_type == "x/y");
  CHECK(setting.format.reads == 0);
}

TEST_CASE("a reply from another protocol, or of a new body, is written in the caller's format") {
  Setting setting;
  setting.exchange.ending = Exchange::Ending::replied;
  setting.exchange.message().receive("raw", "x/y", "tcp", &setting.format, Side::service);
  FinishedReply reply = finish_reply(setting.exchange, setting.format, "http");
  CHECK(reply.status == 200);
  CHECK(reply.body == "[raw]");
  CHECK(reply.content_type == "text/bracket");
}

TEST_CASE("204 carries no body; a filtered message is 204; a failed write is a failure of the route") {
  Setting setting;
  setting.exchange.ending = Exchange::Ending::replied;
  setting.exchange.reply_status = 204;
  setting.exchange.message().replace(Node::string("x"));
  CHECK(finish_reply(setting.exchange, setting.format, "http").body.empty());

  setting.exchange.ending = Exchange::Ending::filtered;
  CHECK(finish_reply(setting.exchange, setting.format, "http").status == 204);

  setting.exchange.ending = Exchange::Ending::replied;
  setting.exchange.reply_status = 0;
  setting.exchange.message().replace(Node::number(1));
  FinishedReply reply = finish_reply(setting.exchange, setting.format, "http");
  CHECK(reply.status == 500);
  REQUIRE(reply.failure != nullptr);
  CHECK(reply.failure->kind == ErrorKind::mapping);
}

TEST_CASE("whose bytes do not parse decides 400 or 502") {
  Setting setting;
  for (Side side : {Side::caller, Side::service}) {
    setting.exchange.reset();
    setting.exchange.message().receive("bad", "", "http", &setting.format, side);
    auto read = setting.exchange.message().document(setting.exchange.arena());
    REQUIRE_FALSE(read.has_value());
    setting.exchange.fail(read.error());
    CHECK(setting.exchange.failure()->status == (side == Side::caller ? 400 : 502));
  }
}

TEST_CASE("problem details carry the kind and the id, and nothing of the inside") {
  Setting setting;
  Failure failure;
  failure.kind = ErrorKind::unknown;
  failure.status = 504;
  failure.outcome = "unknown";
  failure.message = "calling erp at http://10.0.0.5/secret: reset";
  failure.service = "erp";
  std::string problem = problem_json(setting.exchange, failure);
  CHECK(problem == R"({"type":"urn:busway:unknown","title":"Gateway Timeout","status":504,"instance":"urn:uuid:)" +
                       std::string(setting.exchange.id()) + R"(","outcome":"unknown"})");
}
