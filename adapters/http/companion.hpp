#pragma once

#include <coroutine>
#include <utility>

#include "bus/task.hpp"

namespace busway::http {

// A task that runs beside the one that holds it, on the same worker: begins at once, and ends with its holder if it has not by
// itself. Its holder must not end within a call that the task makes; let it post to the worker instead.
class [[nodiscard]] Companion {
 public:
  struct promise_type {
    static void* operator new(std::size_t size) { return busway::detail::FrameLists::allocate(size); }
    static void operator delete(void* frame, std::size_t size) noexcept { busway::detail::FrameLists::free(frame, size); }
    Companion get_return_object() noexcept { return Companion(std::coroutine_handle<promise_type>::from_promise(*this)); }
    std::suspend_never initial_suspend() const noexcept { return {}; }
    std::suspend_always final_suspend() const noexcept { return {}; }
    void return_void() const noexcept {}
    [[noreturn]] void unhandled_exception() const noexcept { assertion_failed("no exception leaves a task", __FILE__, __LINE__); }
  };

  Companion() = default;
  Companion(Companion&& other) noexcept : handle_(std::exchange(other.handle_, nullptr)) {}
  Companion& operator=(Companion&& other) noexcept {
    std::swap(handle_, other.handle_);
    return *this;
  }
  ~Companion() {
    if (handle_) handle_.destroy();
  }
  // It runs, or has run and is not forgotten yet.
  explicit operator bool() const { return static_cast<bool>(handle_); }

 private:
  explicit Companion(std::coroutine_handle<promise_type> handle) noexcept : handle_(handle) {}
  std::coroutine_handle<promise_type> handle_;
};

inline Companion beside(Task<> task) {
  co_await task;
}

}  // namespace busway::http
