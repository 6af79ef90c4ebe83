#include "plugins/process/wire.hpp"

#include <doctest/doctest.h>

#include "bus/registry.hpp"
#include "tests/plugins/process/json_reader.hpp"

using namespace busway;
using namespace busway::plugins;

namespace {

std::string read_error(std::initializer_list<std::string_view> frames) {
  Arena arena;
  std::vector<std::string_view> all(frames);
  auto read = wire::read(all, test::json_reader(), arena);
  return read ? "" : read.error().text;
}

template <class T>
T read_as(std::initializer_list<std::string_view> frames, Arena& arena) {
  std::vector<std::string_view> all(frames);
  auto read = wire::read(all, test::json_reader(), arena);
  REQUIRE_MESSAGE(read.has_value(), (read ? "" : read.error().text));
  REQUIRE(std::holds_alternative<T>(read->said));
  return std::get<T>(read->said);
}

}  // namespace

TEST_CASE("each message of a plugin is read") {
  Arena arena;
  CHECK(read_as<wire::Hello>({R"({"type":"hello","protocol":1,"cookie":"c","sdk":"x","more":"is skipped"})"}, arena).cookie ==
        "c");
  CHECK(read_as<wire::Ready>({R"({"type":"ready","credit":0})"}, arena).credit == 0);
  CHECK(read_as<wire::Credit>({R"({"type":"credit","credit":1024})"}, arena).credit == 1024);
  auto reply = read_as<wire::Reply>({R"({"type":"reply","id":7,"variables":{"a":1},"headers":{"x":null}})"}, arena);
  CHECK(reply.id == 7);
  CHECK(!reply.filtered);
  CHECK(!reply.replaces);
  CHECK(reply.variables.member("a").text() == "1");
  CHECK(reply.headers.member("x").is_null());
  auto body = read_as<wire::Reply>({R"({"type":"reply","id":7,"body":"document","more":true,"flow":"filtered"})", "[]"}, arena);
  CHECK(body.replaces);
  CHECK(body.more);
  CHECK(body.filtered);
  CHECK(!read_as<wire::Chunk>({R"({"type":"chunk","id":9})", ""}, arena).more);
  CHECK(read_as<wire::Fail>({R"({"type":"fail","id":1,"kind":"not_sent","text":"t"})"}, arena).kind == ErrorKind::not_sent);
  CHECK(read_as<wire::Fail>({R"({"type":"fail","id":1,"text":"t"})"}, arena).kind == ErrorKind::internal);
  CHECK(read_as<wire::Refuse>({R"({"type":"refuse","use":3,"key":"k","text":"t"})"}, arena).key == "k");
  CHECK(read_as<wire::Logged>({R"({"type":"log","level":"warn","text":"t"})"}, arena).level == LogLevel::warn);
  read_as<wire::Bye>({R"({"type":"bye"})"}, arena);
  read_as<wire::Ping>({R"({"type":"ping"})"}, arena);
  read_as<wire::Pong>({R"({"type":"pong"})"}, arena);
}

TEST_CASE("what breaks the protocol is said to") {
  CHECK(read_error({}) == "a message of 0 frames: one or two are right");
  CHECK(read_error({"{}", "", ""}) == "a message of 3 frames: one or two are right");
  CHECK(read_error({"nonsense"}).starts_with("a head that is no JSON: "));
  CHECK(read_error({"[]"}) == "a head that is no JSON object");
  CHECK(read_error({"{}"}) == "a head without a 'type'");
  CHECK(read_error({R"({"type":"request"})"}) == "a message of the type 'request', which a plugin does not send");
  CHECK(read_error({R"({"type":"pong"})", "x"}) == "a 'pong' with a payload frame");
  CHECK(read_error({R"({"type":"hello","protocol":1})"}) == "a 'hello' that cannot be read: its 'cookie' is not a text");
  CHECK(read_error({R"({"type":"ready","credit":1025})"}) ==
        "a 'ready' that cannot be read: its 'credit' is not a whole number from 0 to 1024");
  CHECK(read_error({R"({"type":"ready","credit":1.5})"}).find("whole number") != std::string::npos);
  CHECK(read_error({R"({"type":"ready","credit":99999999999999999999})"}).find("whole number") != std::string::npos);
  CHECK(read_error({R"({"type":"reply"})"}).find("its 'id' is not") != std::string::npos);
  CHECK(read_error({R"({"type":"reply","id":1,"variables":[]})"}).find("'variables' is not an object") != std::string::npos);
  CHECK(read_error({R"({"type":"reply","id":1,"flow":"back"})"}) ==
        "a 'reply' that cannot be read: its 'flow' is not one of next, filtered");
  CHECK(read_error({R"({"type":"reply","id":1})", "[]"}) == "a 'reply' that leaves the body unchanged and has one");
  CHECK(read_error({R"({"type":"reply","id":1,"body":"document"})"}) == "a 'reply' with a body and without its payload frame");
  CHECK(read_error({R"({"type":"chunk","id":1})"}) == "a 'chunk' without its payload frame");
  CHECK(read_error({R"({"type":"fail","id":1,"kind":"quarantined","text":""})"}).find("its 'kind' is not one of internal") !=
        std::string::npos);
  CHECK(read_error({R"({"type":"log","level":"loud","text":""})"}).find("its 'level' is not one of") != std::string::npos);
  std::string large(wire::most_head + 1, ' ');
  CHECK(read_error({large}) == "a head of 65537 bytes: 65536 are the most");
  std::string payload(wire::most_payload + 1, ' ');
  CHECK(read_error({R"({"type":"chunk","id":1})", payload}) == "a payload frame of 262145 bytes: 262144 are the most");
}

TEST_CASE("what the bus says is JSON of the agreed form") {
  Arena arena;
  auto read = [&](const std::string& text) {
    auto node = test::json_reader().read(text, arena);
    REQUIRE_MESSAGE(node.has_value(), text);
    return *node;
  };
  CHECK(read(wire::welcome(std::chrono::seconds(1), std::chrono::seconds(10))).member("silence_ms").text() == "10000");
  CHECK(read(wire::use(3, R"("step":"a","settings":{"k":1})")).member("settings").member("k").text() == "1");
  Node request = read(wire::request(5, 3, 2, 1500, 70, true, R"(,"route":"r")"));
  CHECK(request.member("id").text() == "5");
  CHECK(request.member("deadline_ms").text() == "1500");
  CHECK(request.member("more").as_boolean());
  CHECK(request.member("route").text() == "r");
  Node outcome = read(wire::outcome(5, 70, true, R"(,"outcome":"made")"));
  CHECK(outcome.member("arrival").text() == "5");
  CHECK(outcome.member("outcome").text() == "made");
  CHECK(read(wire::arrival_chunk(5, false)).member("arrival").text() == "5");
  CHECK(read(wire::credit(2, 9)).member("credit").text() == "9");
  CHECK(read(wire::stop_listening(2)).member("use").text() == "2");
  CHECK(read(wire::drop(2)).member("use").text() == "2");
  CHECK(read(wire::bye("a\nb")).member("reason").text() == "a\nb");
  for (const std::string& text : {wire::chunk(1, false), wire::cancel(1), std::string(wire::ping()), std::string(wire::pong())})
    read(text);
}
