#include "adapters/http/body.hpp"

#include <doctest/doctest.h>

#include <algorithm>
#include <string>

using namespace busway;
using namespace busway::http;

namespace {

struct Gathered {
  std::string body;
  std::string rest;
  int status = 0;
  bool whole = false;
  bool operator==(const Gathered&) const = default;
};

// `head` stands for a head in front; the body's bytes arrive in pieces of `step`, the first one with the head.
Gathered gather(Framing framing, const std::string& wire, std::size_t step, std::uint64_t limit = 1 << 20, bool ends = false) {
  Gathered out;
  Buffer input;
  input.append("HEAD");
  std::string_view left = wire;
  std::size_t first = std::min<std::size_t>({step, left.size(), Buffer::usual / 2});
  input.append(left.substr(0, first));
  left.remove_prefix(first);
  BodyGatherer body(framing, limit, input, 4);
  while (!body.whole() && !body.refusal() && !left.empty()) {
    std::span<char> room = body.room();
    REQUIRE_FALSE(room.empty());
    std::size_t size = left.copy(room.data(), std::min(room.size(), step));
    left.remove_prefix(size);
    body.took(size);
  }
  if (ends && left.empty()) body.ended();
  out.whole = body.whole();
  out.status = body.refusal().status;
  if (out.whole) {
    out.body = body.body();
    out.rest = std::string(input.view().substr(body.next())) + std::string(left);
  }
  return out;
}

Gathered chunked(const std::string& wire, std::uint64_t limit = 1 << 20) {
  Gathered whole = gather({Framing::Kind::chunked, 0}, wire, wire.size(), limit);
  for (std::size_t step : {1, 2, 3, 7, 1000}) {
    Gathered other = gather({Framing::Kind::chunked, 0}, wire, step, limit);
    CHECK_MESSAGE(other == whole, wire.substr(0, 100) << " in steps of " << step);
  }
  for (std::size_t cut = 1; cut < wire.size() && wire.size() < 400; ++cut)
    CHECK(gather({Framing::Kind::chunked, 0}, wire, cut, limit) == whole);
  return whole;
}

}  // namespace

TEST_CASE("chunks are joined and what follows is left") {
  Gathered out = chunked("5\r\nhello\r\n6;a=b;c=\"d \\\" e\";f\r\n world\r\n000\r\nVary: *\r\nA:\r\n\r\nGET /");
  CHECK(out.whole);
  CHECK(out.body == "hello world");
  CHECK(out.rest == "GET /");
  CHECK(chunked("0\r\n\r\n").whole);
}

TEST_CASE("chunks by another grammar are refused") {
  for (const char* wire : {"g\r\n",
                           "\r\n",
                           "5 \r\nhello\r\n",
                           " 5\r\nhello\r\n",
                           "5\nhello",
                           "5\r\nhelloX",
                           "5\r\nhello\rX",
                           "5;\r\nhello\r\n",
                           "5;=a\r\n",
                           "5;a=\r\n",
                           "5;a=\"b\r\n",
                           "5;a=\"b\"c\r\n",
                           "5;a b\r\n",
                           "0x5\r\n",
                           "-5\r\n",
                           "ffffffffffffffff\r\n",
                           "0\r\n A: b\r\n\r\n",
                           "0\r\nA b\r\n\r\n",
                           "0\r\n: b\r\n\r\n",
                           "0\r\nA: b\n\r\n",
                           "0\r\n\rX",
                           "5\r\r;ABCD\r\n"}) {
    Gathered out = chunked(wire);
    CHECK_MESSAGE(out.status == 400, wire);
  }
  CHECK(chunked("5;" + std::string(300, 'a') + "\r\nhello\r\n0\r\n\r\n").status == 400);
  CHECK(chunked("5;" + std::string(200, 'a') + "\r\nhello\r\n0\r\n\r\n").whole);
  CHECK(chunked("0\r\nA: " + std::string(9000, 'a') + "\r\n\r\n").status == 400);
}

TEST_CASE("a body of a known length stays where it arrived") {
  for (std::size_t step : {1, 2, 5, 100}) {
    Gathered out = gather({Framing::Kind::length, 5}, "helloGET", step);
    CHECK(out.body == "hello");
    CHECK(out.rest == "GET");
  }
  CHECK_FALSE(gather({Framing::Kind::length, 5}, "hell", 2, 100, true).whole);
  CHECK(gather({Framing::Kind::length, 5}, "hello", 5, 4).status == 413);
  CHECK(gather({Framing::Kind::none, 0}, "GET", 3).rest == "GET");
  CHECK(gather({Framing::Kind::length, 0}, "", 1).whole);
}

TEST_CASE("large bodies move out of the input buffer and stay whole") {
  std::string large(300'000, 'x');
  for (std::size_t i = 0; i < large.size(); ++i) large[i] = static_cast<char>('a' + i % 26);
  for (std::size_t step : {777UL, 16'000UL, 100'000UL}) {
    Gathered counted = gather({Framing::Kind::length, large.size()}, large + "NEXT", step);
    CHECK(counted.body == large);
    CHECK(counted.rest == "NEXT");
    Gathered open = gather({Framing::Kind::until_close, 0}, large, step, 1 << 20, true);
    CHECK(open.body == large);
    std::string wire;
    for (std::size_t at = 0; at < large.size(); at += 5000) wire += "1388\r\n" + large.substr(at, 5000) + "\r\n";
    Gathered in_chunks = gather({Framing::Kind::chunked, 0}, wire + "0\r\n\r\nNEXT", step);
    CHECK(in_chunks.body == large);
    CHECK(in_chunks.rest == "NEXT");
  }
  CHECK(gather({Framing::Kind::until_close, 0}, large, 999, large.size() - 1, true).status == 413);
  CHECK(gather({Framing::Kind::until_close, 0}, large, 999, large.size(), true).whole);
  CHECK(gather({Framing::Kind::chunked, 0}, "6\r\nabcdef\r\n0\r\n\r\n", 4, 5).status == 413);
  CHECK(gather({Framing::Kind::chunked, 0}, "ffffffff\r\nabcdef", 4, 5).status == 413);
}
