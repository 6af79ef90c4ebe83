// What a mapping costs, alone: no socket, no bus. Of each case the expression is compiled once and evaluated again and again over
// its parsed document, in an arena that is reset each time.
//
//   bench_mapping CASES [--case NAME] [--seconds S] [--times N] [--whole | --read]
//
// CASES has a JSON object a line: {"name": .., "expr": .., "data": ..}. With --whole an evaluation includes reading the
// document's text and writing the result's; with --read it is reading the text alone. Prints a line a case, {"name": .., "ns":
// .., "result": ..}, or "error" in place of the result; `ns` is the best of five rounds, each of S/5 seconds or of N evaluations.
// N is what counting instructions takes (callgrind).
#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <fstream>
#include <optional>
#include <span>
#include <string>
#include <string_view>

#include "bus/cli/input_scope.hpp"
#include "transforms/formats/json.hpp"
#include "transforms/jsonata/jsonata.hpp"

namespace {

using namespace busway;
using Clock = std::chrono::steady_clock;

struct Options {
  std::string cases;
  std::string only;
  double seconds = 0.5;
  std::uint64_t times = 0;
  bool whole = false;
  bool read = false;
};

std::optional<Options> read_options(std::span<char*> words) {
  if (words.empty()) return std::nullopt;
  Options options{.cases = words[0], .only = {}};
  for (std::size_t i = 1; i < words.size(); ++i) {
    std::string_view word = words[i];
    if (word == "--whole") {
      options.whole = true;
      continue;
    }
    if (word == "--read") {
      options.read = true;
      continue;
    }
    if (++i == words.size()) return std::nullopt;
    if (word == "--case") {
      options.only = words[i];
    } else if (word == "--seconds") {
      options.seconds = std::strtod(words[i], nullptr);
    } else if (word == "--times") {
      options.times = std::strtoull(words[i], nullptr, 10);
    } else {
      return std::nullopt;
    }
  }
  return options;
}

// One case: what is evaluated, and over what.
class Mapping {
 public:
  Mapping(std::shared_ptr<const Expression> expression, const Node& data, const Options& options)
      : expression_(std::move(expression)), data_(data), options_(options) {
    write_json(data, text_);
  }

  // The result is good until the next time.
  Result<Node> once() {
    arena_.reset();
    Node input = data_;
    if (options_.whole || options_.read) {
      auto read = read_json(text_, arena_);
      if (!read || options_.read) return read;
      input = *read;
    }
    cli::InputScope scope(input);
    auto result = expression_->evaluate(scope, arena_);
    if (options_.whole && result) {
      out_.clear();
      write_json(*result, out_);
    }
    return result;
  }

  double nanoseconds_of(std::uint64_t times) {
    auto from = Clock::now();
    for (std::uint64_t i = 0; i < times; ++i) {
      if (!once()) break;
    }
    return std::chrono::duration<double, std::nano>(Clock::now() - from).count();
  }

  // The best of five rounds.
  double measure() {
    std::uint64_t times = options_.times;
    if (times == 0) {
      times = 1;
      double wanted = options_.seconds * 1e9 / 5;
      double took = nanoseconds_of(times);
      while (took < wanted / 4) {
        times *= 2;
        took = nanoseconds_of(times);
      }
      times = std::max<std::uint64_t>(1, static_cast<std::uint64_t>(wanted / (took / static_cast<double>(times))));
    }
    double best = nanoseconds_of(times);
    for (int round = 1; round < 5 && options_.times == 0; ++round) best = std::min(best, nanoseconds_of(times));
    return best / static_cast<double>(times);
  }

 private:
  std::shared_ptr<const Expression> expression_;
  Node data_;
  std::string text_;
  std::string out_;
  Arena arena_{1024UL * 1024};
  const Options& options_;
};

std::string answer_of(const Node& line, const Options& options) {
  std::string out = "{\"name\":";
  write_json(line.member("name"), out);
  auto error = [&out](const Error& why) {
    out += ",\"error\":";
    write_json(Node::string(why.code.empty() ? std::string_view(why.text) : std::string_view(why.code)), out);
    return out + "}";
  };
  auto compiled = jsonata::eval_language().compile(line.member("expr").text(), nullptr);
  if (!compiled) return error(compiled.error());
  Mapping mapping(std::move(*compiled), line.member("data"), options);
  auto result = mapping.once();
  if (!result) return error(result.error());
  std::string written;
  if (!result->is_nothing()) write_json(*result, written, {.digits = JsonDigits::exact});
  out += ",\"ns\":" + std::to_string(mapping.measure());
  if (!written.empty()) out += ",\"result\":" + written;
  return out + "}";
}

}  // namespace

int main(int argc, char** argv) {
  auto options = read_options(std::span(argv, static_cast<std::size_t>(argc)).subspan(1));
  if (!options) {
    std::fputs("usage: bench_mapping CASES [--case NAME] [--seconds S] [--times N] [--whole | --read]\n", stderr);
    return 2;
  }
  std::ifstream in(options->cases, std::ios::binary);
  if (!in) {
    std::perror(options->cases.c_str());
    return 1;
  }
  for (std::string text; std::getline(in, text);) {
    Arena arena;
    auto line = read_json(text, arena);
    if (!line || !line->member("expr").is_string()) {
      std::fprintf(stderr, "no case: %.60s\n", text.c_str());
      return 1;
    }
    if (!options->only.empty() && line->member("name").text() != options->only) continue;
    std::printf("%s\n", answer_of(*line, *options).c_str());
    std::fflush(stdout);
  }
  return 0;
}
