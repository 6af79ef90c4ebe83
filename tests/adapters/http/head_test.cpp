#include "adapters/http/head.hpp"

#include <doctest/doctest.h>

#include <string>

using namespace busway;
using namespace busway::http;

namespace {

struct Outcome {
  Refusal refusal;
  bool whole = false;
  RequestHead head;
};

// Feeds `text` in pieces: up to `cut`, then the rest; `cut` 0: byte by byte.
Outcome read_request(const std::string& text, std::size_t cut) {
  Outcome out;
  HeadScanner scanner(HeadScanner::Side::request);
  std::string_view all = text;
  for (std::size_t end = cut == 0 ? 1 : cut;; end = cut == 0 ? end + 1 : text.size()) {
    out.whole = scanner.scan(all.substr(0, end));
    out.refusal = scanner.refusal();
    if (out.whole || out.refusal || end >= text.size()) break;
  }
  if (out.whole) out.refusal = out.head.read(all.substr(scanner.begin(), scanner.end() - scanner.begin()));
  return out;
}

// The status a request is refused with, 0 when it is taken, -1 when more is wanted; the same however it is cut.
int status_of(const std::string& text) {
  auto status = [](const Outcome& out) { return out.refusal ? out.refusal.status : out.whole ? 0 : -1; };
  int whole = status(read_request(text, text.size()));
  for (std::size_t cut = 0; cut < text.size(); ++cut) {
    if (text.size() > 2000 && cut % 997 != 0) continue;
    CHECK_MESSAGE(status(read_request(text, cut)) == whole, text.substr(0, 200) << " cut at " << cut);
  }
  return whole;
}

std::string request(const std::string& fields) {
  return "POST /a HTTP/1.1\r\nHost: a\r\n" + fields + "\r\n";
}

int response_status(const std::string& text, bool head_request = false) {
  HeadScanner scanner(HeadScanner::Side::response);
  ResponseHead head;
  if (!scanner.scan(text)) return scanner.refusal() ? scanner.refusal().status : -1;
  Refusal refusal = head.read(std::string_view(text).substr(0, scanner.end()), head_request);
  return refusal ? refusal.status : 0;
}

}  // namespace

TEST_CASE("a request head is read into its parts") {
  std::string text =
      "GET /a/b%20c?x=1&y HTTP/1.1\r\nHost: shop.example:8080\r\nX-One:\t two words \t\r\nConnection: close, X-Hop\r\nx-hop: "
      "1\r\n\r\nrest";
  Outcome out = read_request(text, 7);
  REQUIRE(out.whole);
  REQUIRE_FALSE(out.refusal);
  CHECK(out.head.method == "GET");
  CHECK(out.head.target == "/a/b%20c?x=1&y");
  CHECK(out.head.path == "/a/b%20c");
  CHECK(out.head.query == "x=1&y");
  CHECK(out.head.host == "shop.example:8080");
  REQUIRE(out.head.fields.size() == 4);
  CHECK(out.head.fields[1].value == "two words");
  CHECK(out.head.fields[2].hop_by_hop);
  CHECK(out.head.fields[3].hop_by_hop);
  CHECK(out.head.close);
  CHECK_FALSE(out.head.persistent());
  CHECK(out.head.framing.kind == Framing::Kind::none);
}

TEST_CASE("targets have the forms of RFC 9112") {
  std::string text = "GET http://Shop.example?q HTTP/1.1\r\nHost: shop.example:80\r\n\r\n";
  Outcome absolute = read_request(text, 5);
  CHECK_FALSE(absolute.refusal);
  CHECK(absolute.head.path == "/");
  CHECK(absolute.head.query == "q");
  CHECK(absolute.head.host == "Shop.example");
  CHECK(status_of("OPTIONS * HTTP/1.1\r\nHost: a\r\n\r\n") == 0);
  for (const char* target : {"*", "a", "http://", "http://a b/", "ftp://a/", "http://u@a/", "/a b", "/a\tb", "/%", "/%4", "/%zz",
                             "/a#b", "/a\"b", "/\x01", "/\x80", "//\\", "/a?b|c", "http://b/"}) {
    CHECK_MESSAGE(status_of("GET " + std::string(target) + " HTTP/1.1\r\nHost: a\r\n\r\n") == 400, target);
  }
  CHECK(status_of("CONNECT a:443 HTTP/1.1\r\nHost: a\r\n\r\n") == 501);
}

TEST_CASE("what has more than one reading is refused") {
  struct Row {
    std::string text;
    int status;
  };
  const Row rows[] = {
      {request("Content-Length: 1\r\nTransfer-Encoding: chunked\r\n"), 400},
      {request("Content-Length: 5\r\nContent-Length: 5\r\n"), 400},
      {request("Content-Length: 5, 5\r\n"), 400},
      {request("Content-Length: +5\r\n"), 400},
      {request("Content-Length: -5\r\n"), 400},
      {request("Content-Length:\r\n"), 400},
      {request("Content-Length: 0x10\r\n"), 400},
      {request("Content-Length: 99999999999999999999\r\n"), 400},
      {request("Content-Length: 18446744073709551615\r\n"), 400},
      {request("Transfer-Encoding: gzip, chunked\r\n"), 501},
      {request("Transfer-Encoding: chunked, gzip\r\n"), 501},
      {request("Transfer-Encoding: xchunked\r\n"), 501},
      {request("Transfer-Encoding: identity\r\n"), 501},
      {request("Transfer-Encoding:\r\n"), 400},
      {request("Transfer-Encoding: chunked\r\nTransfer-Encoding: chunked\r\n"), 400},
      {"POST / HTTP/1.0\r\nTransfer-Encoding: chunked\r\n\r\n", 400},
      {request("A: b\r\n folded\r\n"), 400},
      {request("A : b\r\n"), 400},
      {request(": b\r\n"), 400},
      {request("A\r\n"), 400},
      {request("A b: c\r\n"), 400},
      {request("A: b\rc\r\n"), 400},
      {request("A: b\nC: d\r\n"), 400},
      {request(std::string("A: b\0c\r\n", 8)), 400},
      {request("A: b\x7f\r\n"), 400},
      {request("A\x80: b\r\n"), 400},
      {request("Content_Length: 5\r\n"), 400},
      {request("transfer_encoding: chunked\r\n"), 400},
      {request("X_Forwarded_For: 1.2.3.4\r\n"), 400},
      {request("Connection: a b\r\n"), 400},
      {request("Expect: 200-maybe\r\n"), 417},
      {"GET / HTTP/1.1\r\n\r\n", 400},
      {"GET / HTTP/1.1\r\nHost: a\r\nHost: a\r\n\r\n", 400},
      {"GET / HTTP/1.1\r\nHost:\r\n\r\n", 400},
      {"GET / HTTP/1.1\r\nHost: u@a\r\n\r\n", 400},
      {"GET / HTTP/1.1\r\nHost: a b\r\n\r\n", 400},
      {"GET / HTTP/1.1\r\nHost: a:x\r\n\r\n", 400},
      {"GET /\r\n\r\n", 400},
      {"GET / HTTP/2.0\r\n\r\n", 505},
      {"GET / HTTP/1.2\r\nHost: a\r\n\r\n", 505},
      {"GET / http/1.1\r\n\r\n", 400},
      {"GET  / HTTP/1.1\r\nHost: a\r\n\r\n", 400},
      {"GET / HTTP/1.1 \r\nHost: a\r\n\r\n", 400},
      {" GET / HTTP/1.1\r\nHost: a\r\n\r\n", 400},
      {"GET / HTTP/1.1\nHost: a\n\n", 400},
      {"GET / HTTP/1.1\r\n Host: a\r\n\r\n", 400},
      {"G\x01T / HTTP/1.1\r\nHost: a\r\n\r\n", 400},
      {"\x16\x03\x01\x02", 400},
      {"\r\n\r\n\r\n\r\n\r\n\r\nGET / HTTP/1.1\r\n\r\n", 400},
  };
  for (const Row& row : rows) CHECK_MESSAGE(status_of(row.text) == row.status, row.text);
}

TEST_CASE("what RFC 9110 allows is taken") {
  for (const std::string& text :
       {request(""), request("A:\r\n"), request("A: \xc3\xbc\r\n"), request("a_b: c\r\n"), request("Content-Length: 003\r\n"),
        request("Transfer-Encoding: CHUNKED\r\n"), request("Expect: 100-Continue\r\n"),
        std::string("\r\nGET / HTTP/1.1\r\nHost: [::1]:80\r\n\r\n"), std::string("GET / HTTP/1.0\r\n\r\n")}) {
    CHECK_MESSAGE(status_of(text) == 0, text);
  }
}

TEST_CASE("a head is bounded in every direction") {
  CHECK(status_of("GET /" + std::string(8200, 'a')) == 414);
  CHECK(status_of(request("A: " + std::string(8200, 'a'))) == 431);
  CHECK(status_of(request("A: " + std::string(8000, 'a') + "\r\nHo")) == -1);
  std::string many;
  for (int i = 0; i < 101; ++i) many += "A: b\r\n";
  CHECK(status_of(request(many)) == 431);
  std::string large;
  for (int i = 0; i < 5; ++i) large += "A: " + std::string(8000, 'a') + "\r\n";
  CHECK(status_of(request(large)) == 431);
  std::string options = "Connection: a";
  for (int i = 0; i < 40; ++i) options += ",a";
  CHECK(status_of(request(options + "\r\n")) == 400);
}

TEST_CASE("a line with two mistakes is judged alike, however it arrives") {
  CHECK(status_of("GET /" + std::string(9000, 'a') + "\n") == 414);
  CHECK(status_of("\x01" + std::string(9000, 'a') + "\r\n") == 400);
  CHECK(status_of(request("A: " + std::string(9000, 'a') + "\nB: c\r\n")) == 431);
  CHECK(status_of("GET /\n") == 400);
}

TEST_CASE("behind the body of a GET or HEAD nothing is read") {
  for (const char* method : {"GET", "HEAD"}) {
    std::string line = std::string(method) + " / HTTP/1.1\r\nHost: a\r\n";
    CHECK_FALSE(read_request(line + "Content-Length: 5\r\n\r\n", 0).head.persistent());
    CHECK_FALSE(read_request(line + "Transfer-Encoding: chunked\r\n\r\n", 0).head.persistent());
    CHECK(read_request(line + "Content-Length: 0\r\n\r\n", 0).head.persistent());
    CHECK(read_request(line + "\r\n", 0).head.persistent());
  }
  CHECK(read_request(request("Content-Length: 5\r\n"), 0).head.persistent());
}

TEST_CASE("answers are read as strictly") {
  CHECK(response_status("HTTP/1.1 200 OK\r\nContent-Length: 1\r\n\r\n") == 0);
  CHECK(response_status("HTTP/1.1 200\r\n\r\n") == 0);
  CHECK(response_status("HTTP/1.0 404 Not Found\r\n\r\n") == 0);
  for (const char* text : {"HTTP/1.1 99 A\r\n\r\n", "HTTP/1.1 600 A\r\n\r\n", "HTTP/1.1 2000\r\n\r\n", "HTTP/1.1  200 OK\r\n\r\n",
                           "HTP/1.1 200 OK\r\n\r\n", "HTTP/1.1 200 OK\r\nContent-Length: 1\r\nContent-Length: 2\r\n\r\n",
                           "HTTP/1.1 200 OK\r\nA : b\r\n\r\n", "\r\nHTTP/1.1 200 OK\r\n\r\n", "HTTP/1.1 200 O\x01K\r\n\r\n",
                           "SSH-2.0-OpenSSH_9.2\r\n"}) {
    CHECK_MESSAGE(response_status(text) == 400, text);
  }
  CHECK(response_status("HTTP/2.0 200 OK\r\n\r\n") == 505);
  CHECK(response_status("HTTP/1.1 200 OK\r\nTransfer-Encoding: gzip\r\n\r\n") == 501);

  ResponseHead head;
  CHECK_FALSE(head.read("HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\n", true));
  CHECK(head.framing.kind == Framing::Kind::none);
  CHECK_FALSE(head.read("HTTP/1.1 204 \r\nContent-Length: 9\r\n\r\n", false));
  CHECK(head.framing.kind == Framing::Kind::none);
  CHECK_FALSE(head.read("HTTP/1.1 200 OK\r\n\r\n", false));
  CHECK(head.framing.kind == Framing::Kind::until_close);
}
