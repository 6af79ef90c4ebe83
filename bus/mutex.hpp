#pragma once

#include <chrono>
#include <condition_variable>
#include <mutex>

// Clang checks at compile time (-Werror=thread-safety) that guarded state is only touched under its lock; GCC ignores the marks.
#if defined(__clang__)
#define BUSWAY_THREAD_MARK(mark) __attribute__((mark))
#else
#define BUSWAY_THREAD_MARK(mark)
#endif
#define BUSWAY_GUARDED_BY(lock) BUSWAY_THREAD_MARK(guarded_by(lock))
#define BUSWAY_REQUIRES(lock) BUSWAY_THREAD_MARK(requires_capability(lock))

namespace busway {

// std::mutex with the marks clang's analysis needs.
class BUSWAY_THREAD_MARK(capability("mutex")) Mutex {
 public:
  void lock() BUSWAY_THREAD_MARK(acquire_capability()) { mutex_.lock(); }
  void unlock() BUSWAY_THREAD_MARK(release_capability()) { mutex_.unlock(); }
  bool try_lock() BUSWAY_THREAD_MARK(try_acquire_capability(true)) { return mutex_.try_lock(); }

 private:
  std::mutex mutex_;
};

// Holds a Mutex from here to the end of the block; unlock() and lock() in between are allowed.
class BUSWAY_THREAD_MARK(scoped_lockable) Lock {
 public:
  explicit Lock(Mutex& mutex) BUSWAY_THREAD_MARK(acquire_capability(mutex)) : lock_(mutex) {}
  ~Lock() BUSWAY_THREAD_MARK(release_capability()) {}
  Lock(const Lock&) = delete;
  Lock& operator=(const Lock&) = delete;
  void lock() BUSWAY_THREAD_MARK(acquire_capability()) { lock_.lock(); }
  void unlock() BUSWAY_THREAD_MARK(release_capability()) { lock_.unlock(); }
  // Sleeps until `changed` is notified; the lock is held again afterwards. Call in a loop over the condition.
  void wait(std::condition_variable_any& changed) { changed.wait(lock_); }
  // The same until then, at most: false when the time is up.
  bool wait_until(std::condition_variable_any& changed, std::chrono::steady_clock::time_point until) {
    return changed.wait_until(lock_, until) == std::cv_status::no_timeout;
  }

 private:
  std::unique_lock<Mutex> lock_;
};

}  // namespace busway
