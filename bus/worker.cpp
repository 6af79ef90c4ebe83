#include "bus/worker.hpp"

#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <sys/random.h>
#include <unistd.h>

#include <algorithm>
#include <bit>
#include <cerrno>
#include <span>
#include <utility>

#include "bus/assert.hpp"

namespace busway {

namespace {
thread_local Worker* current_worker = nullptr;
}

// ---- timers: a hashed wheel. A timer beyond the horizon waits in its slot for a later round. ----

struct Worker::Wheel {
  static constexpr std::size_t slots = 1024;
  struct Head final : Timer {
    Head() : Timer(nullptr) {}
  };

  std::array<Head, slots> heads;
  std::array<std::uint64_t, slots / 64> occupied{};
  TimePoint start{};
  std::int64_t cursor = 0;  // the last tick that was fired
};

void Timer::disarm() {
  if (previous_ == nullptr) return;
  previous_->next_ = next_;
  next_->previous_ = previous_;
  previous_ = nullptr;
  next_ = nullptr;
}

void Worker::arm(Timer& timer, TimePoint at) {
  timer.disarm();
  Wheel& wheel = *wheel_;
  auto since = at - wheel.start;
  std::int64_t index = since / tick + (since % tick != Clock::duration::zero() ? 1 : 0);
  index = std::max(index, wheel.cursor + 1);
  auto slot = static_cast<std::size_t>(index) % Wheel::slots;
  Timer& head = wheel.heads[slot];
  timer.at_ = at;
  timer.previous_ = head.previous_;
  timer.next_ = &head;
  head.previous_->next_ = &timer;
  head.previous_ = &timer;
  wheel.occupied[slot / 64] |= std::uint64_t{1} << (slot % 64);
}

void Worker::fire_timers() {
  Wheel& wheel = *wheel_;
  std::int64_t target = (now_ - wheel.start) / tick;
  if (target <= wheel.cursor) return;
  std::int64_t first = std::max(wheel.cursor + 1, target - static_cast<std::int64_t>(Wheel::slots) + 1);
  wheel.cursor = target;
  Wheel::Head due;
  due.previous_ = due.next_ = &due;
  for (std::int64_t index = first; index <= target; ++index) {
    auto slot = static_cast<std::size_t>(index) % Wheel::slots;
    if ((wheel.occupied[slot / 64] >> (slot % 64) & 1) == 0) continue;
    Timer& head = wheel.heads[slot];
    for (Timer* timer = head.next_; timer != &head;) {
      Timer* next = timer->next_;
      if (timer->at_ <= now_) {
        timer->disarm();
        timer->previous_ = due.previous_;
        timer->next_ = &due;
        due.previous_->next_ = timer;
        due.previous_ = timer;
      }
      timer = next;
    }
    if (head.next_ == &head) wheel.occupied[slot / 64] &= ~(std::uint64_t{1} << (slot % 64));
  }
  // One at a time from the front: what expires may disarm others of the list.
  while (due.next_ != &due) {
    Timer* timer = due.next_;
    timer->disarm();
    timer->expired_(*timer);
  }
  due.disarm();
}

int Worker::wait_time() const {
  const Wheel& wheel = *wheel_;
  for (std::size_t ahead = 1; ahead <= Wheel::slots;) {
    auto slot = (static_cast<std::size_t>(wheel.cursor) + ahead) % Wheel::slots;
    std::uint64_t rest = wheel.occupied[slot / 64] >> (slot % 64);
    if (rest == 0) {
      ahead += 64 - slot % 64;
      continue;
    }
    ahead += static_cast<std::size_t>(std::countr_zero(rest));
    auto left = wheel.start + (wheel.cursor + static_cast<std::int64_t>(ahead)) * tick - now_;
    auto ms = std::chrono::ceil<std::chrono::milliseconds>(left).count();
    return static_cast<int>(std::clamp<std::int64_t>(ms, 0, 60'000));
  }
  return 60'000;
}

// ---- descriptors ----

struct Descriptor::Slot {
  Worker* worker = nullptr;
  int fd = -1;
  bool readable = false;  // told by the poll set while nobody waited
  bool writable = false;
  bool hung_up = false;
  bool cancelled = false;
  Ready* reader = nullptr;
  Ready* writer = nullptr;
  Slot* previous = nullptr;  // of the worker's open descriptors
  Slot* next = nullptr;
};

Descriptor::Descriptor(Worker& worker, int fd) {
  *this = try_open(worker, fd);
  BUSWAY_ASSERT(slot_ != nullptr);
}

Descriptor Descriptor::try_open(Worker& worker, int fd) {
  auto slot = std::make_unique<Slot>(Slot{.worker = &worker, .fd = fd});
  epoll_event event{};
  event.events = EPOLLIN | EPOLLOUT | EPOLLRDHUP | EPOLLET;
  event.data.ptr = slot.get();
  Descriptor out;
  if (epoll_ctl(worker.epoll_, EPOLL_CTL_ADD, fd, &event) != 0) return out;
  slot->next = std::exchange(worker.open_, slot.get());
  if (slot->next != nullptr) slot->next->previous = slot.get();
  out.slot_ = slot.release();
  return out;
}

Descriptor::Descriptor(Descriptor&& other) noexcept : slot_(std::exchange(other.slot_, nullptr)) {}

Descriptor& Descriptor::operator=(Descriptor&& other) noexcept {
  if (this != &other) {
    close();
    slot_ = std::exchange(other.slot_, nullptr);
  }
  return *this;
}

Descriptor::~Descriptor() {
  close();
}

int Descriptor::fd() const {
  return slot_ == nullptr ? -1 : slot_->fd;
}

void Descriptor::close() {
  if (slot_ == nullptr) return;
  Slot* slot = std::exchange(slot_, nullptr);
  ::close(slot->fd);
  leave(slot);
}

int Descriptor::release() {
  if (slot_ == nullptr) return -1;
  Slot* slot = std::exchange(slot_, nullptr);
  int fd = slot->fd;
  // Closing would not do: others may hold the same open file.
  if (slot->worker != nullptr) epoll_ctl(slot->worker->epoll_, EPOLL_CTL_DEL, fd, nullptr);
  leave(slot);
  return fd;
}

void Descriptor::leave(Slot* slot) {
  slot->fd = -1;
  slot->cancelled = true;
  if (slot->worker == nullptr) {  // the worker has ended before its descriptor
    delete slot;
    return;
  }
  (slot->previous != nullptr ? slot->previous->next : slot->worker->open_) = slot->next;
  if (slot->next != nullptr) slot->next->previous = slot->previous;
  slot->worker->closed_.push_back(slot);
  if (Ready* reader = slot->reader) reader->wake(Wake::cancelled);
  if (Ready* writer = slot->writer) writer->wake(Wake::cancelled);
}

void Descriptor::cancel() {
  if (slot_ == nullptr || slot_->cancelled) return;
  slot_->cancelled = true;
  Slot* slot = slot_;
  Ready* writer = slot->writer;
  if (Ready* reader = slot->reader) reader->wake(Wake::cancelled);
  if (writer != nullptr && slot->writer == writer) writer->wake(Wake::cancelled);
}

bool Descriptor::cancelled() const {
  return slot_ == nullptr || slot_->cancelled;
}
bool Descriptor::take_readable() {
  return slot_ != nullptr && std::exchange(slot_->readable, false);
}
bool Descriptor::hung_up() const {
  return slot_ == nullptr || slot_->hung_up;
}

Descriptor::Ready Descriptor::ready(Direction direction, TimePoint deadline) const {
  return {slot_, direction, deadline};
}

bool Descriptor::Ready::await_ready() {
  if (slot_ == nullptr || slot_->cancelled) {
    how_ = Wake::cancelled;
    return true;
  }
  bool& told = direction_ == Direction::read ? slot_->readable : slot_->writable;
  if (std::exchange(told, false)) return true;
  if (deadline_ <= slot_->worker->now()) {
    how_ = Wake::timed_out;
    return true;
  }
  return false;
}

void Descriptor::Ready::await_suspend(std::coroutine_handle<> waiter) {
  waiter_ = waiter;
  Ready*& place = direction_ == Direction::read ? slot_->reader : slot_->writer;
  BUSWAY_ASSERT(place == nullptr);
  place = this;
  if (deadline_ != TimePoint::max()) slot_->worker->arm(*this, deadline_);
}

Descriptor::Ready::~Ready() {
  if (!waiter_ || slot_ == nullptr) return;
  if (slot_->reader == this) slot_->reader = nullptr;
  if (slot_->writer == this) slot_->writer = nullptr;
}

void Descriptor::Ready::wake(Wake how) {
  disarm();
  if (slot_->reader == this) slot_->reader = nullptr;
  if (slot_->writer == this) slot_->writer = nullptr;
  how_ = how;
  slot_ = nullptr;  // it may be gone before the waiter's frame is
  waiter_.resume();
}

// ---- spawned tasks ----

struct Worker::Detached {
  struct promise_type {
    Worker* worker;
    promise_type* previous = nullptr;
    promise_type* next = nullptr;

    promise_type(Worker* owner, Task<>&) : worker(owner) {
      next = static_cast<promise_type*>(owner->detached_);
      if (next != nullptr) next->previous = this;
      owner->detached_ = this;
      ++owner->running_;
    }
    ~promise_type() {
      if (previous != nullptr) {
        previous->next = next;
      } else {
        worker->detached_ = next;
      }
      if (next != nullptr) next->previous = previous;
      --worker->running_;
    }
    static void* operator new(std::size_t size) { return detail::FrameLists::allocate(size); }
    static void operator delete(void* frame, std::size_t size) noexcept { detail::FrameLists::free(frame, size); }
    Detached get_return_object() noexcept { return {}; }
    std::suspend_never initial_suspend() const noexcept { return {}; }
    std::suspend_never final_suspend() const noexcept { return {}; }
    void return_void() const noexcept {}
    [[noreturn]] void unhandled_exception() const noexcept { assertion_failed("no exception leaves a task", __FILE__, __LINE__); }
  };
};

Worker::Detached Worker::run_detached(Worker*, Task<> task) {
  co_await task;
}

void Worker::spawn(Task<> task) {
  run_detached(this, std::move(task));
}

// ---- the mailbox ----

Worker::Mailbox::Mailbox() : event_(eventfd(0, EFD_NONBLOCK | EFD_CLOEXEC)) {
  BUSWAY_ASSERT(event_ >= 0);
}
Worker::Mailbox::~Mailbox() {
  ::close(event_);
}

void Worker::Mailbox::post(std::function<void()> work) {
  bool first = false;
  {
    Lock lock(lock_);
    if (!open_) return;
    first = posted_.empty();
    posted_.push_back(std::move(work));
    any_.store(true, std::memory_order_release);
  }
  if (first) wake();
}

void Worker::Mailbox::post(std::vector<std::function<void()>>& works) {
  bool first = false;
  if (works.empty()) return;
  {
    Lock lock(lock_);
    first = open_ && posted_.empty();
    if (open_) std::move(works.begin(), works.end(), std::back_inserter(posted_));
    any_.store(open_, std::memory_order_release);
  }
  works.clear();
  if (first) wake();
}

// The poll set is told of each write; nobody ever reads it.
void Worker::Mailbox::wake() const {
  std::uint64_t one = 1;
  [[maybe_unused]] ssize_t written = ::write(event_, &one, sizeof one);
}

void Worker::Mailbox::take(std::vector<std::function<void()>>& into) {
  if (!any_.load(std::memory_order_acquire)) return;
  Lock lock(lock_);
  into.swap(posted_);
  any_.store(false, std::memory_order_relaxed);
}

void Worker::Mailbox::close() {
  std::vector<std::function<void()>> dropped;
  Lock lock(lock_);
  open_ = false;
  dropped.swap(posted_);
}

void Worker::post(std::coroutine_handle<> handle) {
  mailbox_->post([handle] { handle.resume(); });
}
void Worker::post(std::function<void()> work) {
  mailbox_->post(std::move(work));
}

bool Worker::run_posted() {
  taken_.clear();
  mailbox_->take(taken_);
  for (std::function<void()>& work : taken_) work();
  bool any = !taken_.empty();
  taken_.clear();
  return any;
}

// ---- the loop ----

Worker::Worker(int index, ClockKind clock) : index_(index), clock_(clock), wheel_(std::make_unique<Wheel>()) {
  BUSWAY_ASSERT(getrandom(random_, sizeof random_, 0) == static_cast<ssize_t>(sizeof random_));
  random_[0] |= 1;
  now_ = clock == ClockKind::manual ? TimePoint{} + std::chrono::hours(1) : Clock::now();
  wheel_->start = now_;
  for (Wheel::Head& head : wheel_->heads) head.previous_ = head.next_ = &head;
  mailbox_ = std::make_shared<Mailbox>();
  epoll_ = epoll_create1(EPOLL_CLOEXEC);
  BUSWAY_ASSERT(epoll_ >= 0);
  epoll_event event{};
  event.events = EPOLLIN | EPOLLET;
  event.data.ptr = nullptr;
  BUSWAY_ASSERT(epoll_ctl(epoll_, EPOLL_CTL_ADD, mailbox_->event_, &event) == 0);
}

Worker::~Worker() {
  mailbox_->close();
  Worker* before = std::exchange(current_worker, this);
  slices_.finish_all();
  while (detached_ != nullptr) {
    std::coroutine_handle<Detached::promise_type>::from_promise(*static_cast<Detached::promise_type*>(detached_)).destroy();
  }
  for (Descriptor::Slot* slot : closed_) delete slot;
  for (; open_ != nullptr; open_ = open_->next) open_->worker = nullptr;
  for (Wheel::Head& head : wheel_->heads) head.disarm();
  current_worker = before;
  ::close(epoll_);
}

Worker* Worker::current() {
  return current_worker;
}

std::uint64_t Worker::random() {
  // xorshift128+ (Vigna)
  std::uint64_t a = random_[0];
  std::uint64_t b = random_[1];
  random_[0] = b;
  a ^= a << 23;
  random_[1] = a ^ b ^ (a >> 17) ^ (b >> 26);
  return random_[1] + b;
}

void Worker::poll(int timeout_ms) {
  std::array<epoll_event, 128> room;
  int count = epoll_wait(epoll_, room.data(), static_cast<int>(room.size()), timeout_ms);
  now_ = Clock::now();
  std::span<const epoll_event> events(room.data(), static_cast<std::size_t>(std::max(count, 0)));
  // Everything is marked before anyone goes on: who then takes a resting connection sees what has come on it (Socket::stale).
  for (const epoll_event& event : events) {
    auto* slot = static_cast<Descriptor::Slot*>(event.data.ptr);
    if (slot == nullptr) continue;  // the mailbox
    if ((event.events & (EPOLLRDHUP | EPOLLHUP | EPOLLERR)) != 0) slot->hung_up = true;
    if ((event.events & (EPOLLIN | EPOLLRDHUP | EPOLLHUP | EPOLLERR)) != 0) slot->readable = true;
    if ((event.events & (EPOLLOUT | EPOLLHUP | EPOLLERR)) != 0) slot->writable = true;
  }
  for (const epoll_event& event : events) {
    auto* slot = static_cast<Descriptor::Slot*>(event.data.ptr);
    if (slot == nullptr) continue;
    if (slot->reader != nullptr && std::exchange(slot->readable, false)) slot->reader->wake(Wake::ready);
    if (slot->writer != nullptr && std::exchange(slot->writable, false)) slot->writer->wake(Wake::ready);
  }
}

bool Worker::turn() {
  bool worked = true;
  if (clock_ == ClockKind::steady) {
    poll(slices_.empty() && finally_.empty() ? wait_time() : 0);
  } else {
    worked = run_posted();
    if (!worked) {
      // Nothing left for this moment: the next timer's time comes.
      Timer* next = nullptr;
      for (Wheel::Head& head : wheel_->heads) {
        for (Timer* timer = head.next_; timer != &head; timer = timer->next_) {
          if (next == nullptr || timer->at_ < next->at_) next = timer;
        }
      }
      if (next == nullptr) return false;
      auto since = next->at_ - wheel_->start;
      std::int64_t index = since / tick + (since % tick != Clock::duration::zero() ? 1 : 0);
      now_ = wheel_->start + std::max(index, wheel_->cursor + 1) * tick;
    }
  }
  run_posted();
  fire_timers();
  if (!slices_.empty()) slices_.run_next();
  // What they leave behind in turn is the next turn's.
  ending_.swap(finally_);
  for (const std::function<void()>& work : ending_) work();
  ending_.clear();
  for (Descriptor::Slot* slot : closed_) delete slot;
  closed_.clear();
  return true;
}

void Worker::run() {
  run_until([] { return false; });
}

void Worker::run_until(const std::function<bool()>& done) {
  Worker* before = std::exchange(current_worker, this);
  while (!done() && !stop_.load(std::memory_order_acquire)) {
    if (!turn()) break;
  }
  // Here and not at the worker's end, which may come on another thread.
  if (stop_.load(std::memory_order_acquire)) slices_.finish_all();
  current_worker = before;
}

void Worker::stop() {
  stop_.store(true, std::memory_order_release);
  mailbox_->post([] {});
}

}  // namespace busway
