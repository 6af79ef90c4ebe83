#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>

namespace busway {

// A stack of its own, on which plain code can stop half way and go on later, on the same thread. For computations alone: what
// runs on one neither waits for anything nor resumes a coroutine, throws nothing out of its work, and where it pauses it holds no
// lock, no thread-local scratch (bus/spare.hpp) and no exception that it handles.
//
// The stack is as large as a thread's and committed as it is used; behind its end lies a page that ends the process when it is
// touched. Switching is ucontext(3): a system call each time, on every processor and with shadow stacks.
class Fiber {
 public:
  using Work = void (*)(void*);
  static constexpr std::size_t stack_bytes = 8UL * 1024 * 1024;

  // Null when the system has no memory for it.
  static std::unique_ptr<Fiber> make();
  Fiber(const Fiber&) = delete;
  Fiber& operator=(const Fiber&) = delete;
  ~Fiber();  // with nothing on it

  // Has the next run() begin work(argument). There is none on it now.
  void take(Work work, void* argument);
  // Runs its work until that pauses or ends; true when it has ended. From the thread's own stack only.
  bool run();
  // On the fiber: run() returns, and the next one goes on behind this.
  void pause();
  // Gives the pages of the stack back but for the first few. Nothing is on it.
  void trim();

  // The one that the calling thread runs now; null on the thread's own stack.
  static Fiber* current();
  // The lowest address of the stack.
  std::uintptr_t stack_low() const { return reinterpret_cast<std::uintptr_t>(memory_) + guard_bytes; }

 private:
  struct Contexts;
  static constexpr std::size_t guard_bytes = 64UL * 1024;  // a whole page on every system
  explicit Fiber(void* memory);
  static void main();
  void switch_in();
  void switch_out();

  void* memory_;
  std::unique_ptr<Contexts> contexts_;
  Work work_ = nullptr;
  void* argument_ = nullptr;
};

}  // namespace busway
