#include "adapters/http/client.hpp"

#include <doctest/doctest.h>

#include <vector>

#include "adapters/http/target.hpp"
#include "tests/adapters/http/parts.hpp"

using namespace http_test;
using namespace busway::http;

namespace {

// A client and the worker it lives on.
struct Caller {
  explicit Caller(ClientOptions options = {}) : client(std::move(options)) { REQUIRE(client.open(1, false)); }
  ~Caller() { client.close(worker); }

  struct Got {
    bool done = false;
    std::string kind;  // of the error, or the status
    std::string text;
    std::string body;
    std::string headers;
  };
  Task<> ask(Request request, Endpoint endpoint, std::chrono::milliseconds time, Got& got) {
    Exchange exchange(worker);
    TimePoint deadline = worker.now() + time;
    auto response = co_await client.send(exchange, request, endpoint, deadline);
    if (response) {
      got.kind = std::to_string(response->status);
      got.body = response->body;
      for (const Header& header : response->headers.all())
        got.headers += std::string(header.name) + "=" + std::string(header.value) + ";";
    } else {
      got.kind = name_of(response.error().kind);
      got.text = response.error().text;
    }
    got.done = true;
  }
  Got send(const Request& request, const HostPort& to, std::chrono::milliseconds time = 2000ms) {
    Got got;
    Endpoint endpoint{.text = to.text(), .host_port = to, .secure = false, .path = "", .at = {}};
    worker.post([&] { worker.spawn(ask(request, endpoint, time, got)); });
    worker.run_until([&] { return got.done; });
    return got;
  }

  Worker worker;
  Client client;
};

const std::string good =
    "HTTP/1.1 200 OK\r\nContent-Type: text/plain\r\nContent-Length: 2\r\nKeep-Alive: x\r\nbusway-x: 1\r\n\r\nok";

}  // namespace

TEST_CASE("answers come back whole and the connection is used again") {
  Caller caller;
  Stand stand(caller.worker, [](std::size_t) { return Script{.until = "\r\n\r\n", .answer = good}; });
  for (int i = 0; i < 5; ++i) {
    auto got = caller.send({.method = "GET", .target = "/a?b"}, stand.at());
    CHECK(got.kind == "200");
    CHECK(got.body == "ok");
    CHECK(got.headers == "Content-Type=text/plain;");
  }
  CHECK(stand.connections == 1);
  CHECK(stand.seen.front() == "GET /a?b HTTP/1.1\r\nHost: " + stand.at().text() + "\r\n\r\n");
  CHECK(caller.client.open_connections() == 1);
}

TEST_CASE("every way an answer is framed") {
  struct Row {
    std::string answer;
    Script::Then then;
    std::string kind;
    std::string body;
  };
  const Row rows[] = {
      {"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n0\r\n\r\n", Script::Then::stay, "200", "abc"},
      {"HTTP/1.1 200 OK\r\n\r\nuntil the end", Script::Then::close, "200", "until the end"},
      {"HTTP/1.0 200 OK\r\nContent-Length: 1\r\n\r\nx", Script::Then::close, "200", "x"},
      {"HTTP/1.1 204 No Content\r\n\r\n", Script::Then::stay, "204", ""},
      {"HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 103 Early Hints\r\nLink: a\r\n\r\nHTTP/1.1 404 Not Found\r\nContent-Length: "
       "1\r\n\r\nx",
       Script::Then::stay, "404", "x"},
      {"HTTP/1.1 500 Oops\r\nContent-Length: 300000\r\n\r\n" + std::string(300'000, 'z'), Script::Then::stay, "500",
       std::string(300'000, 'z')},
      {good + "unasked", Script::Then::stay, "200", "ok"},
  };
  for (const Row& row : rows) {
    Caller caller;
    Stand stand(caller.worker, [&](std::size_t) { return Script{.until = "\r\n\r\n", .answer = row.answer, .then = row.then}; });
    auto got = caller.send({}, stand.at());
    CHECK_MESSAGE(got.kind == row.kind, row.answer.substr(0, 80) << " " << got.text);
    CHECK(got.body == row.body);
    bool kept = row.then == Script::Then::stay && !row.answer.ends_with("unasked");
    CHECK_MESSAGE(caller.client.open_connections() == (kept ? 1 : 0), row.answer.substr(0, 80));
  }
}

TEST_CASE("bytes nobody asked for are never another caller's answer, also where the answer fills its buffer to the brim") {
  const std::string stray = "HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nstray";
  std::vector<std::size_t> sizes;  // of the whole answer
  for (std::size_t edge = 1024; edge <= 16 * 1024; edge += 1024) sizes.insert(sizes.end(), {edge - 1, edge, edge + 1});
  for (std::size_t whole : sizes) {
    std::size_t size =
        whole - std::string_view("HTTP/1.1 200 OK\r\nContent-Length: 1000\r\n\r\n").size() - (whole > 11'000 ? 1 : 0);
    Caller caller;
    std::string body(size, 'z');
    std::string answer = "HTTP/1.1 200 OK\r\nContent-Length: " + std::to_string(size) + "\r\n\r\n" + body;
    Stand stand(caller.worker, [&](std::size_t) { return Script{.until = "\r\n\r\n", .answer = answer + stray}; });
    for (int i = 0; i < 2; ++i) {
      auto got = caller.send({.method = "GET", .target = "/"}, stand.at());
      REQUIRE_MESSAGE(got.body == body, size << " " << got.text);
    }
    REQUIRE_MESSAGE(stand.connections == 2, size);
  }
}

TEST_CASE("what did not come back whole is unknown, what is no HTTP is garbage") {
  struct Row {
    std::string answer;
    Script::Then then;
    std::string kind;
  };
  const Row rows[] = {
      {"", Script::Then::close, "unknown"},
      {"", Script::Then::reset, "unknown"},
      {"", Script::Then::stay, "unknown"},
      {"HTTP/1.1 200 OK\r\nContent-Le", Script::Then::close, "unknown"},
      {"HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nab", Script::Then::close, "unknown"},
      {"HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nab", Script::Then::stay, "unknown"},
      {"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n", Script::Then::close, "unknown"},
      {"SSH-2.0-OpenSSH_9.2\r\n", Script::Then::stay, "garbage"},
      {"HTTP/1.1 200 OK\nContent-Length: 0\n\n", Script::Then::stay, "garbage"},
      {"HTTP/1.1 200 OK\r\nContent-Length: 1\r\nContent-Length: 2\r\n\r\nab", Script::Then::stay, "garbage"},
      {"HTTP/1.1 200 OK\r\nTransfer-Encoding: gzip\r\n\r\nab", Script::Then::stay, "garbage"},
      {"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n", Script::Then::stay, "garbage"},
      {"HTTP/1.1 101 Switching Protocols\r\n\r\n", Script::Then::stay, "garbage"},
      {"HTTP/1.1 200 OK\r\nContent-Length: 99999999\r\n\r\n", Script::Then::stay, "garbage"},
  };
  for (const Row& row : rows) {
    Caller caller;
    Stand stand(caller.worker, [&](std::size_t) { return Script{.until = "\r\n\r\n", .answer = row.answer, .then = row.then}; });
    auto got = caller.send({.method = "POST", .target = "/", .headers = {}, .content_type = {}, .body = "x"}, stand.at(), 100ms);
    CHECK_MESSAGE(got.kind == row.kind, row.answer << " " << got.text);
    CHECK(caller.client.open_connections() == 0);
  }
}

TEST_CASE("what never left is not sent") {
  Caller caller;
  HostPort closed;
  {
    Stand stand(caller.worker, [](std::size_t) { return Script{}; });
    closed = stand.at();
  }
  CHECK(caller.send({}, closed).kind == "not_sent");
  CHECK(caller.send({}, {"no-such-name.invalid", 80}).kind == "not_sent");
  CHECK(caller.send({.method = "GET", .target = "/a b"}, closed).kind == "mapping");
  std::vector<Header> bad = {{.name = "A", .value = "b\r\nC: d"}};
  CHECK(caller.send({.method = "GET", .target = "/", .headers = bad}, closed).kind == "mapping");
  CHECK(caller.client.open_connections() == 0);
}

TEST_CASE("a resting connection that the service closed is not used") {
  Caller caller;
  Stand stand(caller.worker,
              [](std::size_t) { return Script{.until = "\r\n\r\n", .answer = good, .then = Script::Then::close}; });
  for (int i = 0; i < 20; ++i) {
    auto got = caller.send({}, stand.at());
    CHECK(got.kind == "200");
    wait_for(caller.worker, 2ms, [] { return false; });
  }
  CHECK(stand.connections == 20);
}

TEST_CASE("an answer before the whole request counts") {
  Caller caller;
  Stand stand(caller.worker, [](std::size_t) {
    return Script{
        .until = "\r\n\r\n", .answer = "HTTP/1.1 413 Content Too Large\r\nContent-Length: 0\r\n\r\n", .then = Script::Then::stay};
  });
  std::string large(200'000, 'x');
  auto got = caller.send({.method = "POST", .target = "/", .headers = {}, .content_type = {}, .body = large}, stand.at());
  CHECK(got.kind == "413");
}

TEST_CASE("at the bound requests wait their turn") {
  ClientOptions options;
  options.connections = 2;
  options.waiting = 30;
  Caller caller(options);
  Stand stand(caller.worker, [](std::size_t) { return Script{.until = "\r\n\r\n", .answer = good}; });
  std::vector<Caller::Got> all(40);
  Endpoint endpoint{.text = "", .host_port = stand.at(), .secure = false, .path = "", .at = {}};
  caller.worker.post([&] {
    for (Caller::Got& got : all) caller.worker.spawn(caller.ask({}, endpoint, 3000ms, got));
  });
  caller.worker.run_until([&] { return std::all_of(all.begin(), all.end(), [](const Caller::Got& got) { return got.done; }); });
  std::size_t answered = 0;
  for (const Caller::Got& got : all) answered += got.kind == "200" ? 1 : 0;
  CHECK(answered == 32);  // 2 at once, 30 in the queue
  CHECK(stand.connections == 2);
  CHECK(caller.client.open_connections() == 2);

  // Another endpoint takes over a connection that rests.
  Stand other(caller.worker, [](std::size_t) { return Script{.until = "\r\n\r\n", .answer = good}; });
  CHECK(caller.send({}, other.at()).kind == "200");
  CHECK(caller.client.open_connections() == 2);
}

TEST_CASE("connections rest only so long") {
  ClientOptions options;
  options.idle = 30ms;
  Caller caller(options);
  Stand stand(caller.worker, [](std::size_t) { return Script{.until = "\r\n\r\n", .answer = good}; });
  CHECK(caller.send({}, stand.at()).kind == "200");
  CHECK(caller.client.open_connections() == 1);
  wait_for(caller.worker, 2s, [&] { return caller.client.open_connections() == 0; });
  CHECK(caller.client.open_connections() == 0);
}

TEST_CASE("a thousand calls of each ending leave nothing behind") {
  Caller caller;
  for (Script::Then then : {Script::Then::close, Script::Then::reset}) {
    for (const std::string& answer : {std::string(), good, std::string("garbage\r\n")}) {
      Stand stand(caller.worker, [&](std::size_t) { return Script{.until = "\r\n\r\n", .answer = answer, .then = then}; });
      caller.send({}, stand.at());
      std::size_t before = open_descriptors();
      for (int i = 0; i < 1000; ++i) caller.send({}, stand.at());
      CHECK(open_descriptors() <= before + 3);
    }
  }
  caller.client.close(caller.worker);
  CHECK(caller.client.open_connections() == 0);
}

TEST_CASE("endpoint URLs are read strictly") {
  auto plain = read_endpoint("http://10.0.0.5/erp");
  REQUIRE(plain);
  CHECK(plain->host_port.text() == "10.0.0.5:80");
  CHECK(plain->path == "/erp");
  CHECK(read_endpoint("https://erp.local")->host_port.port == 443);
  CHECK(read_endpoint("https://erp.local")->path.empty());
  CHECK(read_endpoint("http://[::1]:8080/")->host_port.host == "::1");
  CHECK(read_endpoint("http://[::1]")->host_port.port == 80);
  for (const char* url : {"", "10.0.0.5", "ftp://a", "http://", "http:///a", "http://u:p@a", "http://a b", "http://a/b c",
                          "http://a/#x", "http://a:99999", "http://a:x"}) {
    CHECK_MESSAGE(!read_endpoint(url), url);
  }
}
