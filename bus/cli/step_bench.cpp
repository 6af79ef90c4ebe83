#include "bus/cli/step_bench.hpp"

#include <time.h>
#include <unistd.h>

#include <bit>
#include <filesystem>
#include <fstream>
#include <vector>

#include "bus/exchange.hpp"
#include "bus/worker.hpp"

namespace busway::cli {

namespace {

using Clock = std::chrono::steady_clock;
using std::chrono::nanoseconds;

constexpr int low_bits = 6;  // values below 64 have a count each, others 32 counts a power of two
constexpr std::uint64_t low = 1U << low_bits;

std::size_t index_of(std::uint64_t value) {
  if (value < low) return value;
  auto shift = static_cast<std::uint64_t>(std::bit_width(value) - low_bits);
  return low + (shift - 1) * (low / 2) + (value >> shift) - low / 2;
}

std::uint64_t value_of(std::size_t index) {
  if (index < low) return index;
  std::uint64_t behind = index - low;
  return (behind % (low / 2) + low / 2) << (behind / (low / 2) + 1);
}

double seconds_of(clockid_t clock) {
  timespec time{};
  if (::clock_gettime(clock, &time) != 0) return 0;
  return static_cast<double>(time.tv_sec) + static_cast<double>(time.tv_nsec) * 1e-9;
}

// Of all that this process has started and that runs: their processor time so far.
double seconds_of_children() {
  double out = 0;
  std::error_code error;
  for (std::filesystem::directory_iterator at("/proc/self/task", error), end; !error && at != end; at.increment(error)) {
    std::ifstream children(at->path() / "children");
    for (pid_t pid = 0; children >> pid;) {
      clockid_t clock{};
      if (::clock_getcpuclockid(pid, &clock) == 0) out += seconds_of(clock);
    }
  }
  return out;
}

class Nothing final : public Step {
 public:
  bool touches_body() const override { return false; }
  void follow(MessageTrail&) const override {}
  Flow run(Exchange&) const override { return Flow::next; }
};

// One run: exchanges that go round until the time is over.
class Round {
 public:
  Round(const StepBench::Load& load, const std::shared_ptr<const Step>& step, std::chrono::milliseconds time,
        Durations& durations)
      : load_(load), steps_(list_of(step)), end_(Clock::now() + time), durations_(durations) {}

  // Until each exchange is home.
  void run(Worker& worker) {
    std::size_t count = steps_.waits() ? std::max<std::size_t>(load_.in_flight, 1) : 1;
    for (std::size_t i = 0; i < count; ++i) exchanges_.push_back(std::make_unique<Exchange>(worker));
    under_way_ = count;
    for (const auto& exchange : exchanges_) worker.spawn(carry(*exchange));
    worker.run_until([&] { return under_way_ == 0; });
  }
  std::uint64_t messages() const { return messages_; }
  std::optional<std::string> failure() && { return std::move(failure_); }

 private:
  static StepList list_of(const std::shared_ptr<const Step>& step) {
    std::vector<StepList::Entry> entries(1);
    entries[0].step = step;
    return StepList(std::move(entries));
  }

  void receive(Exchange& exchange) const {
    exchange.reset();
    exchange.message().receive(load_.body, load_.content_type, "bench", load_.format, Side::caller);
  }

  Task<> carry(Exchange& exchange) {
    bool waits = steps_.waits();
    std::uint64_t every = waits ? 1 : 16;
    std::uint64_t own = 0;
    while (!failure_) {
      bool timed = own++ % every == 0;
      Clock::time_point began;
      if (timed) {
        began = Clock::now();
        if (began >= end_) break;
      }
      receive(exchange);
      Flow flow = Flow::next;
      if (waits) {
        flow = co_await steps_.run_waiting(exchange);
      } else {
        flow = steps_.run(exchange);
      }
      if (timed) durations_.add(Clock::now() - began);
      if (flow == Flow::failed) {
        const Failure* failure = exchange.failure();
        failure_ = failure == nullptr ? "internal" : std::string(name_of(failure->kind)) + ": " + failure->message;
        break;
      }
      ++messages_;
    }
    exchange.reset();
    --under_way_;
  }

  const StepBench::Load& load_;
  StepList steps_;
  Clock::time_point end_;
  Durations& durations_;
  std::vector<std::unique_ptr<Exchange>> exchanges_;
  std::size_t under_way_ = 0;  // exchanges that are not home
  std::uint64_t messages_ = 0;
  std::optional<std::string> failure_;
};

}  // namespace

void Durations::add(nanoseconds one) {
  ++counts_[index_of(static_cast<std::uint64_t>(std::max<std::int64_t>(one.count(), 0)))];
  ++all_;
}

double Durations::at(double share) const {
  auto wanted = static_cast<std::uint64_t>(static_cast<double>(all_) * share);
  std::uint64_t seen = 0;
  for (std::size_t i = 0; i < counts_.size(); ++i) {
    seen += counts_[i];
    if (seen > wanted) return static_cast<double>(value_of(i)) / 1000;
  }
  return 0;
}

StepFigures StepBench::run(const std::shared_ptr<const Step>& step, std::chrono::milliseconds time, Durations& durations) const {
  Worker worker;
  Round round(load_, step, time, durations);
  double own = seconds_of(CLOCK_PROCESS_CPUTIME_ID);
  double plugin = seconds_of_children();
  auto began = Clock::now();
  round.run(worker);
  double took = std::chrono::duration<double>(Clock::now() - began).count();
  own = seconds_of(CLOCK_PROCESS_CPUTIME_ID) - own;
  plugin = std::max(0.0, seconds_of_children() - plugin);
  StepFigures out{.messages = round.messages(), .failure = std::move(round).failure()};
  auto count = static_cast<double>(std::max<std::uint64_t>(out.messages, 1));
  out.per_second = static_cast<double>(out.messages) / took;
  out.own_cpu_us = own * 1e6 / count;
  out.plugin_cpu_us = plugin * 1e6 / count;
  return out;
}

std::shared_ptr<const Step> step_of_nothing() {
  return std::make_shared<Nothing>();
}

}  // namespace busway::cli
