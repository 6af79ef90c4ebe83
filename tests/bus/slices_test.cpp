#include "bus/slices.hpp"

#include <doctest/doctest.h>

#include <functional>
#include <stdexcept>
#include <string>
#include <vector>

#include "bus/spare.hpp"
#include "bus/worker.hpp"

using namespace busway;
using namespace std::chrono_literals;

namespace {

constexpr std::int32_t a_look = 64;  // work after which the clock is read

// Adds its mark each time it has its turn.
Task<> marking(Worker& worker, int mark, int times, std::vector<int>& marks, int& ended) {
  std::string made = co_await worker.in_slices(true, TimePoint::max(), [&] {
    std::string own;  // on the stack that is put aside
    for (int i = 0; i < times; ++i) {
      own += std::to_string(mark);
      marks.push_back(mark);
      pause_if_due(a_look);
    }
    return own;
  });
  std::string expected;
  for (int i = 0; i < times; ++i) expected += std::to_string(mark);
  CHECK(made == expected);
  ++ended;
}

// Counts the turns of the loop.
Task<> counting_turns(Worker& worker, const bool& until, int& turns) {
  while (!until) {
    ++turns;
    worker.post([] {});  // the next turn is not to wait
    co_await worker.sleep_for(0ms);
  }
}

// Computes until nobody wants the result.
Task<> endless(Worker& worker, TimePoint deadline, long& rounds, bool& ended) {
  bool gave_up = co_await worker.in_slices(true, deadline, [&] {
    while (pause_if_due(a_look)) ++rounds;
    return true;
  });
  ended = gave_up;
}

int deep(int levels) {
  volatile char room[1024] = {};
  room[0] = 1;
  pause_if_due(a_look);
  return levels == 0 ? 0 : deep(levels - 1) + room[0];
}

}  // namespace

TEST_CASE("a fiber stops half way, goes on, and takes one piece of work after the other") {
  auto fiber = Fiber::make();
  REQUIRE(fiber != nullptr);
  std::string trail;
  for (int piece = 0; piece < 3; ++piece) {
    fiber->take(
        [](void* into) {
          auto& text = *static_cast<std::string*>(into);
          double kept = 1.5;
          text += 'a';
          Fiber::current()->pause();
          text += kept == 1.5 ? 'b' : '?';
          try {
            throw std::runtime_error("c");
          } catch (const std::runtime_error& error) {
            text += error.what();
          }
        },
        &trail);
    CHECK(Fiber::current() == nullptr);
    CHECK_FALSE(fiber->run());
    CHECK(Fiber::current() == nullptr);
    trail += '-';
    CHECK(fiber->run());
    fiber->trim();
  }
  CHECK(trail == "a-bca-bca-bc");
}

TEST_CASE("computations that are due take turns, one slice a turn of the loop") {
  Worker worker;
  worker.slices().set_length(Clock::duration::zero());
  std::vector<int> marks;
  int ended = 0;
  for (int mark = 0; mark < 10; ++mark) worker.spawn(marking(worker, mark, 20, marks, ended));
  CHECK(marks.empty());  // each waits for its turn
  std::vector<std::size_t> progress;
  worker.run_until([&] {
    progress.push_back(marks.size());
    return ended == 10;
  });
  for (std::size_t i = 0; i < marks.size(); ++i) CHECK(marks[i] == static_cast<int>(i % 10));
  for (std::size_t turn = 1; turn < progress.size(); ++turn) CHECK(progress[turn] - progress[turn - 1] <= 1);
  CHECK(worker.running() == 0);
}

TEST_CASE("timers and posts are served between the slices of a long computation") {
  Worker worker;
  bool ended = false;
  long rounds = 0;
  int turns = 0;
  worker.spawn(endless(worker, worker.now() + 100ms, rounds, ended));
  worker.spawn(counting_turns(worker, ended, turns));
  worker.run_until([&] { return ended && worker.running() == 0; });
  // Were it served in one go, there would be one.
  CHECK(turns >= 5);
  CHECK(rounds > turns);
}

TEST_CASE("a bounded number is half done at a time, the others wait in their order") {
  Worker worker;
  worker.slices().set_length(Clock::duration::zero());
  std::vector<int> marks;
  int ended = 0;
  constexpr int all = static_cast<int>(Slices::most) + 30;
  for (int mark = 0; mark < all; ++mark) worker.spawn(marking(worker, mark, 3, marks, ended));
  CHECK(worker.slices().unfinished() == static_cast<std::size_t>(all));
  worker.run_until([&] { return ended == all; });
  for (int i = 0; i < static_cast<int>(Slices::most); ++i) CHECK(marks[static_cast<std::size_t>(i)] == i);
  CHECK(marks[Slices::most] == 0);
  std::vector<int> first_seen;
  for (int mark : marks) {
    if (first_seen.size() == static_cast<std::size_t>(mark)) first_seen.push_back(mark);
  }
  CHECK(first_seen.size() == static_cast<std::size_t>(all));
}

TEST_CASE("past its deadline a computation is told to give up; one that begins later is not") {
  Worker worker;
  long rounds = 0;
  bool ended = false;
  auto start = Clock::now();
  worker.spawn(endless(worker, Clock::now() + 50ms, rounds, ended));
  worker.run_until([&] { return ended; });
  CHECK(Clock::now() - start >= 50ms);

  std::vector<bool> told;
  bool late_ended = false;
  auto late = [](Worker& on, std::vector<bool>& into, bool& done) -> Task<> {
    co_await on.in_slices(true, Clock::now() - 1s, [&] {
      for (int i = 0; i < 10; ++i) into.push_back(pause_if_due(a_look));
    });
    done = true;
  };
  worker.spawn(late(worker, told, late_ended));
  worker.run_until([&] { return late_ended; });
  CHECK(told == std::vector<bool>(10, true));
}

TEST_CASE("what is half done when the worker stops is done to its end, and resumes nobody") {
  auto worker = std::make_unique<Worker>();
  worker->slices().set_length(Clock::duration::zero());
  long rounds = 0;
  bool ended = false;
  std::vector<int> marks;
  int marked = 0;
  for (int i = 0; i < 3; ++i) worker->spawn(endless(*worker, TimePoint::max(), rounds, ended));
  worker->spawn(marking(*worker, 7, 100, marks, marked));
  SUBCASE("by stop()") {
    std::function<void()> look = [&] {
      if (rounds < 10) {
        worker->post(look);
      } else {
        worker->stop();
      }
    };
    look();
    worker->run();
    CHECK(rounds >= 10);
    CHECK(marks.size() == 100);
    CHECK(worker->slices().unfinished() == 0);
  }
  SUBCASE("by its end") {
    int turns = 0;
    worker->run_until([&] { return ++turns > 20; });
    CHECK(marks.size() < 100);
    CHECK_FALSE(marks.empty());
  }
  SUBCASE("by its end, before it began") {}
  worker.reset();
  CHECK_FALSE(ended);
  CHECK(marked == 0);
  CHECK((marks.empty() || marks.size() == 100));
}

TEST_CASE("small computations, and all with a manual clock, run where they are") {
  Worker steady;
  Worker manual(0, Worker::ClockKind::manual);
  auto where = [](Worker& on, bool large, bool& fiber, bool& done) -> Task<> {
    fiber = co_await on.in_slices(large, TimePoint::max(), [] {
      bool goes_on = pause_if_due(a_look);
      return Fiber::current() != nullptr && goes_on;
    });
    done = true;
  };
  bool fiber = true;
  bool done = false;
  steady.spawn(where(steady, false, fiber, done));
  CHECK(done);
  CHECK_FALSE(fiber);
  done = false;
  manual.spawn(where(manual, true, fiber, done));
  CHECK(done);
  CHECK_FALSE(fiber);
  done = false;
  steady.spawn(where(steady, true, fiber, done));
  steady.run_until([&] { return done; });
  CHECK(fiber);
}

TEST_CASE("a computation may use the stack as deep as a thread's, and gives it back") {
  Worker worker;
  worker.slices().set_length(Clock::duration::zero());
  int sums[3] = {};
  int ended = 0;
  auto dig = [](Worker& on, int& sum, int& done) -> Task<> {
    sum = co_await on.in_slices(true, TimePoint::max(), [] { return deep(2000); });
    ++done;
  };
  for (int& sum : sums) worker.spawn(dig(worker, sum, ended));
  worker.run_until([&] { return ended == 3; });
  for (int sum : sums) CHECK(sum == 2000);
}

TEST_CASE("a spare is its holder's alone, and stays for the next") {
  std::vector<int>* first = nullptr;
  {
    Spare<std::vector<int>> held;
    first = &*held;
    Spare<std::vector<int>> other;
    CHECK(&*other != first);
  }
  {
    // The inner one came back first and is the one that is kept.
    Spare<std::vector<int>> again;
    again->push_back(1);
    first = &*again;
  }
  Spare<std::vector<int>> last;
  CHECK(&*last == first);
  CHECK(last->size() == 1);
}
