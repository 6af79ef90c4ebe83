#pragma once

#include <array>
#include <chrono>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>

#include "bus/format.hpp"
#include "bus/step.hpp"
#include "bus/step_list.hpp"

namespace busway::cli {

// Counts of durations, each kept to within 3 % of what it was.
class Durations {
 public:
  void add(std::chrono::nanoseconds one);
  // In microseconds; 0 when there is none.
  double at(double share) const;

 private:
  std::array<std::uint64_t, 1920> counts_{};
  std::uint64_t all_ = 0;
};

// What a step cost in one run. CPU is in microseconds a message: of this process, and of the processes it has started.
struct StepFigures {
  std::uint64_t messages = 0;
  double per_second = 0;
  double own_cpu_us = 0;
  double plugin_cpu_us = 0;
  std::optional<std::string> failure{};  // the first message that failed: kind and text; the run ends with it
};

// Gives one step the same message again and again, on a worker of its own: what the bus does with it apart from protocols. A step
// that waits has `in_flight` messages at a time; one that does not has one.
class StepBench {
 public:
  struct Load {
    const Format* format = nullptr;  // reads `body`
    std::string body;
    std::string content_type;
    std::size_t in_flight = 16;
  };
  explicit StepBench(Load load) : load_(std::move(load)) {}

  // Blocks for about so long. What single messages took goes into `durations`: of each, or of every sixteenth where a step does
  // not wait and looking at the clock would cost more than it does.
  StepFigures run(const std::shared_ptr<const Step>& step, std::chrono::milliseconds time, Durations& durations) const;

 private:
  Load load_;
};

// A built-in step that does nothing, for comparison.
std::shared_ptr<const Step> step_of_nothing();

}  // namespace busway::cli
