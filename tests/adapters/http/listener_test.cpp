#include <arpa/inet.h>
#include <doctest/doctest.h>
#include <unistd.h>

#include <array>

#include "bus/json_text.hpp"
#include "tests/adapters/http/parts.hpp"

using namespace http_test;

namespace {

std::string post(const std::string& path, const std::string& body, const std::string& fields = "") {
  return "POST " + path + " HTTP/1.1\r\nHost: a\r\nContent-Length: " + std::to_string(body.size()) + "\r\n" + fields + "\r\n" +
         body;
}
std::string get(const std::string& path, const std::string& fields = "") {
  return "GET " + path + " HTTP/1.1\r\nHost: a\r\n" + fields + "\r\n";
}

bool has(const std::string& text, std::string_view part) {
  return text.find(part) != std::string::npos;
}

std::size_t count(const std::string& text, std::string_view part) {
  std::size_t n = 0;
  for (std::size_t at = text.find(part); at != std::string::npos; at = text.find(part, at + 1)) ++n;
  return n;
}

}  // namespace

TEST_CASE("a request is answered and the connection stays") {
  Bed bed;
  bed.route("POST /echo");
  bed.start();
  std::string got = bed.talk(post("/echo", "one", "Content-Type: text/plain\r\n") + post("/echo", "two"), replies(2));
  CHECK(count(got, "HTTP/1.1 200 OK\r\n") == 2);
  CHECK(has(got, "Content-Type: text/plain\r\n"));
  CHECK(has(got, "Content-Length: 3\r\n"));
  CHECK(has(got, "Date: "));
  CHECK(got.ends_with("two"));
  CHECK_FALSE(has(got, "Connection:"));
}

TEST_CASE("a pipeline of many requests is answered in order, however it is cut") {
  Bed bed;
  bed.route("POST /echo");
  bed.start();
  std::string all;
  for (int i = 0; i < 20; ++i) {
    all += i % 2 == 0
               ? post("/echo", "body" + std::to_string(i))
               : "POST /echo HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n2;x\r\nde\r\n0\r\nT: 1\r\n\r\n";
  }
  std::string whole = bed.talk(all, replies(20));
  CHECK(count(whole, "HTTP/1.1 200 OK\r\n") == 20);
  CHECK(count(whole, "abcde") == 10);
  CHECK(whole.find("body0") < whole.find("body18"));
  CHECK(bed.talk(all, replies(20), 37).size() == whole.size());
}

TEST_CASE("404, 405 and HEAD") {
  Bed bed;
  bed.route("GET /thing", [](Exchange& exchange) -> Task<> {
    exchange.message().receive("hello", "text/plain", "http", nullptr, Side::service);
    exchange.answer_status = 200;
    co_return;
  });
  bed.start();
  std::string got = bed.talk(get("/nothing") + get("/thing"), replies(2));
  CHECK(has(got, "HTTP/1.1 404 Not Found\r\n"));
  CHECK(has(got, "application/problem+json"));
  CHECK(has(got, "\"status\":404"));
  CHECK(got.ends_with("hello"));
  got = bed.talk(post("/thing", "x", "Connection: close\r\n"));
  CHECK(has(got, "HTTP/1.1 405 Method Not Allowed\r\nAllow: GET, HEAD\r\n"));
  CHECK(has(got, "Connection: close\r\n"));
  got = bed.talk("HEAD /thing HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n");
  CHECK(has(got, "Content-Length: 5\r\n"));
  CHECK(got.ends_with("\r\n\r\n"));
}

TEST_CASE("what is refused closes the connection after the reason") {
  Bed bed;
  bed.route("POST /echo", echo, 10);
  bed.start();
  std::string got = bed.talk(
      "POST /echo HTTP/1.1\r\nHost: a\r\nContent-Length: 1\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\nGET / HTTP/1.1\r\n\r\n");
  CHECK(has(got, "HTTP/1.1 400 Bad Request\r\n"));
  CHECK(has(got, "both Content-Length and Transfer-Encoding"));
  CHECK(count(got, "HTTP/1.1") == 1);
  CHECK(has(bed.talk(post("/echo", std::string(11, 'x'))), "HTTP/1.1 413 Content Too Large\r\n"));
  CHECK(has(bed.talk(post("/echo", std::string(3'000'000, 'x'))), "HTTP/1.1 413 Content Too Large\r\n"));
  CHECK(has(bed.talk("POST /echo HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\nb\r\n01234567890\r\n0\r\n\r\n"),
            "HTTP/1.1 413"));
  CHECK(has(bed.talk("POST /echo HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\nx\r\n"), "HTTP/1.1 400"));
  CHECK(has(bed.talk(get("/" + std::string(9000, 'a'))), "HTTP/1.1 414"));
  CHECK(has(bed.talk("\x16\x03\x01"), "HTTP/1.1 400"));
}

TEST_CASE("100-continue is sent only for what will be taken") {
  Bed bed;
  bed.route("POST /echo", echo, 10);
  bed.start();
  std::string head = "POST /echo HTTP/1.1\r\nHost: a\r\nExpect: 100-continue\r\nConnection: close\r\nContent-Length: ";
  std::string got = bed.talk(head + "5\r\n\r\n", [](const std::string& text) { return text.ends_with("\r\n\r\n"); });
  CHECK(got == "HTTP/1.1 100 Continue\r\n\r\n");
  got = bed.talk(head + "5\r\n\r\nhello", {}, 150);
  CHECK(has(got, "200 OK"));
  CHECK(has(bed.talk(head + "50\r\n\r\n"), "HTTP/1.1 413"));
  CHECK_FALSE(has(bed.talk(head + "50\r\n\r\n"), "100 Continue"));
  std::string nowhere = head;
  nowhere.replace(5, 5, "/none");
  got = bed.talk(nowhere + "5\r\n\r\n");
  CHECK(got.starts_with("HTTP/1.1 404"));
}

TEST_CASE("large bodies pass both ways") {
  Bed bed;
  bed.route("POST /echo", echo, 8 << 20);
  bed.start();
  std::string large(3'000'000, 'y');
  std::string got = bed.talk(post("/echo", large, "Connection: close\r\n"));
  CHECK(got.size() > large.size());
  CHECK(got.ends_with(large));
  std::string chunks = "POST /echo HTTP/1.1\r\nHost: a\r\nConnection: close\r\nTransfer-Encoding: chunked\r\n\r\n";
  for (int i = 0; i < 300; ++i) chunks += "2710\r\n" + large.substr(0, 10'000) + "\r\n";
  got = bed.talk(chunks + "0\r\n\r\n");
  CHECK(has(got, "Content-Length: 3000000\r\n"));
  CHECK(got.ends_with(large));
}

TEST_CASE("fields that frame or steer stay outside") {
  Bed bed;
  std::string seen;
  bed.route("GET /a/{id}", [&](Exchange& exchange) -> Task<> {
    for (const Header& header : exchange.message().headers.all()) seen += std::string(header.name) + ";";
    seen += exchange.origin.path;
    seen += to_json(exchange.origin.path_values);
    exchange.message().clear_body();
    exchange.message().headers.set("Transfer-Encoding", "chunked");
    exchange.message().headers.set("X-Mine", "yes");
    exchange.message().headers.set("busway-x", "1");
    exchange.reply_status = 204;
    co_return;
  });
  bed.route("GET /split", [](Exchange& exchange) -> Task<> {
    exchange.message().headers.set("X-Mine", "a\r\nX-Evil: 1");
    co_return;
  });
  bed.start();
  std::string got = bed.talk(get("/a/7%209",
                                 "Connection: X-Hop, close\r\nX-Hop: 1\r\nBusway-Route: 1\r\nKeep-Alive: 5\r\nTE: "
                                 "trailers\r\nUpgrade: h2c\r\nX-Good: 1\r\n"));
  CHECK(seen == "Host;X-Good;/a/7%209{\"id\":\"7 9\"}");
  CHECK(got.starts_with("HTTP/1.1 204 No Content\r\nX-Mine: yes\r\n"));
  CHECK_FALSE(has(got, "ransfer"));
  CHECK_FALSE(has(got, "busway"));
  CHECK_FALSE(has(got, "Content-Length"));
  got = bed.talk(get("/split", "Connection: close\r\n"));
  CHECK(got.starts_with("HTTP/1.1 500"));
  CHECK_FALSE(has(got, "X-Evil"));
}

TEST_CASE("a failed route is answered as problem details") {
  Bed bed;
  bed.route("GET /down", [](Exchange& exchange) -> Task<> {
    Failure failure;
    failure.kind = ErrorKind::not_sent;
    failure.status = 503;
    failure.message = "connecting to 10.0.0.9:7000: connection refused";
    failure.outcome = "not_sent";
    failure.retry_after_s = 7;
    exchange.fail(std::move(failure));
    exchange.ending = Exchange::Ending::failed;
    co_return;
  });
  bed.start();
  std::string got = bed.talk(get("/down", "Connection: close\r\n"));
  CHECK(got.starts_with("HTTP/1.1 503 Service Unavailable\r\n"));
  CHECK(has(got, "Retry-After: 7\r\n"));
  CHECK(has(got, "\"type\":\"urn:busway:not_sent\""));
  CHECK_FALSE(has(got, "10.0.0.9"));
}

TEST_CASE("HTTP/1.0 closes unless it asks to stay") {
  Bed bed;
  bed.route("GET /x", echo);
  bed.start();
  CHECK(has(bed.talk("GET /x HTTP/1.0\r\n\r\n"), "Connection: close\r\n"));
  CHECK(has(bed.talk("GET /x HTTP/1.0\r\nConnection: keep-alive\r\n\r\n", replies(1)), "Connection: keep-alive\r\n"));
}

TEST_CASE("time limits on heads, bodies and idle connections") {
  http::ListenerConfig config{.listen = "127.0.0.1:0"};
  config.head_deadline = 60ms;
  config.idle = 120ms;
  config.body_rate = ByteSize{1'000'000};
  Bed bed(config);
  bed.route("POST /echo");
  bed.start();
  CHECK(bed.talk("").empty());
  CHECK(has(bed.talk("POST /echo HT"), "HTTP/1.1 408"));
  CHECK(has(bed.talk("POST /echo HTTP/1.1\r\nHost: a\r\nContent-Length: 10\r\n\r\nabc"), "HTTP/1.1 408"));
  auto start = Clock::now();
  CHECK(has(bed.talk(post("/echo", "x")), "200 OK"));
  CHECK(Clock::now() - start >= 110ms);
}

TEST_CASE("one connection too many is told so") {
  http::ListenerConfig config{.listen = "127.0.0.1:0"};
  config.max_connections = 2;
  Bed bed(config);
  bed.route("POST /echo");
  bed.start();
  std::string third;
  bool asked = false;
  bed.talk(post("/echo", "x"), [&](const std::string&) { return true; });
  std::vector<Socket> open;
  auto hold = [](Bed& of, std::vector<Socket>& into, bool& done) -> Task<> {
    for (int i = 0; i < 2; ++i) {
      HostPort to = of.at();
      auto socket = co_await connect(of.worker, to, of.worker.now() + 5s);
      REQUIRE(socket);
      into.push_back(std::move(*socket));
    }
    co_await of.worker.sleep_for(30ms);
    done = true;
  };
  bed.worker.post([&] { bed.worker.spawn(hold(bed, open, asked)); });
  bed.worker.run_until([&] { return asked; });
  third = bed.talk(post("/echo", "x"));
  CHECK(third.starts_with("HTTP/1.1 503"));
  CHECK(has(third, "Retry-After: 1\r\n"));
  open.clear();
}

TEST_CASE("a request above max_in_flight is refused after a while, and its connection stays") {
  http::ListenerConfig config{.listen = "127.0.0.1:0"};
  config.max_in_flight = 1;
  Bed bed(config);
  bed.route("POST /echo");
  bool entered = false;
  bool leave = false;
  bed.route("GET /slow", [&](Exchange& exchange) -> Task<> {
    entered = true;
    while (!leave) co_await exchange.worker().sleep_for(5ms);
    exchange.message().receive("done", "text/plain", "http", nullptr, Side::service);
    exchange.answer_status = 200;
  });
  bed.start();
  std::string slow;
  bed.worker.spawn([](Bed& of, std::string& got) -> Task<> {
    auto socket = co_await connect(of.worker, of.at(), of.worker.now() + 5s);
    REQUIRE(socket);
    auto sent = co_await socket->write(get("/slow", "Connection: close\r\n"), of.worker.now() + 5s);
    REQUIRE(sent);
    std::array<char, 4096> room;
    while (true) {
      auto size = co_await socket->read(room, of.worker.now() + 5s);
      if (!size || *size == 0) co_return;
      got.append(room.data(), *size);
    }
  }(bed, slow));
  bed.worker.run_until([&] { return entered; });
  TimePoint asked = Clock::now();
  std::string got = bed.talk(post("/echo", "one") + post("/echo", "two"), replies(2));
  CHECK(Clock::now() - asked >= 200ms);
  CHECK(got.starts_with("HTTP/1.1 503 Service Unavailable\r\n"));
  CHECK(has(got, "Retry-After: 1\r\n"));
  CHECK(has(got, "urn:busway:overload"));
  CHECK(count(got, "HTTP/1.1 503") == 2);
  leave = true;
  wait_for(bed.worker, 2s, [&] { return slow.ends_with("done"); });
  CHECK(has(bed.talk(post("/echo", "three", "Connection: close\r\n")), "200 OK"));
}

TEST_CASE("an address has its share, others have theirs") {
  http::ListenerConfig config{.listen = "127.0.0.1:0"};
  config.max_connections_per_address = 2;
  Bed bed(config);
  bed.route("POST /echo");
  bed.start();
  std::vector<Socket> open;
  bool held = false;
  bed.worker.spawn([](Bed& of, std::vector<Socket>& into, bool& done) -> Task<> {
    for (int i = 0; i < 2; ++i) {
      auto socket = co_await connect(of.worker, of.at(), of.worker.now() + 5s);
      REQUIRE(socket);
      into.push_back(std::move(*socket));
    }
    co_await of.worker.sleep_for(30ms);
    done = true;
  }(bed, open, held));
  bed.worker.run_until([&] { return held; });
  std::string third = bed.talk(post("/echo", "x"));
  CHECK(third.starts_with("HTTP/1.1 429 Too Many Requests\r\n"));
  CHECK(has(third, "Retry-After: 1\r\n"));
  open.clear();
  wait_for(bed.worker, 2s, [&] { return bed.listener.connections(bed.worker) == 0; });
  CHECK(has(bed.talk(post("/echo", "x", "Connection: close\r\n")), "200 OK"));
}

TEST_CASE("each address is counted by itself, an IPv6 network as one") {
  http::Admission admission({.all = 4, .an_address = 1});
  auto address = [](const char* text) {
    Address out;
    if (std::string_view(text).find(':') == std::string_view::npos) {
      auto* v4 = reinterpret_cast<sockaddr_in*>(&out.storage);
      v4->sin_family = AF_INET;
      REQUIRE(inet_pton(AF_INET, text, &v4->sin_addr) == 1);
    } else {
      auto* v6 = reinterpret_cast<sockaddr_in6*>(&out.storage);
      v6->sin6_family = AF_INET6;
      REQUIRE(inet_pton(AF_INET6, text, &v6->sin6_addr) == 1);
    }
    return out;
  };
  http::Admission::Place one = admission.enter(address("10.0.0.1"));
  http::Admission::Place two = admission.enter(address("10.0.0.2"));
  http::Admission::Place three = admission.enter(address("2001:db8::1"));
  CHECK(static_cast<bool>(one));
  CHECK(static_cast<bool>(two));
  CHECK(static_cast<bool>(three));
  CHECK(admission.enter(address("10.0.0.1")).refused == 429);
  CHECK(admission.enter(address("::ffff:10.0.0.2")).refused == 429);
  CHECK(admission.enter(address("2001:db8::ffff")).refused == 429);
  {
    CHECK(static_cast<bool>(admission.enter(address("2001:db8:0:1::1"))));
  }
  http::Admission::Place four = admission.enter(address("2001:db8:0:1::1"));
  CHECK(static_cast<bool>(four));
  CHECK(admission.enter(address("10.0.0.3")).refused == 503);
}

TEST_CASE("heads have the listener's own limits, connections so many requests") {
  http::ListenerConfig config{.listen = "127.0.0.1:0"};
  config.max_line = ByteSize{300};
  config.max_head = ByteSize{1000};
  config.max_fields = 4;
  config.max_requests = 3;
  Bed bed(config);
  bed.route("GET /{rest*}", [](Exchange& exchange) -> Task<> {
    exchange.reply_status = 204;
    co_return;
  });
  bed.start();
  CHECK(has(bed.talk(get("/" + std::string(280, 'a'), "Connection: close\r\n")), "HTTP/1.1 204"));
  CHECK(has(bed.talk(get("/" + std::string(300, 'a'))), "HTTP/1.1 414"));
  CHECK(has(bed.talk(get("/a", "X: " + std::string(300, 'a') + "\r\n")), "HTTP/1.1 431"));
  std::string wide = "X: " + std::string(290, 'a') + "\r\n";
  CHECK(has(bed.talk(get("/a", wide + wide + "Connection: close\r\n")), "HTTP/1.1 204"));
  CHECK(has(bed.talk(get("/a", wide + wide + wide + wide)), "HTTP/1.1 431"));
  CHECK(has(bed.talk(get("/a", "A: 1\r\nB: 1\r\nC: 1\r\nD: 1\r\n")), "HTTP/1.1 431"));
  std::string all;
  for (int i = 0; i < 5; ++i) all += get("/a");
  std::string got = bed.talk(all);
  CHECK(count(got, "HTTP/1.1 204") == 3);
  CHECK(count(got, "Connection: close\r\n") == 1);
}

TEST_CASE("the access log has a line of JSON for each request") {
  std::array<int, 2> ends{};
  REQUIRE(pipe(ends.data()) == 0);
  int before = dup(STDERR_FILENO);
  {
    http::ListenerConfig config{.listen = "127.0.0.1:0"};
    config.access_log = true;
    Bed bed(config);
    bed.route("POST /echo");
    bed.start();
    dup2(ends[1], STDERR_FILENO);
    for (int i = 0; i < 20; ++i) bed.talk(post("/echo?token=secret", "x", "Connection: close\r\n"));
    bed.talk("GET /\"a HTTP/1.1\r\nHost: a\r\n\r\n");
    dup2(before, STDERR_FILENO);
  }
  close(before);
  close(ends[1]);
  std::string lines(64 * 1024, '\0');
  ssize_t size = read(ends[0], lines.data(), lines.size());
  close(ends[0]);
  REQUIRE(size > 0);
  lines.resize(static_cast<std::size_t>(size));
  CHECK(count(lines, "\n") == 21);
  CHECK(count(lines, "\"method\":\"POST\",\"path\":\"/echo\",\"host\":\"a\",\"version\":\"1.1\",\"tls\":false,\"route\":\"") ==
        20);
  CHECK(count(lines, "\"status\":200,\"sent\":") == 20);
  CHECK(count(lines, "\"status\":400,\"refused\":\"a character in the request target that must be percent-encoded\"") == 1);
  CHECK_FALSE(has(lines, "secret"));
}

TEST_CASE("stop ends idle connections and lets requests finish") {
  Bed bed;
  bed.route("GET /slow", [](Exchange& exchange) -> Task<> {
    co_await exchange.worker().sleep_for(60ms);
    co_return;
  });
  bed.start();
  std::string got;
  bed.worker.post([&] {
    bed.worker.spawn([](Bed& of) -> Task<> {
      co_await of.worker.sleep_for(20ms);
      of.listener.stop(of.worker);
    }(bed));
  });
  got = bed.talk(get("/slow"));
  CHECK(has(got, "200 OK"));
  CHECK(has(got, "Connection: close\r\n"));
}

TEST_CASE("a thousand connections that end badly leave nothing behind") {
  Bed bed;
  bed.route("POST /echo");
  bed.start();
  bed.talk(post("/echo", "x", "Connection: close\r\n"));
  std::size_t before = open_descriptors();
  const std::string endings[] = {"", "POST /ec", "POST /echo HTTP/1.1\r\nHost: a\r\nContent-Length: 100\r\n\r\nabc",
                                 "POST /echo HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nab",
                                 post("/echo", "x")};
  for (const std::string& ending : endings) {
    for (int i = 0; i < 1000; ++i) bed.talk(ending, [](const std::string&) { return true; });
  }
  wait_for(bed.worker, 3s, [&] { return bed.listener.connections(bed.worker) == 0; });
  CHECK(bed.listener.connections(bed.worker) == 0);
  CHECK(open_descriptors() <= before + 1);
}
