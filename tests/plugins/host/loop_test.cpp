#include "plugins/host/loop.hpp"

#include <doctest/doctest.h>
#include <fcntl.h>
#include <sys/socket.h>
#include <unistd.h>

#include <functional>
#include <string>
#include <thread>

#include "bus/socket.hpp"
#include "plugins/host/host_table.hpp"
#include "plugins/host/sized.hpp"

using namespace busway;
using namespace busway::plugins;
using namespace std::chrono_literals;

namespace {

const busway_loop_functions& loops = loop_functions;

// Two connected sockets that do not block.
struct Pair {
  int ends[2] = {-1, -1};
  Pair() { REQUIRE(::socketpair(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0, ends) == 0); }
  Pair(const Pair&) = delete;
  Pair& operator=(const Pair&) = delete;
  ~Pair() {
    for (int fd : ends) ::close(fd);
  }
};

using Told = std::function<void(std::uint32_t)>;
busway_watch* watch(busway_loop& loop, int fd, std::uint32_t events, Told& told) {
  return loops.watch(&loop, fd, events, [](void* user, std::uint32_t event) { (*static_cast<Told*>(user))(event); }, &told);
}

// Runs the loop until `done`, or for a second.
void run(Worker& worker, const std::function<bool()>& done) {
  auto until = Clock::now() + 1s;
  while (!done() && Clock::now() < until) {
    worker.post([] {});  // so that no turn waits
    int turns = 0;
    worker.run_until([&] { return done() || ++turns > 1; });
  }
}

}  // namespace

TEST_CASE("a watch tells of a state as long as it lasts, never within the function that asked") {
  Worker worker;
  busway_loop loop(worker);
  Pair pair;
  int told = 0;
  Told count = [&](std::uint32_t event) {
    CHECK(event == BUSWAY_READABLE);
    ++told;
  };
  REQUIRE(::write(pair.ends[1], "ab", 2) == 2);
  worker.post([&] {
    watch(loop, pair.ends[0], BUSWAY_READABLE, count);
    CHECK(told == 0);
  });
  run(worker, [&] { return told >= 3; });
  CHECK(told >= 3);  // nobody reads
  char byte = 0;
  REQUIRE(::read(pair.ends[0], &byte, 1) == 1);
  int before = told;
  run(worker, [&] { return told > before; });
  CHECK(told > before);
  REQUIRE(::read(pair.ends[0], &byte, 1) == 1);
  before = told;
  run(worker, [&] { return told > before + 1; });
  CHECK(told <= before + 1);  // one may have been on its way
  REQUIRE(::write(pair.ends[1], "c", 1) == 1);
  before = told;
  run(worker, [&] { return told > before; });
  CHECK(told > before);
}

TEST_CASE("a watch waits for what it is told to, and ends within its own call") {
  Worker worker;
  busway_loop loop(worker);
  Pair pair;
  std::string seen;
  busway_watch* at = nullptr;
  Told note = [&](std::uint32_t event) {
    seen += event == BUSWAY_READABLE ? 'r' : 'w';
    if (event == BUSWAY_WRITABLE) loops.change_watch(at, BUSWAY_READABLE);
    if (event == BUSWAY_READABLE) loops.end_watch(at);
  };
  worker.post([&] { at = watch(loop, pair.ends[0], 0, note); });
  run(worker, [] { return false; });
  CHECK(seen.empty());
  worker.post([&] {
    loops.change_watch(at, BUSWAY_WRITABLE);
    CHECK(seen.empty());
  });
  run(worker, [&] { return !seen.empty(); });
  CHECK(seen == "w");
  ::shutdown(pair.ends[1], SHUT_WR);  // an end is readable
  run(worker, [&] { return seen.size() > 1; });
  CHECK(seen == "wr");
  CHECK(::fcntl(pair.ends[0], F_GETFD) >= 0);  // it stays the plugin's
  worker.post([&] { at = watch(loop, pair.ends[0], 0, note); });
  run(worker, [] { return false; });
  CHECK(at != nullptr);  // it can be watched again
}

TEST_CASE("what cannot be watched is refused, and what was forgotten ends with the loop, after its worker") {
  auto worker = std::make_unique<Worker>();
  auto loop = std::make_unique<busway_loop>(*worker);
  Pair pair;
  Told never = [](std::uint32_t) { CHECK(false); };
  int file = ::open("/proc/self/cmdline", O_RDONLY | O_CLOEXEC);
  int plain = ::open("/", O_RDONLY | O_CLOEXEC);
  CHECK(watch(*loop, plain, BUSWAY_READABLE, never) == nullptr);
  CHECK(watch(*loop, -1, BUSWAY_READABLE, never) == nullptr);
  busway_watch* kept = watch(*loop, pair.ends[0], BUSWAY_READABLE, never);
  REQUIRE(kept != nullptr);
  CHECK(watch(*loop, pair.ends[0], BUSWAY_READABLE, never) == nullptr);  // twice
  loops.end_watch(kept);
  REQUIRE(watch(*loop, pair.ends[0], BUSWAY_READABLE, never) != nullptr);
  busway_timer* timer = loops.timer(loop.get(), [](void*) { CHECK(false); }, nullptr);
  loops.set_timer(timer, 60'000);
  loops.set_timer(loops.timer(loop.get(), [](void*) { CHECK(false); }, nullptr), -5);
  worker.reset();
  loops.end_timer(timer);
  loops.post(loop.get(), [](void*) { CHECK(false); }, nullptr);
  loop.reset();
  ::close(file);
  ::close(plain);
}

TEST_CASE("a timer expires once, is set again in its call, and may end there") {
  Worker worker;
  busway_loop loop(worker);
  struct State {
    busway_timer* timer = nullptr;
    int times = 0;
  } state;
  state.timer = loops.timer(
      &loop,
      [](void* user) {
        auto& its = *static_cast<State*>(user);
        if (++its.times < 3) return loops.set_timer(its.timer, 5);
        loops.end_timer(its.timer);
      },
      &state);
  worker.post([&] { loops.set_timer(state.timer, 5); });
  run(worker, [&] { return state.times == 3; });
  CHECK(state.times == 3);
  CHECK(loop.timers.empty());
}

TEST_CASE("other threads post, and connections are made or say why not") {
  Worker worker;
  busway_loop loop(worker);
  int posted = 0;
  std::thread other([&] {
    for (int i = 0; i < 100; ++i) loops.post(&loop, [](void* user) { ++*static_cast<int*>(user); }, &posted);
  });
  run(worker, [&] { return posted == 100; });
  other.join();
  CHECK(posted == 100);

  auto acceptor = Acceptor::bind({"127.0.0.1", 0}, 1);
  REQUIRE(acceptor);
  struct Result {
    int fd = -2;
    std::string problem;
  };
  auto connect = [&](const std::string& to) {
    Result result;
    worker.post([&] {
      loops.connect(
          &loop, text_of(to), 1000,
          [](void* user, int fd, busway_text problem) {
            static_cast<Result*>(user)->fd = fd;
            static_cast<Result*>(user)->problem = view(problem);
          },
          &result);
      CHECK(result.fd == -2);
    });
    run(worker, [&] { return result.fd != -2; });
    return result;
  };
  Result good = connect((*acceptor)->address().text());
  CHECK(good.fd >= 0);
  CHECK((::fcntl(good.fd, F_GETFL) & O_NONBLOCK) != 0);
  ::close(good.fd);
  CHECK(connect("127.0.0.1").problem != "");
  CHECK(connect("127.0.0.1:x").fd == -1);
  std::string dead = (*acceptor)->address().text();
  acceptor->reset();
  CHECK(connect(dead).problem.find("connecting to " + dead) != std::string::npos);
}
