#include <algorithm>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <ctime>
#include <string_view>

#include "bus/arena.hpp"
#include "bus/json_text.hpp"
#include "bus/worker.hpp"
#include "transforms/jsonata/compile.hpp"
#include "transforms/jsonata/evaluation.hpp"

namespace {

using busway::Arena;
using busway::Member;
using busway::Node;

// {"a": [1, 2.50, {"b": "x"}], "name": "Zoë", "n": null}
Node document() {
  static const Member inner[] = {{Node::string("b"), Node::string("x")}};
  static const Node items[] = {Node::number(1), Node::number_text("2.50"), Node::object(inner)};
  static const Member members[] = {{Node::string("a"), Node::array(items)},
                                   {Node::string("name"), Node::string("Zo\xC3\xAB")},
                                   {Node::string("n"), Node::null()}};
  return Node::object(members);
}

class Surroundings final : public busway::Scope {
 public:
  busway::Result<Node> input(Arena&) override { return document(); }
  busway::Result<Node> variable(std::string_view, Arena&) override { return Node::string("v"); }
};

double seconds_of_thread() {
  timespec now{};
  clock_gettime(CLOCK_THREAD_CPUTIME_ID, &now);
  return static_cast<double>(now.tv_sec) + static_cast<double>(now.tv_nsec) / 1e9;
}

// 200'000 steps and 64 MiB are some tens of milliseconds, whatever the operations are; a busy machine costs more.
#ifdef BUSWAY_SLOW_BUILD
constexpr double slower = 10;
#else
constexpr double slower = 1;
#endif
constexpr double longest = 3 * slower;
constexpr double time_budget = 0.2;

void hold(bool within, const char* what, double used, double budget) {
  if (within) return;
  std::fprintf(stderr, "%s: %.2f of %.2f\n", what, used, budget);
  std::abort();
}

// How long an evaluation that has `time_budget` is at work.
double seconds_until_given_up(const busway::jsonata::Program& program, const busway::jsonata::VariableNames& names) {
  static busway::Worker worker;
  Arena arena;
  Surroundings surroundings;
  bool ended = false;
  double from = seconds_of_thread();
  auto evaluate = [&]() -> busway::Task<> {
    auto until =
        busway::Clock::now() + std::chrono::duration_cast<busway::Clock::duration>(std::chrono::duration<double>(time_budget));
    (void)co_await worker.in_slices(true, until,
                                    [&] { return busway::jsonata::Evaluation(program, names, surroundings, arena).run(); });
    ended = true;
  };
  worker.spawn(evaluate());
  worker.run_until([&] { return ended; });
  return seconds_of_thread() - from;
}

// What works long gives up when its time is up, within a tenth of it; a slice and the start of the worker come on top. A virtual
// machine counts time in which others had its core, so the best of some tries is taken: a real overshoot is in all of them.
void hold_time(const busway::jsonata::Program& program, const busway::jsonata::VariableNames& names) {
  constexpr double most = 1.1 * time_budget + 0.02 * slower;
  double least = seconds_until_given_up(program, names);
  for (int tries = 1; tries < 4 && least > most; ++tries) least = std::min(least, seconds_until_given_up(program, names));
  hold(least <= most, "seconds until it gave up", least, time_budget);
}

}  // namespace

// Compiles the bytes as an expression and evaluates it on a small document, within limits that keep one run short: no limit is
// exceeded by more than a tenth.
extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  if (size > 4096) return 0;
  Arena compiled_in;
  busway::jsonata::VariableNames names;
  busway::jsonata::CompileOptions options;
  options.unknown_functions_fail = false;
  double from = seconds_of_thread();
  auto program = busway::jsonata::compile({reinterpret_cast<const char*>(data), size}, compiled_in, names, options);
  hold(seconds_of_thread() - from < longest, "compiling, seconds", seconds_of_thread() - from, longest);
  hold(compiled_in.reserved() < 4UL * 1024 * 1024 + 2000 * size, "compiling, bytes", static_cast<double>(compiled_in.reserved()),
       0);
  if (!program) return 0;
  Arena arena;
  Surroundings surroundings;
  busway::jsonata::Limits limits{.steps = 200'000, .memory = 64UL * 1024 * 1024, .depth = 300};
  from = seconds_of_thread();
  auto result = busway::jsonata::Evaluation(*program, names, surroundings, arena, limits).run();
  double took = seconds_of_thread() - from;
  hold(arena.reserved() <= limits.memory / 10 * 11, "bytes", static_cast<double>(arena.reserved()),
       static_cast<double>(limits.memory));
  hold(took <= longest, "seconds of 200'000 steps", took, longest);
  if (!result && result.error().code == "U1001") hold_time(*program, names);
  if (result) (void)busway::to_json(*result);
  return 0;
}
