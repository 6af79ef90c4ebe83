#include "bus/socket.hpp"

#include <doctest/doctest.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <filesystem>

using namespace busway;
using namespace std::chrono_literals;

namespace {

std::size_t open_descriptors() {
  std::size_t count = 0;
  for ([[maybe_unused]] const auto& entry : std::filesystem::directory_iterator("/proc/self/fd")) ++count;
  return count;
}

Task<> echo(Socket socket) {
  std::string buffer(4096, '\0');
  while (true) {
    auto got = co_await socket.read(buffer, TimePoint::max());
    if (!got || *got == 0) co_return;
    auto put = co_await socket.write(std::string_view(buffer).substr(0, *got), TimePoint::max());
    if (!put) co_return;
  }
}

Task<> serve(Worker& worker, Acceptor& acceptor) {
  while (true) {
    auto accepted = co_await acceptor.accept(worker);
    if (!accepted) co_return;
    worker.spawn(echo(std::move(accepted->socket)));
  }
}

// Two ends of a stream, without a listener.
struct Pair {
  explicit Pair(Worker& worker) {
    int ends[2];
    REQUIRE(socketpair(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0, ends) == 0);
    near = Socket(worker, ends[0]);
    far = Socket(worker, ends[1]);
  }
  void send(std::string_view bytes) { REQUIRE(far.try_write(bytes).bytes == bytes.size()); }
  IoStep read(std::size_t most) {
    std::string room(most, '\0');
    return near.try_read(room);
  }
  Socket near;
  Socket far;
};

Task<> ask(Worker& worker, HostPort to, std::string text, std::string& answer, std::string& problem, bool& done) {
  auto socket = co_await connect(worker, to, worker.now() + 2s);
  if (!socket) {
    problem = socket.error().text;
    done = true;
    co_return;
  }
  auto put = co_await socket->write(text, worker.now() + 2s);
  std::string buffer(text.size(), '\0');
  while (put && answer.size() < text.size()) {
    auto got = co_await socket->read(buffer, worker.now() + 2s);
    if (!got || *got == 0) break;
    answer.append(buffer, 0, *got);
  }
  done = true;
}

}  // namespace

TEST_CASE("host and port are read strictly") {
  CHECK(read_host_port("10.0.0.9:7000")->text() == "10.0.0.9:7000");
  CHECK(read_host_port("[::1]:80")->host == "::1");
  CHECK(read_host_port("erp.local:80")->port == 80);
  for (const char* bad : {"", "host", "host:", ":80", "::1:80", "host:70000", "host:8x", "ho st:80", "host/x:80"}) {
    CAPTURE(bad);
    CHECK_FALSE(read_host_port(bad).has_value());
  }
}

TEST_CASE("bytes go out and come back, larger than any socket buffer") {
  Worker worker;
  auto acceptor = Acceptor::bind({"127.0.0.1", 0}, 1);
  REQUIRE(acceptor);
  worker.spawn(serve(worker, **acceptor));
  std::string answer;
  std::string problem;
  bool done = false;
  std::string text(3'000'000, 'x');
  for (std::size_t i = 0; i < text.size(); ++i) text[i] = static_cast<char>('a' + i % 23);
  worker.spawn(ask(worker, {"localhost", (*acceptor)->address().port()}, text, answer, problem, done));
  worker.run_until([&] { return done; });
  CHECK(problem.empty());
  CHECK(answer == text);
}

TEST_CASE("a refused connection says where and why, and was not sent") {
  Worker worker;
  std::uint16_t port = 0;
  {
    auto acceptor = Acceptor::bind({"127.0.0.1", 0}, 1);
    port = (*acceptor)->address().port();
  }
  std::string answer;
  std::string problem;
  bool done = false;
  worker.spawn(ask(worker, {"127.0.0.1", port}, "x", answer, problem, done));
  worker.run_until([&] { return done; });
  CHECK(problem == "connecting to 127.0.0.1:" + std::to_string(port) + ": Connection refused");
}

TEST_CASE("a drained socket is not read again before the poll set has told of more") {
  Worker worker;
  Pair pair(worker);
  pair.send("first");
  CHECK(pair.read(16).bytes == 5);
  CHECK(pair.near.drained());
  pair.send("second");
  CHECK(pair.read(16).kind == IoStep::Kind::want_read);
  std::size_t got = 0;
  worker.spawn([](Worker& on, Pair& of, std::size_t& bytes) -> Task<> {
    std::string room(16, '\0');
    auto read = co_await of.near.read(room, on.now() + 2s);
    bytes = read.value_or(0);
  }(worker, pair, got));
  worker.run_until([&] { return got != 0; });
  CHECK(got == 6);
}

TEST_CASE("a resting connection is stale when bytes were left behind the last read") {
  Worker worker;
  Pair pair(worker);
  pair.send("answer, and a second one");
  CHECK(pair.read(6).bytes == 6);
  CHECK_FALSE(pair.near.drained());
  CHECK(pair.near.stale());  // no event comes for them any more
  CHECK(pair.read(64).bytes == 18);
  CHECK_FALSE(pair.near.stale());
}

TEST_CASE("a resting connection is stale as soon as the turn begins in which bytes came on it") {
  Worker worker;
  Pair caller(worker);
  Pair resting(worker);
  resting.send("answer");
  CHECK(resting.read(16).bytes == 6);
  bool waits = false;
  bool stale = false;
  bool done = false;
  worker.spawn([](Worker& on, Pair& asks, Pair& rests, bool& begun, bool& seen, bool& ended) -> Task<> {
    // The first event of a pair says that it can be written to; the second is the one that counts.
    co_await on.sleep_for(20ms);
    std::string room(16, '\0');
    CHECK(asks.near.try_read(room).kind == IoStep::Kind::want_read);
    begun = true;
    auto read = co_await asks.near.read(room, on.now() + 2s);
    CHECK(read.value_or(0) == 7);
    seen = rests.near.stale();
    ended = true;
  }(worker, caller, resting, waits, stale, done));
  worker.run_until([&] { return waits; });
  // In this order in the poll set: who goes on first must know of what came second.
  caller.send("request");
  resting.send("a second answer");
  worker.run_until([&] { return done; });
  CHECK(stale);
}

TEST_CASE("an unknown name is an error in time, not a blocked worker") {
  Worker worker;
  std::string answer;
  std::string problem;
  bool done = false;
  worker.spawn(ask(worker, {"no-such-host.invalid", 80}, "x", answer, problem, done));
  worker.run_until([&] { return done; });
  CHECK(problem.starts_with("resolving no-such-host.invalid: "));
}

TEST_CASE("a taken port is refused, not shared with a stranger") {
  auto first = Acceptor::bind({"127.0.0.1", 0}, 2);
  REQUIRE(first);
  auto second = Acceptor::bind({"127.0.0.1", (*first)->address().port()}, 2);
  REQUIRE_FALSE(second);
  CHECK(second.error().text.find("Address already in use") != std::string::npos);
}

TEST_CASE("the last eighth of the descriptors is not for connections") {
  rlimit limit{};
  getrlimit(RLIMIT_NOFILE, &limit);
  rlimit tight = limit;
  tight.rlim_cur = 96;
  REQUIRE(open_descriptors() < 30);
  REQUIRE(setrlimit(RLIMIT_NOFILE, &tight) == 0);
  {
    Worker worker;
    auto acceptor = Acceptor::bind({"127.0.0.1", 0}, 1);
    setrlimit(RLIMIT_NOFILE, &limit);  // the callers are of this process, too
    REQUIRE(acceptor);
    worker.spawn(serve(worker, **acceptor));
    HostPort to{"127.0.0.1", (*acceptor)->address().port()};
    std::vector<Socket> held;
    bool all_held = false;
    worker.spawn([](Worker& on, HostPort at, std::vector<Socket>& into, bool& finished) -> Task<> {
      for (int i = 0; i < 64; ++i) {
        auto socket = co_await connect(on, at, on.now() + 2s);
        if (socket) into.push_back(std::move(*socket));
      }
      co_await on.sleep_for(50ms);
      finished = true;
    }(worker, to, held, all_held));
    worker.run_until([&] { return all_held; });
    CHECK(held.size() == 64);
    CHECK(std::any_of(held.begin(), held.end(), [](Socket& socket) { return socket.stale(); }));
    CHECK_FALSE(held.front().stale());
    held.clear();
    std::string answer;
    std::string problem;
    bool done = false;
    worker.spawn(ask(worker, to, "hello", answer, problem, done));
    worker.run_until([&] { return done; });
    CHECK(answer == "hello");
    (*acceptor)->stop(worker);
  }
}

TEST_CASE("out of descriptors the acceptor waits, goes on, and answers again") {
  std::size_t before = open_descriptors();
  {
    Worker worker;
    auto acceptor = Acceptor::bind({"127.0.0.1", 0}, 1);
    REQUIRE(acceptor);
    worker.spawn(serve(worker, **acceptor));
    rlimit limit{};
    getrlimit(RLIMIT_NOFILE, &limit);
    rlimit tight = limit;
    tight.rlim_cur = open_descriptors() + 8;
    REQUIRE(setrlimit(RLIMIT_NOFILE, &tight) == 0);
    std::string answers[16];
    std::string problems[16];
    bool done[16] = {};
    HostPort to{"127.0.0.1", (*acceptor)->address().port()};
    for (int i = 0; i < 16; ++i) worker.spawn(ask(worker, to, "hello", answers[i], problems[i], done[i]));
    worker.run_until([&] { return std::all_of(std::begin(done), std::end(done), [](bool one) { return one; }); });
    setrlimit(RLIMIT_NOFILE, &limit);
    std::string answer;
    std::string problem;
    bool again = false;
    worker.spawn(ask(worker, to, "hello", answer, problem, again));
    worker.run_until([&] { return again; });
    CHECK(answer == "hello");
    (*acceptor)->stop(worker);
  }
  CHECK(open_descriptors() <= before);  // a name lookup of an earlier test may have let go of its own meanwhile
}
