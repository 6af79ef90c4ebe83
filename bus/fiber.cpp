#include "bus/fiber.hpp"

#include <sys/mman.h>
#include <ucontext.h>

#include <utility>

#include "bus/assert.hpp"

#if defined(__SANITIZE_ADDRESS__)
#define BUSWAY_ASAN 1
#elif defined(__SANITIZE_THREAD__)
#define BUSWAY_TSAN 1
#elif defined(__has_feature)
#if __has_feature(address_sanitizer)
#define BUSWAY_ASAN 1
#elif __has_feature(thread_sanitizer)
#define BUSWAY_TSAN 1
#endif
#endif
#ifdef BUSWAY_ASAN
#include <sanitizer/common_interface_defs.h>
#endif
#ifdef BUSWAY_TSAN
#include <sanitizer/tsan_interface.h>
#endif

namespace busway {

namespace {
constinit thread_local Fiber* running = nullptr;
}

// Both sides of the switch, and what a sanitizer must know of them.
struct Fiber::Contexts {
  ucontext_t own{};
  ucontext_t caller{};
#ifdef BUSWAY_ASAN
  void* own_frames = nullptr;
  void* caller_frames = nullptr;
  const void* caller_low = nullptr;
  std::size_t caller_bytes = 0;
#endif
#ifdef BUSWAY_TSAN
  void* own_id = nullptr;
  void* caller_id = nullptr;
#endif
};

std::unique_ptr<Fiber> Fiber::make() {
  void* memory = mmap(nullptr, guard_bytes + stack_bytes, PROT_READ | PROT_WRITE,
                      MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE | MAP_STACK, -1, 0);
  if (memory == MAP_FAILED) return nullptr;
  if (mprotect(memory, guard_bytes, PROT_NONE) != 0) {
    munmap(memory, guard_bytes + stack_bytes);
    return nullptr;
  }
  madvise(memory, guard_bytes + stack_bytes, MADV_NOHUGEPAGE);  // the first byte must not cost two megabytes
  return std::unique_ptr<Fiber>(new Fiber(memory));
}

Fiber::Fiber(void* memory) : memory_(memory), contexts_(std::make_unique<Contexts>()) {
  ucontext_t& own = contexts_->own;
  BUSWAY_ASSERT(getcontext(&own) == 0);
  own.uc_stack.ss_sp = static_cast<char*>(memory_) + guard_bytes;
  own.uc_stack.ss_size = stack_bytes;
  own.uc_link = nullptr;
  makecontext(&own, &Fiber::main, 0);
#ifdef BUSWAY_ASAN
  own.uc_stack.ss_size = 0;  // or each switch would clear the shadow of the whole stack
#endif
#ifdef BUSWAY_TSAN
  contexts_->own_id = __tsan_create_fiber(0);
#endif
}

Fiber::~Fiber() {
  BUSWAY_ASSERT(work_ == nullptr);
#ifdef BUSWAY_TSAN
  __tsan_destroy_fiber(contexts_->own_id);
#endif
  munmap(memory_, guard_bytes + stack_bytes);
}

Fiber* Fiber::current() {
  return running;
}

void Fiber::take(Work work, void* argument) {
  BUSWAY_ASSERT(work_ == nullptr);
  work_ = work;
  argument_ = argument;
}

// The bottom of every stack: one piece of work after the other. Never returns.
void Fiber::main() {
  Fiber& self = *running;
#ifdef BUSWAY_ASAN
  __sanitizer_finish_switch_fiber(nullptr, &self.contexts_->caller_low, &self.contexts_->caller_bytes);
#endif
  while (true) {
    [&]() noexcept { self.work_(self.argument_); }();
    self.work_ = nullptr;
    self.switch_out();
  }
}

void Fiber::switch_in() {
#ifdef BUSWAY_ASAN
  __sanitizer_start_switch_fiber(&contexts_->caller_frames, reinterpret_cast<void*>(stack_low()), stack_bytes);
#endif
#ifdef BUSWAY_TSAN
  contexts_->caller_id = __tsan_get_current_fiber();
  __tsan_switch_to_fiber(contexts_->own_id, 0);
#endif
  swapcontext(&contexts_->caller, &contexts_->own);
#ifdef BUSWAY_ASAN
  __sanitizer_finish_switch_fiber(contexts_->caller_frames, nullptr, nullptr);
#endif
}

void Fiber::switch_out() {
#ifdef BUSWAY_ASAN
  __sanitizer_start_switch_fiber(&contexts_->own_frames, contexts_->caller_low, contexts_->caller_bytes);
#endif
#ifdef BUSWAY_TSAN
  __tsan_switch_to_fiber(contexts_->caller_id, 0);
#endif
  swapcontext(&contexts_->own, &contexts_->caller);
#ifdef BUSWAY_ASAN
  __sanitizer_finish_switch_fiber(contexts_->own_frames, &contexts_->caller_low, &contexts_->caller_bytes);
#endif
}

bool Fiber::run() {
  BUSWAY_ASSERT(running == nullptr && work_ != nullptr);
  running = this;
  switch_in();
  running = nullptr;
  return work_ == nullptr;
}

void Fiber::pause() {
  BUSWAY_ASSERT(running == this);
  switch_out();
}

void Fiber::trim() {
  BUSWAY_ASSERT(work_ == nullptr);
  constexpr std::size_t kept = 64UL * 1024;
  madvise(reinterpret_cast<void*>(stack_low()), stack_bytes - kept, MADV_DONTNEED);
}

}  // namespace busway
