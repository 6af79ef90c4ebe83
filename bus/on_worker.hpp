#pragma once

#include <coroutine>
#include <memory>
#include <utility>

#include "bus/worker.hpp"

namespace busway {

// Awaited on `home`: runs state->work(), a Task<>, on `owner`, and goes on on `home` when it has ended. The state is all that
// both see, one after the other: it keeps what the work reads and what it gives.
template <class State>
class OnWorker {
 public:
  OnWorker(std::shared_ptr<State> state, Worker& owner, Worker& home) : state_(std::move(state)), owner_(owner), home_(home) {}
  bool await_ready() const { return false; }
  void await_suspend(std::coroutine_handle<> caller) {
    owner_.mailbox()->post(
        [state = state_, &owner = owner_, home = home_.mailbox(), caller] { owner.spawn(run(state, home, caller)); });
  }
  void await_resume() const {}

 private:
  static Task<> run(std::shared_ptr<State> state, std::shared_ptr<Worker::Mailbox> home, std::coroutine_handle<> caller) {
    co_await state->work();
    home->post([state = std::move(state), caller] { caller.resume(); });
  }

  std::shared_ptr<State> state_;
  Worker& owner_;
  Worker& home_;
};

}  // namespace busway
