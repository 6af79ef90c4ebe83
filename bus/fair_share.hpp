#pragma once

#include <coroutine>
#include <cstddef>
#include <memory>

#include "bus/worker.hpp"

namespace busway {

// What one reader may take from its connection in a row. A read that finds bytes never waits, so a sender who keeps up would
// otherwise have the worker to itself for as long as it goes on, and everybody else there would wait.
//
//   co_await share.turn();           // before a read: others first when the share is used up, else goes on at once
//   IoStep step = socket.try_read(room);
//   share.took(step.bytes);
//
// Worker thread only. What awaits a turn may be destroyed.
class FairShare {
 public:
  // `bytes` in a row: few where each byte costs work, more where they only pass.
  FairShare(Worker& worker, std::size_t bytes) : worker_(worker), bytes_(bytes) {}

  void took(std::size_t bytes) { used_ += bytes; }
  class Turn;
  Turn turn();

 private:
  Worker& worker_;
  std::size_t bytes_;
  std::size_t used_ = 0;
};

// For bytes that are decoded, and for those that are passed on as they are.
inline constexpr std::size_t decoded_in_a_row = 32 * 1024;
inline constexpr std::size_t passed_in_a_row = 256 * 1024;

class FairShare::Turn final {
 public:
  explicit Turn(FairShare& share) : share_(share) {}
  Turn(const Turn&) = delete;
  Turn& operator=(const Turn&) = delete;
  ~Turn() {
    if (waiter_ != nullptr) *waiter_ = nullptr;
  }

  bool await_ready() const { return share_.used_ < share_.bytes_; }
  void await_suspend(std::coroutine_handle<> waiter) {
    share_.used_ = 0;
    waiter_ = std::make_shared<std::coroutine_handle<>>(waiter);
    share_.worker_.post([waiting = waiter_] {
      if (*waiting != nullptr) waiting->resume();
    });
  }
  void await_resume() const {}

 private:
  FairShare& share_;
  std::shared_ptr<std::coroutine_handle<>> waiter_;
};

inline FairShare::Turn FairShare::turn() {
  return Turn(*this);
}

}  // namespace busway
