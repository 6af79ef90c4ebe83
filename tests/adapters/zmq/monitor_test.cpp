#include "adapters/zmq/monitor.hpp"

#include <doctest/doctest.h>

#include <chrono>
#include <thread>

#include "tests/fakes/peer.hpp"

namespace busway::zmq {
namespace {

// Whether a message from the one gets to the other within two seconds.
bool passes(Socket& from, Socket& to) {
  constexpr std::chrono::milliseconds look{5};
  Frames got;
  bool sent = false;
  for (int i = 0; i < 400; ++i) {
    const std::string_view hello[] = {"hello"};
    sent = sent || from.send(hello) == Socket::Sent::yes;
    if (to.receive(got) == Socket::Got::message) return true;
    std::this_thread::sleep_for(look);
  }
  return false;
}

// A worker that is busy, or does not serve yet, reads none: other sockets do not wait for it, nor does its own end.
TEST_CASE("what a monitor tells may stay unread") {
  auto socket = Socket::make({.wire = Wire::router});
  REQUIRE(socket);
  auto monitor = Monitor::of(*socket);
  REQUIRE(monitor);
  REQUIRE(socket->bind("tcp://127.0.0.1:0"));
  constexpr int callers = 700;  // three events each: the library's own bound is 2000
  for (int i = 0; i < callers; ++i) ::close(fakes::connect_to(fakes::port_of(socket->last_endpoint())));
  auto caller = Socket::make({.wire = Wire::dealer});
  REQUIRE(caller);
  REQUIRE(caller->connect(socket->last_endpoint()));
  bool passed = passes(*caller, *socket);
  int accepted = 0;
  while (auto event = monitor->next()) accepted += event->kind == Monitor::Event::Kind::accepted ? 1 : 0;
  CHECK(passed);
  CHECK(accepted == callers + 1);
}

}  // namespace
}  // namespace busway::zmq
