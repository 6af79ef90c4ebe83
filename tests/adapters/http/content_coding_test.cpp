#include "adapters/http/content_coding.hpp"

#include <doctest/doctest.h>

#include "tests/adapters/http/parts.hpp"
#include "tests/fakes/gzip.hpp"

using namespace http_test;

namespace {

// Numbers that do not shrink a hundredfold.
std::string varied(std::size_t size) {
  std::string out;
  unsigned state = 1;
  while (out.size() < size) {
    state = state * 1664525 + 1013904223;
    out += std::to_string(state) + " ";
  }
  out.resize(size);
  return out;
}

Task<> read_it(Exchange& exchange) {
  auto document = exchange.message().document(exchange.arena());
  if (!document) {
    exchange.fail(document.error());
    exchange.ending = Exchange::Ending::failed;
    co_return;
  }
  exchange.message().replace(*document);
  exchange.reply_status = 200;
}

std::string post(const std::string& path, const std::string& body, const std::string& coding) {
  return "POST " + path +
         " HTTP/1.1\r\nHost: a\r\nConnection: close\r\nContent-Type: application/json\r\nContent-Encoding: " + coding +
         "\r\nContent-Length: " + std::to_string(body.size()) + "\r\n\r\n" + body;
}

}  // namespace

TEST_CASE("gzip is inflated member by member and within its bounds") {
  Arena arena;
  std::string text = varied(100'000);
  CHECK(*http::decode_content("gzip", fakes::gzip(text), 100'000, arena) == text);
  CHECK(*http::decode_content("X-GZip", fakes::gzip("a") + fakes::gzip("b"), 100, arena) == "ab");
  CHECK(*http::decode_content("identity", "a", 100, arena) == "a");
  CHECK(http::decode_content("gzip", fakes::gzip(text), 99'999, arena).error().code == "too_large");
  std::string bomb = fakes::gzip(std::string(10'000'000, '0'));
  CHECK(bomb.size() < 12'000);
  CHECK(http::decode_content("gzip", bomb, UINT64_MAX, arena).error().code == "too_large");
  CHECK(arena.reserved() < 1'000'000);
  for (const char* coding : {"br", "deflate", "gzip, gzip", "gzip, br"})
    CHECK(http::decode_content(coding, fakes::gzip("a"), 100, arena).error().code == "coding");
  std::string whole = fakes::gzip("hello");
  for (std::size_t cut = 0; cut < whole.size(); ++cut)
    CHECK_FALSE(http::decode_content("gzip", std::string_view(whole).substr(0, cut), 100, arena));
  CHECK_FALSE(http::decode_content("gzip", whole + "x", 100, arena));
  whole[whole.size() - 5] ^= 1;  // the checksum
  CHECK_FALSE(http::decode_content("gzip", whole, 100, arena));
}

TEST_CASE("a coded body is decoded for a step that reads it, and only then") {
  Bed bed;
  bed.route("POST /read", read_it, 50'000);
  bed.route("POST /pass", echo);
  bed.start();
  std::string got = bed.talk(post("/read", fakes::gzip("{\"a\":1}"), "gzip"));
  CHECK(got.starts_with("HTTP/1.1 200"));
  CHECK(got.ends_with("{\"a\":1}"));
  std::string bomb = fakes::gzip("\"" + std::string(1'000'000, 'x') + "\"");
  CHECK(bed.talk(post("/read", bomb, "gzip")).starts_with("HTTP/1.1 413"));
  CHECK(bed.talk(post("/read", fakes::gzip("\"" + varied(60'000) + "\""), "gzip")).starts_with("HTTP/1.1 413"));
  CHECK(bed.talk(post("/read", "{}", "br")).starts_with("HTTP/1.1 415"));
  CHECK(bed.talk(post("/read", "{}", "gzip\r\nContent-Encoding: br")).starts_with("HTTP/1.1 415"));
  CHECK(bed.talk(post("/read", "{}", "gzip")).starts_with("HTTP/1.1 400"));
  CHECK(bed.talk(post("/pass", bomb, "gzip")).ends_with(bomb));
  CHECK(bed.talk(post("/pass", "any", "br")).ends_with("any"));
}
