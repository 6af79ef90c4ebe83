#include "bus/fair_share.hpp"

#include <doctest/doctest.h>

#include <coroutine>
#include <optional>
#include <string>

#include "bus/task.hpp"

using namespace busway;

namespace {

// Takes `bytes` at a time, as a read that always finds some.
Task<> take(Worker& worker, std::size_t bytes, int times, char mark, std::string& order) {
  FairShare share(worker, 100);
  for (int i = 0; i < times; ++i) {
    co_await share.turn();
    order += mark;
    share.took(bytes);
  }
}

// Begins when it is resumed.
struct Late {
  struct promise_type {
    Late get_return_object() { return {std::coroutine_handle<promise_type>::from_promise(*this)}; }
    std::suspend_always initial_suspend() { return {}; }
    std::suspend_always final_suspend() noexcept { return {}; }
    void return_void() {}
    void unhandled_exception() {}
  };
  std::coroutine_handle<promise_type> handle;
};

Late set(bool& resumed) {
  resumed = true;
  co_return;
}

}  // namespace

TEST_CASE("who has had its share waits until the others had theirs") {
  Worker worker(0, Worker::ClockKind::manual);
  std::string order;
  worker.spawn(take(worker, 50, 6, 'a', order));
  worker.spawn(take(worker, 100, 3, 'b', order));
  CHECK(order == "aab");
  worker.run();
  CHECK(order == "aabaabaab");
}

TEST_CASE("a share that is not used up is no wait") {
  Worker worker(0, Worker::ClockKind::manual);
  std::string order;
  worker.spawn(take(worker, 9, 12, 'a', order));
  CHECK(order == "aaaaaaaaaaaa");
  CHECK(worker.running() == 0);
}

TEST_CASE("who waited for a turn may be gone when it comes") {
  for (bool gone : {false, true}) {
    Worker worker(0, Worker::ClockKind::manual);
    FairShare share(worker, 100);
    share.took(100);
    bool resumed = false;
    Late late = set(resumed);
    std::optional<FairShare::Turn> turn;
    turn.emplace(share);
    CHECK_FALSE(turn->await_ready());
    turn->await_suspend(late.handle);
    if (gone) turn.reset();
    worker.run();
    CHECK(resumed == !gone);
    late.handle.destroy();
  }
}
