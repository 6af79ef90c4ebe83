#pragma once

#include <coroutine>
#include <cstddef>
#include <optional>
#include <utility>

#include "bus/assert.hpp"

namespace busway {

namespace detail {
// Coroutine frames come from free lists of the thread: in the steady state a call costs no heap allocation. A frame may be freed
// on another thread than it was made on; its block then joins that thread's lists. A sanitizer sees each frame come and go.
class FrameLists {
 public:
  static void* allocate(std::size_t size) {
    std::size_t index = (size - 1) / grain;
    if (index >= classes || lists.free_[index] == nullptr) return allocate_anew(size);
    Block* block = lists.free_[index];
    lists.free_[index] = block->next;
    --lists.count_[index];
    return block;
  }
  static void free(void* frame, std::size_t size) noexcept {
    std::size_t index = (size - 1) / grain;
    if (index >= classes || lists.count_[index] >= lists.kept_) return free_specially(frame, index);
    auto* block = static_cast<Block*>(frame);
    block->next = lists.free_[index];
    lists.free_[index] = block;
    ++lists.count_[index];
  }

 private:
  static constexpr std::size_t grain = 128;
  static constexpr std::size_t classes = 32;  // frames up to 4 KiB
  struct Block {
    Block* next;
  };
  struct AtThreadEnd;

  static void* allocate_anew(std::size_t size);
  static void free_specially(void* frame, std::size_t index) noexcept;

  Block* free_[classes] = {};
  std::size_t count_[classes] = {};
  std::size_t kept_ = 0;  // blocks a class; none before somebody will free the lists when the thread ends
  static thread_local constinit FrameLists lists;
};

struct PromiseShared {
  std::coroutine_handle<> continuation;
  bool waited_for = false;  // the caller has suspended
  bool finished = false;    // before the caller had to

  static void* operator new(std::size_t size) { return FrameLists::allocate(size); }
  static void operator delete(void* frame, std::size_t size) noexcept { FrameLists::free(frame, size); }

  struct Final {
    bool await_ready() const noexcept { return false; }
    template <class P>
    std::coroutine_handle<> await_suspend(std::coroutine_handle<P> handle) const noexcept {
      PromiseShared& promise = handle.promise();
      if (promise.waited_for) return promise.continuation;
      promise.finished = true;
      return std::noop_coroutine();
    }
    void await_resume() const noexcept {}
  };
  std::suspend_always initial_suspend() const noexcept { return {}; }
  Final final_suspend() const noexcept { return {}; }
  [[noreturn]] void unhandled_exception() const noexcept {
    assertion_failed("no exception leaves a coroutine", __FILE__, __LINE__);
  }
};
// Runs the callee at once; true when the caller must suspend. A callee that ends without waiting returns here, so that a loop
// over such calls needs no tail calls (unoptimised and sanitizer builds have none) to keep its stack flat.
template <class P>
bool start(std::coroutine_handle<P> callee, std::coroutine_handle<> caller) {
  callee.promise().continuation = caller;
  callee.resume();
  if (callee.promise().finished) return false;
  callee.promise().waited_for = true;
  return true;
}
}  // namespace detail

// A coroutine that starts when it is awaited and resumes its caller when it ends. Owns its frame: destroying a Task that waits
// destroys what it waits in. Awaited once; it may visit other threads (Worker::here) but ends on the one it started on.
template <class T = void>
class [[nodiscard]] Task {
 public:
  struct promise_type : detail::PromiseShared {
    std::optional<T> value;
    Task get_return_object() noexcept { return Task(std::coroutine_handle<promise_type>::from_promise(*this)); }
    template <class U>
    void return_value(U&& result) {
      value.emplace(std::forward<U>(result));
    }
  };

  Task(Task&& other) noexcept : handle_(std::exchange(other.handle_, nullptr)) {}
  Task& operator=(Task&&) = delete;
  ~Task() {
    if (handle_) handle_.destroy();
  }

  bool await_ready() const noexcept { return false; }
  bool await_suspend(std::coroutine_handle<> caller) noexcept { return detail::start(handle_, caller); }
  T await_resume() { return std::move(*handle_.promise().value); }

 private:
  explicit Task(std::coroutine_handle<promise_type> handle) noexcept : handle_(handle) {}
  std::coroutine_handle<promise_type> handle_;
};

template <>
class [[nodiscard]] Task<void> {
 public:
  struct promise_type : detail::PromiseShared {
    Task get_return_object() noexcept { return Task(std::coroutine_handle<promise_type>::from_promise(*this)); }
    void return_void() const noexcept {}
  };

  Task(Task&& other) noexcept : handle_(std::exchange(other.handle_, nullptr)) {}
  Task& operator=(Task&&) = delete;
  ~Task() {
    if (handle_) handle_.destroy();
  }

  bool await_ready() const noexcept { return false; }
  bool await_suspend(std::coroutine_handle<> caller) noexcept { return detail::start(handle_, caller); }
  void await_resume() const noexcept {}

 private:
  explicit Task(std::coroutine_handle<promise_type> handle) noexcept : handle_(handle) {}
  std::coroutine_handle<promise_type> handle_;
};

}  // namespace busway
