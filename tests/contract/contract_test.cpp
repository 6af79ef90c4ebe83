#include <doctest/doctest.h>

#include "tests/contract/bus.hpp"

// What every adapter keeps, whatever its protocol. See protocol.hpp for how one comes under this suite.
namespace busway::contract {
namespace {

using namespace std::chrono_literals;
using fakes::Peer;

// Answers each request with "re:" and its text, after a time.
Peer::Talk answering(const Protocol& protocol, std::chrono::milliseconds after = {}) {
  return [&protocol, after](int fd) {
    while (auto text = protocol.read_request(fd)) {
      std::this_thread::sleep_for(after);
      if (!fakes::send_all(fd, protocol.answer("re:" + *text))) return;
    }
  };
}

struct Timed {
  std::string reply;
  std::chrono::milliseconds took;
};
Timed ask_forward(const Protocol& protocol, const std::string& peer, const Bus::Options& options) {
  Bus bus(protocol, peer, options);
  CHECK(bus.problem() == "");
  Caller caller(protocol, bus);
  auto began = std::chrono::steady_clock::now();
  std::string reply = caller.ask("forward", "hello");
  auto took = std::chrono::steady_clock::now() - began;
  return {reply, std::chrono::duration_cast<std::chrono::milliseconds>(took)};
}
std::string ask_forward(const Protocol& protocol, Peer::Talk talk) {
  Peer peer(std::move(talk));
  return ask_forward(protocol, peer.address(), {}).reply;
}

TEST_CASE("a source answers in order, one message after the other on one connection") {
  for (const Protocol& protocol : protocols()) {
    CAPTURE(protocol.name);
    Peer peer(answering(protocol));
    Bus bus(protocol, peer);
    REQUIRE(bus.problem() == "");
    Caller caller(protocol, bus);
    for (int i = 0; i < 100; ++i) CHECK(caller.ask("echo", std::to_string(i)) == std::to_string(i));
    std::string burst;
    for (int i = 0; i < 100; ++i) burst += protocol.request("echo", std::to_string(i));
    fakes::send_all(caller.fd(), burst);
    for (int i = 0; i < 100; ++i) CHECK(caller.receive() == std::to_string(i));
    for (char byte : protocol.request("echo", "trickled")) fakes::send_all(caller.fd(), {&byte, 1});
    CHECK(caller.receive() == "trickled");
  }
}

TEST_CASE("a target reaches its service and keeps the connection") {
  for (const Protocol& protocol : protocols()) {
    CAPTURE(protocol.name);
    Peer peer(answering(protocol));
    Bus bus(protocol, peer);
    REQUIRE(bus.problem() == "");
    Caller caller(protocol, bus);
    for (int i = 0; i < 100; ++i) CHECK(caller.ask("forward", std::to_string(i)) == "re:" + std::to_string(i));
    CHECK(peer.accepted() == 1);
  }
}

TEST_CASE("the time a call may take is kept, and its outcome is unknown") {
  for (const Protocol& protocol : protocols()) {
    CAPTURE(protocol.name);
    Peer silent([](int fd) { fakes::receive_all(fd, 60'000); });
    Timed bounded = ask_forward(protocol, silent.address(), {.timeout = "300ms"});
    CHECK(bounded.reply == "!unknown-unknown");
    CHECK(bounded.took >= 295ms);
    CHECK(bounded.took < 800ms);
    Timed routed = ask_forward(protocol, silent.address(), {.timeout = "10s", .deadline = "300ms"});
    CHECK(routed.reply.ends_with("-unknown"));
    CHECK(routed.took < 800ms);
  }
}

TEST_CASE("nobody listens: the call was not sent") {
  for (const Protocol& protocol : protocols()) {
    CAPTURE(protocol.name);
    CHECK(ask_forward(protocol, "127.0.0.1:" + std::to_string(fakes::dead_port()), {}).reply == "!not_sent-not_sent");
  }
}

TEST_CASE("a service that breaks off leaves the outcome unknown, wherever it does") {
  for (const Protocol& protocol : protocols()) {
    CAPTURE(protocol.name);
    CHECK(ask_forward(protocol, [&](int fd) {
            protocol.read_request(fd);
            ::shutdown(fd, SHUT_WR);
            fakes::receive_all(fd);
          }) == "!unknown-unknown");
    CHECK(ask_forward(protocol, [&](int fd) {
            protocol.read_request(fd);
            fakes::reset_on_close(fd);
          }) == "!unknown-unknown");
    std::string answer = protocol.answer("hello");
    for (std::size_t cut : {std::size_t{1}, answer.size() / 2, answer.size() - 1}) {
      CAPTURE(cut);
      CHECK(ask_forward(protocol, [&](int fd) {
              protocol.read_request(fd);
              fakes::send_all(fd, answer.substr(0, cut));
            }) == "!unknown-unknown");
    }
  }
}

TEST_CASE("an answer that its protocol refuses is garbage") {
  for (const Protocol& protocol : protocols()) {
    CAPTURE(protocol.name);
    CHECK(ask_forward(protocol, [&](int fd) {
            protocol.read_request(fd);
            fakes::send_all(fd, protocol.garbage);
            fakes::receive_all(fd);
          }) == "!garbage-");
  }
}

TEST_CASE("a message over the limit is refused in the caller's own protocol") {
  for (const Protocol& protocol : protocols()) {
    CAPTURE(protocol.name);
    Peer peer(answering(protocol));
    Bus bus(protocol, peer);
    REQUIRE(bus.problem() == "");
    Caller caller(protocol, bus);
    caller.send("echo", std::string(8 * 1024, 'x'));
    ::shutdown(caller.fd(), SHUT_WR);
    std::string bytes = fakes::receive_all(caller.fd());
    CAPTURE(bytes);
    CHECK(protocol.refuses(bytes));
    Caller next(protocol, bus);
    CHECK(next.ask("echo", "small") == "small");
  }
}

TEST_CASE("stopping ends what is idle at once and lets what is under way finish") {
  for (const Protocol& protocol : protocols()) {
    CAPTURE(protocol.name);
    Peer peer(answering(protocol, 300ms));
    Bus bus(protocol, peer);
    REQUIRE(bus.problem() == "");
    Caller idle(protocol, bus);
    CHECK(idle.ask("echo", "warm") == "warm");
    Caller busy(protocol, bus);
    busy.send("forward", "last");
    std::this_thread::sleep_for(100ms);
    bus.stop();
    CHECK(fakes::ended(idle.fd(), 150));
    CHECK(busy.receive() == "re:last");
    CHECK(fakes::ended(busy.fd()));
    bus.join();
    int late = fakes::connect_to(bus.port());
    CHECK(late < 0);
    if (late >= 0) ::close(late);
  }
}

TEST_CASE("no descriptor is left behind") {
  for (const Protocol& protocol : protocols()) {
    CAPTURE(protocol.name);
    // What the service does follows from the text it is sent.
    Peer peer([&](int fd) {
      while (auto text = protocol.read_request(fd)) {
        if (*text == "half") ::shutdown(fd, SHUT_WR);
        if (*text == "reset") fakes::reset_on_close(fd);
        if (*text == "reset") return;
        if (*text == "garbage") fakes::send_all(fd, protocol.garbage);
        if (*text == "good") fakes::send_all(fd, protocol.answer("re:good"));
        if (*text == "silent") continue;
      }
    });
    Bus bus(protocol, peer.address(), {.timeout = "20ms"});
    REQUIRE(bus.problem() == "");
    {
      Caller warm(protocol, bus);
      CHECK(warm.ask("echo", "warm") == "warm");
    }
    std::this_thread::sleep_for(50ms);
    std::size_t before = fakes::open_descriptors();
    for (int i = 0; i < 40; ++i) {
      for (const char* text : {"good", "half", "reset", "garbage", "silent"}) {
        Caller caller(protocol, bus);
        if (i % 10 == 9) {
          caller.send("forward", text);  // and leaves without its answer
        } else {
          caller.ask("forward", text);
        }
      }
    }
    // Connections in good order may be kept for as long as the service keeps them.
    peer.stop();
    std::size_t without_listening = before - 1;
    for (int i = 0; i < 1000 && fakes::open_descriptors() > without_listening; ++i) std::this_thread::sleep_for(10ms);
    CHECK(fakes::open_descriptors() <= without_listening);
  }
}

}  // namespace
}  // namespace busway::contract
