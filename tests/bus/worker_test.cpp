#include "bus/worker.hpp"

#include <doctest/doctest.h>
#include <fcntl.h>
#include <unistd.h>

#include <atomic>
#include <functional>
#include <thread>
#include <vector>

using namespace busway;
using namespace std::chrono_literals;

namespace {

Task<int> twice(int value) {
  co_return value * 2;
}

Task<> add_up(int count, long& sum) {
  for (int i = 0; i < count; ++i) sum += co_await twice(i);
}

Task<> note_after(Worker& worker, std::chrono::milliseconds time, int mark, std::vector<int>& marks) {
  co_await worker.sleep_for(time);
  marks.push_back(mark);
}

Task<> read_byte(Worker& worker, int fd, TimePoint deadline, Wake& how, bool& done) {
  Descriptor descriptor(worker, fd);
  how = co_await descriptor.ready(Direction::read, deadline);
  done = true;
}

Task<> wait_at(Gate& gate, TimePoint deadline, Wake& how, bool& done) {
  how = co_await gate.wait(deadline);
  done = true;
}

Task<> hop(Worker& home, Worker& other, std::vector<int>& trail) {
  trail.push_back(Worker::current()->index());
  co_await other.here();
  trail.push_back(Worker::current()->index());
  co_await home.here();
  trail.push_back(Worker::current()->index());
  home.stop();
}

}  // namespace

TEST_CASE("what is left for the end of a turn is done once, behind all else of that turn") {
  Worker worker;
  std::vector<int> marks;
  worker.post([&] {
    worker.at_end_of_turn([&] { marks.push_back(3); });
    marks.push_back(1);
  });
  worker.post([&] { marks.push_back(2); });
  worker.run_until([&] { return marks.size() >= 3; });
  worker.post([&] { marks.push_back(4); });
  worker.run_until([&] { return marks.size() >= 4; });
  CHECK(marks == std::vector<int>{1, 2, 3, 4});
}

TEST_CASE("works that are posted together are done in order, also by a worker that sleeps") {
  Worker worker;
  std::vector<int> marks;
  std::thread thread([&worker] { worker.run(); });
  std::atomic<bool> done{false};
  for (int round = 0; round < 100; ++round) {
    done = false;
    std::vector<std::function<void()>> works;
    for (int i = 0; i < 3; ++i) works.push_back([&marks, i] { marks.push_back(i); });
    works.push_back([&done] { done = true; });
    worker.mailbox()->post(works);
    CHECK(works.empty());
    while (!done) std::this_thread::yield();
  }
  worker.stop();
  thread.join();
  REQUIRE(marks.size() == 300);
  for (std::size_t i = 0; i < marks.size(); ++i) CHECK(marks[i] == static_cast<int>(i % 3));
}

TEST_CASE("a million awaited calls neither recurse nor leak") {
  Worker worker(0, Worker::ClockKind::manual);
  long sum = 0;
  worker.spawn(add_up(1'000'000, sum));
  CHECK(sum == 999'999'000'000L);
  CHECK(worker.running() == 0);
}

TEST_CASE("manual time jumps from timer to timer, in their order") {
  Worker worker(0, Worker::ClockKind::manual);
  std::vector<int> marks;
  auto start = worker.now();
  worker.spawn(note_after(worker, 10s, 3, marks));
  worker.spawn(note_after(worker, 20ms, 1, marks));
  worker.spawn(note_after(worker, 5min, 4, marks));
  worker.spawn(note_after(worker, 9s, 2, marks));
  worker.run();
  CHECK(marks == std::vector<int>{1, 2, 3, 4});
  CHECK(worker.now() - start >= 5min);
  CHECK(worker.now() - start < 5min + 100ms);
}

TEST_CASE("a wait for a descriptor ends by readiness, by deadline or by a cancel") {
  Worker worker;
  int ends[2];
  REQUIRE(pipe2(ends, O_NONBLOCK | O_CLOEXEC) == 0);
  Wake how = Wake::ready;
  bool done = false;
  SUBCASE("deadline") {
    auto start = Clock::now();
    worker.spawn(read_byte(worker, ends[0], worker.now() + 30ms, how, done));
    worker.run_until([&] { return done; });
    CHECK(how == Wake::timed_out);
    CHECK(Clock::now() - start >= 29ms);
  }
  SUBCASE("readiness") {
    worker.spawn(read_byte(worker, ends[0], worker.now() + 10s, how, done));
    REQUIRE(write(ends[1], "x", 1) == 1);
    worker.run_until([&] { return done; });
    CHECK(how == Wake::ready);
  }
  SUBCASE("the worker's end destroys what still waits") {
    auto own = std::make_unique<Worker>();
    own->spawn(read_byte(*own, ends[0], TimePoint::max(), how, done));
    own.reset();
    CHECK_FALSE(done);
  }
  close(ends[1]);
}

TEST_CASE("a descriptor leaves the poll set open, also one that somebody else holds") {
  Worker worker;
  int ends[2];
  REQUIRE(pipe2(ends, O_NONBLOCK | O_CLOEXEC) == 0);
  int twin = dup(ends[0]);
  Descriptor descriptor = Descriptor::try_open(worker, twin);
  REQUIRE(descriptor.open());
  CHECK_FALSE(Descriptor::try_open(worker, twin).open());
  CHECK(descriptor.release() == twin);
  CHECK_FALSE(descriptor.open());
  close(twin);
  REQUIRE(write(ends[1], "x", 1) == 1);  // nothing may be told of it any more
  worker.post([] {});
  int turns = 0;
  worker.run_until([&] { return ++turns > 1; });
  Descriptor again = Descriptor::try_open(worker, ends[0]);
  CHECK(again.open());
  auto gone = std::make_unique<Worker>();
  Descriptor late = Descriptor::try_open(*gone, ends[1]);
  gone.reset();
  CHECK(late.release() == ends[1]);
  close(ends[1]);
}

TEST_CASE("a gate opens for its waiter, or times out") {
  Worker worker(0, Worker::ClockKind::manual);
  Gate gate(worker);
  Wake how = Wake::cancelled;
  bool done = false;
  worker.spawn(wait_at(gate, worker.now() + 1s, how, done));
  CHECK(gate.has_waiter());
  CHECK(gate.open());
  CHECK(how == Wake::ready);
  done = false;
  worker.spawn(wait_at(gate, worker.now() + 1s, how, done));
  worker.run();
  CHECK(done);
  CHECK(how == Wake::timed_out);
  CHECK_FALSE(gate.open());
}

TEST_CASE("a coroutine moves to another worker and back") {
  Worker home(0);
  Worker other(1);
  std::vector<int> trail;
  std::thread far([&] { other.run(); });
  home.post([&] { home.spawn(hop(home, other, trail)); });
  home.run();
  other.stop();
  far.join();
  CHECK(trail == std::vector<int>{0, 1, 0});
}

TEST_CASE("posts from many threads all arrive, each thread's in order") {
  Worker worker;
  constexpr int threads = 4;
  constexpr int each = 2000;
  std::vector<int> last(threads, -1);
  int got = 0;
  bool ordered = true;
  std::vector<std::thread> posters;
  for (int t = 0; t < threads; ++t) {
    posters.emplace_back([&, t] {
      for (int i = 0; i < each; ++i) {
        worker.post([&, t, i] {
          ordered = ordered && last[static_cast<std::size_t>(t)] == i - 1;
          last[static_cast<std::size_t>(t)] = i;
          ++got;
        });
      }
    });
  }
  worker.run_until([&] { return got == threads * each; });
  for (std::thread& poster : posters) poster.join();
  CHECK(ordered);
}

TEST_CASE("what is posted after a worker's end is dropped") {
  auto worker = std::make_unique<Worker>();
  auto mailbox = worker->mailbox();
  worker.reset();
  bool ran = false;
  mailbox->post([&] { ran = true; });
  CHECK_FALSE(ran);
}
