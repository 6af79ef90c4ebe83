#include "plugins/process/supervisor.hpp"

#include <signal.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include <algorithm>
#include <chrono>
#include <cstdlib>
#include <filesystem>
#include <utility>

#include "bus/log.hpp"

namespace busway::plugins {

namespace fs = std::filesystem;
using namespace std::chrono_literals;

namespace {

constexpr std::size_t longest_directory = 60;  // the path of a socket has 107 bytes in all

TimePoint now() {
  return TimePoint::clock::now();
}

// A new directory that only this user can enter, in the system's place for such things; empty when there is none.
std::string private_directory() {
  for (const char* name : {"XDG_RUNTIME_DIR", "TMPDIR"}) {
    const char* place = std::getenv(name);
    if (place == nullptr || place[0] != '/') continue;
    std::string path = std::string(place) + "/busway-XXXXXX";
    if (path.size() <= longest_directory && ::mkdtemp(path.data()) != nullptr) return path;
  }
  std::string path = "/tmp/busway-XXXXXX";
  return ::mkdtemp(path.data()) == nullptr ? "" : path;
}

}  // namespace

Process& Supervisor::add(Manifest manifest, FormatPtr json) {
  return *processes_.emplace_back(std::make_unique<Process>(std::move(manifest), std::move(json)));
}

void Supervisor::begin_thread() {
  if (thread_.joinable()) return;
  event_ = ::eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
  // Signals are others' business.
  sigset_t all;
  sigset_t before;
  sigfillset(&all);
  pthread_sigmask(SIG_BLOCK, &all, &before);
  thread_ = std::thread([this] { run(); });
  pthread_sigmask(SIG_SETMASK, &before, nullptr);
}

void Supervisor::wake() const {
  std::uint64_t one = 1;
  [[maybe_unused]] ssize_t written = ::write(event_, &one, sizeof one);
}

void Supervisor::start() {
  Lock lock(lock_);
  for (const auto& process : processes_) {
    if (process->is_used()) posted_.push_back({process.get(), Wanted{}});
  }
  if (posted_.empty()) return;
  begin_thread();
  wake();
  starting_ = true;
  while (starting_) lock.wait(changed_);
}

bool Supervisor::submit(Process& process, std::shared_ptr<Call> call) {
  if (!process.admit(call->body.size())) return false;
  if (!send_now(process, call)) post(process, std::move(call));
  return true;
}

// Takes the thread's place for a moment, if it waits.
bool Supervisor::send_now(Process& process, std::shared_ptr<Call>& call) {
  Worker* worker = Worker::current();
  if (worker == nullptr || worker->manual_clock() || !turn_.try_lock()) return false;
  bool sent = process.take_now(call, now());
  std::shared_ptr<RouterWatch> watcher;
  if (sent) {
    see_to(process);
    watcher = watcher_of(process, *worker);
  }
  turn_.unlock();
  if (!sent) return false;
  // Its socket may have taken notice of what has come, and then tells nobody else.
  if (watcher != nullptr && watcher->is_of(*worker)) {
    watcher->look_again();
  } else {
    worker->at_end_of_turn([self = shared_from_this(), &process] { self->read_now(process); });
  }
  return true;
}

// The thread is woken where it would come too late.
void Supervisor::see_to(const Process& process) {
  if (process.next_work(now()) >= next_work_) return;
  next_work_ = TimePoint();
  wake();
}

// `worker`, where nobody watches yet. The watch lasts as long as that, and keeps no supervisor that nobody uses any more.
std::shared_ptr<RouterWatch> Supervisor::watcher_of(Process& process, Worker& worker) {
  if (auto watcher = process.watcher()) return watcher;
  std::weak_ptr<Supervisor> weak = weak_from_this();
  auto look = [weak, &process] {
    if (auto self = weak.lock()) self->read_now(process);
  };
  auto left = [weak] {
    if (auto self = weak.lock()) self->wake();
  };
  process.let_watch(worker, std::move(look), std::move(left));
  return process.watcher();
}

// On a worker. Who waits for the answers goes on when this is through.
void Supervisor::read_now(Process& process) {
  GatheredAnswers answers;
  // The thread may be past its own look.
  if (!turn_.try_lock()) return wake();
  process.read_now(now());
  see_to(process);
  if (process.readable()) wake();
  turn_.unlock();
}

void Supervisor::post(Process& process, Posted posted) {
  Lock lock(lock_);
  begin_thread();
  posted_.push_back({&process, std::move(posted)});
  if (posted_.size() == 1) wake();
}

Supervisor::~Supervisor() {
  if (!thread_.joinable()) return;
  {
    Lock lock(lock_);
    stop_ = true;
    wake();
  }
  thread_.join();
  ::close(event_);
}

// Whether it is to go on.
bool Supervisor::take_posted(std::vector<Hint>& into, bool woken) {
  if (woken) {
    std::uint64_t unused = 0;
    [[maybe_unused]] ssize_t got = ::read(event_, &unused, sizeof unused);
  }
  Lock lock(lock_);
  into.swap(posted_);
  return !stop_;
}

// Whether all that was to be started is past its start. What start() has just posted is not known to the processes yet.
void Supervisor::tell_start() {
  Lock lock(lock_);
  if (!starting_ || !posted_.empty()) return;
  starting_ = !std::all_of(processes_.begin(), processes_.end(), [](const auto& process) { return process->settled(); });
  changed_.notify_all();
}

void Supervisor::run() {
  directory_ = private_directory();
  {
    RouterContext context;
    RouterPoll poll;
    GatheredAnswers answers;
    std::vector<Hint> taken;
    bool going = true;
    bool woken = true;
    Lock turn(turn_);
    while (true) {
      bool go_on = take_posted(taken, woken);
      TimePoint time = now();
      for (Hint& hint : taken) hint.process->take(std::move(hint.posted), time);
      taken.clear();
      if (going && !go_on) {
        for (const auto& process : processes_) process->stop(time);
      }
      going = go_on;
      if (!going && std::all_of(processes_.begin(), processes_.end(), [](const auto& process) { return process->ended(); }))
        break;

      answers.flush();
      TimePoint next = time + 1s;
      for (const auto& process : processes_) next = std::min(next, process->next_work(time));
      poll.clear();
      std::size_t event = poll.add(event_);
      for (const auto& process : processes_) process->watch(poll);
      poll.ask();
      next_work_ = next;
      turn.unlock();
      poll.wait(std::clamp(std::chrono::ceil<std::chrono::milliseconds>(next - time), 1ms, 1000ms));
      turn.lock();
      woken = poll.readable(event);
      time = now();
      for (const auto& process : processes_) process->work(poll, context, directory_, time);
      tell_start();
    }
  }
  std::error_code unused;
  if (!directory_.empty()) fs::remove_all(directory_, unused);
}

}  // namespace busway::plugins
