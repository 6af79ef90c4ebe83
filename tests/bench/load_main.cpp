// The generator of ./dev bench: plays a plan (plan.hpp) against a port of 127.0.0.1.
//
//   bench_load PORT PLAN [--connections N] [--rate PER_SECOND] [--seconds S] [--requests N] [--fresh] [--shed] [--tls
//   full|resumed]
//
// Without a rate the loop is closed, for finding saturation. Every answer must be 2xx with the body that the plan says; the first
// thing that was not is in "why". Prints one line of JSON; exit 0 if the run could be made.
#include <sys/prctl.h>

#include <cstdio>
#include <cstdlib>
#include <span>
#include <string_view>

#include "tests/bench/load.hpp"

namespace {

std::optional<bench::LoadOptions> read_options(std::span<char*> words) {
  if (words.size() < 2) return std::nullopt;
  bench::LoadOptions options;
  options.port = static_cast<std::uint16_t>(std::strtoul(words[0], nullptr, 10));
  options.plan = bench::read_plan(words[1]);
  for (std::size_t i = 2; i < words.size(); ++i) {
    std::string_view word = words[i];
    if (word == "--fresh") {
      options.fresh = true;
      continue;
    }
    if (word == "--shed") {
      options.shed = true;
      continue;
    }
    if (++i == words.size()) return std::nullopt;
    if (word == "--connections") {
      options.connections = std::strtoul(words[i], nullptr, 10);
    } else if (word == "--rate") {
      options.rate = std::strtod(words[i], nullptr);
    } else if (word == "--seconds") {
      options.seconds = std::strtod(words[i], nullptr);
    } else if (word == "--requests") {
      options.requests = std::strtoull(words[i], nullptr, 10);
    } else if (word == "--tls") {
      options.tls = std::string_view(words[i]) == "full" ? bench::LoadOptions::Tls::full : bench::LoadOptions::Tls::resumed;
    } else {
      return std::nullopt;
    }
  }
  return options;
}

}  // namespace

int main(int argc, char** argv) {
  auto options = read_options(std::span(argv, static_cast<std::size_t>(argc)).subspan(1));
  if (!options) {
    std::fputs(
        "usage: bench_load PORT PLAN [--connections N] [--rate N] [--seconds S] [--requests N] [--fresh] [--shed]"
        " [--tls full|resumed]\n",
        stderr);
    return 2;
  }
  // Due times are met to the microsecond, not to the kernel's usual 50.
  ::prctl(PR_SET_TIMERSLACK, 1, 0, 0, 0);
  bench::Load load(*options);
  if (!load.connect()) return 1;
  load.run();
  load.report();
  return 0;
}
