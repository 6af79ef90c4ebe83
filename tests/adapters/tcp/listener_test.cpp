#include "adapters/tcp/listener.hpp"

#include <doctest/doctest.h>

#include <thread>

#include "tests/adapters/tcp/made_listener.hpp"
#include "tests/adapters/tcp/made_target.hpp"

namespace busway::tcp {
namespace {

using namespace std::chrono_literals;
using fakes::FakeRoute;

void echo(Exchange& exchange) {
  std::string& text = exchange.keep_string();
  text = "re:" + std::string(exchange.message().bytes());
  exchange.message().replace(Node::string(text));
}

TEST_CASE("each frame is answered by one frame, in order, however they arrive") {
  FakeRoute route(echo);
  Served served(two_byte_frames(), {{&route}});
  int fd = fakes::connect_to(served.port());
  for (int i = 0; i < 100; ++i) {
    std::string text = std::to_string(i);
    fakes::send_all(fd, framed(text));
    std::string payload;
    REQUIRE(read_frame(fd, payload));
    CHECK(payload == "re:" + text);
  }
  std::string burst;
  std::string expected;
  for (int i = 0; i < 500; ++i) {
    burst += framed(std::to_string(i));
    expected += framed("re:" + std::to_string(i));
  }
  fakes::send_all(fd, burst);
  CHECK(fakes::receive(fd, expected.size()) == expected);
  for (char byte : framed("byte by byte")) fakes::send_all(fd, {&byte, 1});
  std::string payload;
  REQUIRE(read_frame(fd, payload));
  CHECK(payload == "re:byte by byte");
  ::close(fd);
}

TEST_CASE("a caller that ends its side still gets its answers") {
  FakeRoute route(echo);
  route.takes = 20ms;
  Served served(two_byte_frames(), {{&route}});
  int fd = fakes::connect_to(served.port());
  fakes::send_all(fd, framed("a") + framed("b") + "\x01");
  ::shutdown(fd, SHUT_WR);
  CHECK(fakes::receive_all(fd) == framed("re:a") + framed("re:b"));
  ::close(fd);
}

TEST_CASE("framing by the end of the connection: one message, one answer") {
  FakeRoute route(echo);
  Framing framing;
  framing.kind = Framing::Kind::close;
  Served served(framing, {{&route}});
  int fd = fakes::connect_to(served.port());
  fakes::send_all(fd, "hello");
  ::shutdown(fd, SHUT_WR);
  CHECK(fakes::receive_all(fd) == "re:hello");
  ::close(fd);
}

TEST_CASE("a failure is answered by the error record, or by closing") {
  FakeRoute failing([](Exchange& exchange) {
    exchange.fail(Error{ErrorKind::unknown, "calling stock: no answer in time"});
    exchange.ending = Exchange::Ending::failed;
  });
  FakeRoute refusing([](Exchange& exchange) {
    exchange.reply_status = 409;
    exchange.message().replace(Node::string("out of stock"));
  });
  for (FakeRoute* route : {&failing, &refusing}) {
    std::string kind = route == &failing ? "unknown" : "answered";
    Served served(two_byte_frames(), {{.route = route, .error = expression(failure_kind)}});
    int fd = fakes::connect_to(served.port());
    std::string payload;
    for (int i = 0; i < 3; ++i) {
      fakes::send_all(fd, framed("x"));
      REQUIRE(read_frame(fd, payload));
      CHECK(payload == "error " + kind);
    }
    ::close(fd);
    Served silent(two_byte_frames(), {{.route = route}});
    fd = fakes::connect_to(silent.port());
    fakes::send_all(fd, framed("x"));
    CHECK(fakes::ended(fd));
    ::close(fd);
  }
}

TEST_CASE("bytes that are no frame, or too many, get the error record and the connection ends") {
  FakeRoute route(echo);
  Served served(two_byte_frames(100), {{.route = &route, .error = expression(failure_kind)}});
  int fd = fakes::connect_to(served.port());
  fakes::send_all(fd, framed("good") + framed(std::string(101, 'x')) + std::string(200'000, 'y'));
  CHECK(fakes::receive_all(fd) == framed("re:good") + framed("error format"));
  ::close(fd);
  Served silent(two_byte_frames(100), {{.route = &route}});
  fd = fakes::connect_to(silent.port());
  fakes::send_all(fd, "\xFF\xFF");
  CHECK(fakes::receive_all(fd) == "");
  ::close(fd);
}

TEST_CASE("routes on one listener are asked in order") {
  FakeRoute first([](Exchange& exchange) { exchange.message().replace(Node::string("first")); }, "first");
  FakeRoute second([](Exchange& exchange) { exchange.message().replace(Node::string("second")); }, "second");
  SUBCASE("the last takes what is left") {
    Served served(two_byte_frames(), {{.route = &first, .when = expression(starts_with_a)}, {.route = &second}});
    CHECK(served.ask("apple") == "first");
    CHECK(served.ask("pear") == "second");
  }
  SUBCASE("none matches") {
    Served served(two_byte_frames(), {{.route = &first, .when = expression(starts_with_a)},
                                      {.route = &second, .when = expression(starts_with_a), .error = expression(failure_kind)}});
    CHECK(served.ask("apple") == "first");
    CHECK(served.ask("pear") == "error invalid");
  }
}

TEST_CASE("one_way routes answer nothing, not even a failure") {
  std::atomic<int> seen = 0;
  FakeRoute route([&](Exchange& exchange) {
    ++seen;
    exchange.fail(Error{ErrorKind::mapping, "nothing"});
    exchange.ending = Exchange::Ending::failed;
  });
  Served served(two_byte_frames(), {{.route = &route, .error = expression(failure_kind), .one_way = true}});
  int fd = fakes::connect_to(served.port());
  for (int i = 0; i < 10; ++i) fakes::send_all(fd, framed("x"));
  ::shutdown(fd, SHUT_WR);
  CHECK(fakes::receive_all(fd) == "");
  CHECK(seen == 10);
  ::close(fd);
}

TEST_CASE("connections end when they idle, dawdle or are too many") {
  FakeRoute route(echo);
  SUBCASE("idle") {
    Served served(two_byte_frames(), {{&route}}, {.idle = 50ms});
    int fd = fakes::connect_to(served.port());
    CHECK(fakes::ended(fd, 1000));
    ::close(fd);
  }
  SUBCASE("a frame that does not get on") {
    Served served(two_byte_frames(), {{&route}}, {.transfer = 50ms});
    int fd = fakes::connect_to(served.port());
    fakes::send_all(fd, framed("hello").substr(0, 3));
    CHECK(fakes::ended(fd, 1000));
    ::close(fd);
  }
  SUBCASE("too many") {
    Served served(two_byte_frames(), {{&route}}, {.max_connections = 2});
    int first = fakes::connect_to(served.port());
    int second = fakes::connect_to(served.port());
    std::string payload;
    for (int fd : {first, second}) {
      fakes::send_all(fd, framed("x"));
      CHECK(read_frame(fd, payload));
    }
    int third = fakes::connect_to(served.port());
    CHECK(fakes::ended(third, 1000));
    ::close(first);
    ::close(third);
    int fourth = -1;
    bool served_again = false;
    for (int i = 0; i < 100 && !served_again; ++i) {
      fourth = fakes::connect_to(served.port());
      fakes::send_all(fourth, framed("x"));
      served_again = read_frame(fourth, payload);
      ::close(fourth);
    }
    CHECK(served_again);
    ::close(second);
  }
}

TEST_CASE("stop ends idle connections and lets a busy one answer") {
  FakeRoute route(echo);
  route.takes = 150ms;
  Served served(two_byte_frames(), {{&route}});
  int idle = fakes::connect_to(served.port());
  int busy = fakes::connect_to(served.port());
  fakes::send_all(busy, framed("x"));
  std::this_thread::sleep_for(50ms);
  served.stop();
  CHECK(fakes::ended(idle, 100));
  CHECK(fakes::receive_all(busy) == framed("re:x"));
  CHECK(served.drained());
  int late = fakes::connect_to(served.port());
  CHECK((late < 0 || fakes::ended(late, 1000)));
  for (int fd : {idle, busy, late}) ::close(fd);
}

TEST_CASE("callers that vanish leave nothing behind") {
  FakeRoute route(echo);
  Served served(two_byte_frames(100), {{.route = &route, .error = expression(failure_kind)}});
  served.ask("warm");
  REQUIRE(served.drained());
  std::size_t before = fakes::open_descriptors();
  for (int kind = 0; kind < 5; ++kind) {
    for (int i = 0; i < 1000; ++i) {
      int fd = fakes::connect_to(served.port());
      if (kind == 1) fakes::send_all(fd, "\x01");
      if (kind == 2) fakes::send_all(fd, framed("x"));
      if (kind == 3) fakes::send_all(fd, "\xFF\xFFgarbage");
      if (kind == 4) {
        fakes::send_all(fd, framed("x"));
        ::shutdown(fd, SHUT_WR);
        CHECK(fakes::receive_all(fd) == framed("re:x"));
      }
      if (i % 2 == 0) fakes::reset_on_close(fd);
      ::close(fd);
    }
  }
  for (int i = 0; i < 1000 && fakes::open_descriptors() > before; ++i) std::this_thread::sleep_for(5ms);
  CHECK(fakes::open_descriptors() == before);
}

TEST_CASE("readers that do not read cost a bounded amount and are let go") {
  FakeRoute route([](Exchange& exchange) {
    std::string& text = exchange.keep_string();
    text.assign(60'000, 'x');
    exchange.message().replace(Node::string(text));
  });
  Served served(two_byte_frames(), {{&route}}, {.transfer = 200ms});
  int fd = fakes::connect_to(served.port());
  std::string burst;
  for (int i = 0; i < 1000; ++i) burst += framed("x");
  fakes::send_all(fd, burst);
  for (int i = 0; i < 400 && served.connections() == 0; ++i) std::this_thread::sleep_for(1ms);
  for (int i = 0; i < 400 && served.connections() != 0; ++i) std::this_thread::sleep_for(10ms);
  CHECK(served.connections() == 0);
  ::close(fd);
}

TEST_CASE("what netcat sends is answered") {
  if (std::system("command -v nc > /dev/null 2>&1") != 0) {
    MESSAGE("skipped: nc is not installed");
    return;
  }
  FakeRoute route(echo);
  Framing lines;
  Served served(lines, {{&route}});
  std::string command = "printf 'one\\ntwo\\n' | nc -q 1 127.0.0.1 " + std::to_string(served.port());
  std::FILE* out = ::popen(command.c_str(), "r");
  REQUIRE(out != nullptr);
  std::string answer;
  char buffer[256];
  while (std::size_t got = std::fread(buffer, 1, sizeof buffer, out)) answer.append(buffer, got);
  ::pclose(out);
  CHECK(answer == "re:one\nre:two\n");
}

TEST_CASE("a test's message goes through the real framer") {
  FakeRoute route(echo, "echo");
  ListenerConfig config;
  TcpListener listener(config, {"127.0.0.1", 0}, two_byte_frames(100));
  attach(listener, {.route = &route, .error = expression(failure_kind)});
  Worker worker(0, Worker::ClockKind::manual);
  Arena arena;
  auto simulate = [&](std::string bytes) {
    TestRequest request;
    request.main = "frames";
    request.bytes = std::move(bytes);
    return fakes::run_task(worker, listener.simulate(worker, request, arena));
  };
  auto reply = simulate("hello");
  REQUIRE(reply);
  CHECK(reply->bytes == "re:hello");
  CHECK(reply->route == "echo");
  CHECK(!simulate(std::string(101, 'x')));
}

}  // namespace
}  // namespace busway::tcp
