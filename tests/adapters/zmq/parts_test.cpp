#include "adapters/zmq/parts.hpp"

#include <doctest/doctest.h>

#include "bus/arena.hpp"

namespace busway::zmq {
namespace {

using Views = std::vector<std::string_view>;

TEST_CASE("an envelope ends at the first empty frame, or is as long as declared") {
  Envelope rep{.delimited = true, .count = 0};
  CHECK(rep.size(Views{"", "body"}) == 1);
  CHECK(rep.size(Views{"a", "b", "", "body", ""}) == 3);
  CHECK(rep.size(Views{""}) == 1);
  CHECK_FALSE(rep.size(Views{}));
  CHECK_FALSE(rep.size(Views{"a", "b"}));
  std::string longest(Envelope::most_bytes, 'x');
  std::string longer(Envelope::most_bytes + 1, 'x');
  CHECK(rep.size(Views{longest, ""}) == 2);
  CHECK_FALSE(rep.size(Views{longer, ""}));
  Views many(Envelope::most, "x");
  many.push_back("");
  CHECK(rep.size(many) == Envelope::most + 1);
  many.insert(many.begin(), "x");
  CHECK_FALSE(rep.size(many));

  Envelope none{.delimited = false, .count = 0};
  CHECK(none.size(Views{"body"}) == 0);
  CHECK(none.size(Views{}) == 0);
  Envelope two{.delimited = false, .count = 2};
  CHECK(two.size(Views{"a", "", "body"}) == 2);
  CHECK(two.size(Views{"a", "b"}) == 2);
  CHECK_FALSE(two.size(Views{"a"}));
  CHECK_FALSE(two.size(Views{longer, "b", "body"}));
}

TEST_CASE("parts are headers, and the body is the body") {
  Arena arena;
  Parts parts({"topic", "body", "state"});
  Headers headers(arena);
  auto body = parts.read(Views{"t", "b", "s"}, headers);
  REQUIRE(body);
  CHECK(*body == "b");
  CHECK(headers.value("topic") == "t");
  CHECK(headers.value("state") == "s");
  FrameList back;
  parts.write("new", headers, back);
  CHECK(Views(back.all().begin(), back.all().end()) == Views{"t", "new", "s"});
  Headers nothing(arena);
  FrameList empty;
  parts.write("new", nothing, empty);
  CHECK(Views(empty.all().begin(), empty.all().end()) == Views{"", "new", ""});
  CHECK_FALSE(parts.read(Views{"t", "b"}, headers));
  CHECK_FALSE(parts.read(Views{"t", "b", "s", "x"}, headers));
  CHECK_FALSE(parts.read(Views{"t\n", "b", "s"}, headers));
}

TEST_CASE("what may be a header is text") {
  for (const char* good :
       {"", "EUR", "\xC3\xA4", "\xE2\x82\xAC", "\xF0\x9F\x9A\x8C", "a\tb", "\xED\x9F\xBF", "\xF4\x8F\xBF\xBF"}) {
    CAPTURE(good);
    CHECK(good_part(good));
  }
  for (const char* bad : {"\xFF", "\xC3", "\xC0\x80", "\xC1\xBF", "\xE0\x80\x80", "\xED\xA0\x80", "\xF4\x90\x80\x80",
                          "\xF0\x80\x80\x80", "\xE2\x82", "\x80", "a\rb", "\x7F", "\xC3\x28"}) {
    CAPTURE(bad);
    CHECK_FALSE(good_part(bad));
  }
  CHECK_FALSE(good_part(std::string_view("\0", 1)));
  CHECK(good_part(std::string(8 * 1024, 'x')));
  CHECK_FALSE(good_part(std::string(8 * 1024 + 1, 'x')));
}

}  // namespace
}  // namespace busway::zmq
