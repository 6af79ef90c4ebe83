#include "bus/cli/eval_watch.hpp"

#include <fmt/format.h>
#include <signal.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <filesystem>
#include <iostream>
#include <sstream>
#include <tuple>

#include "bus/cli/eval_cases.hpp"
#include "bus/cli/eval_language.hpp"
#include "bus/cli/files.hpp"
#include "bus/cli/input_scope.hpp"
#include "bus/cli/mapping_view.hpp"
#include "bus/cli/report.hpp"
#include "bus/cli/verbs.hpp"
#include "bus/json_text.hpp"
#include "transforms/formats/json.hpp"

namespace busway::cli {

namespace {

constexpr timespec between_looks{.tv_sec = 0, .tv_nsec = 100'000'000};

// What changes when a file does. All zero: it is not there.
using Stamp = std::tuple<dev_t, ino_t, off_t, time_t, long>;
Stamp stamp_of(const std::string& path) {
  struct stat state{};
  if (stat(path.c_str(), &state) != 0) return {};
  return {state.st_dev, state.st_ino, state.st_size, state.st_mtim.tv_sec, state.st_mtim.tv_nsec};
}

// The files of a bundle, as many as one may have; none when it is none.
std::vector<std::string> files_in(const std::string& bundle) {
  constexpr std::size_t most = 10'000;
  std::vector<std::string> files;
  std::error_code ignored;
  std::filesystem::recursive_directory_iterator at(bundle, ignored);
  for (; !bundle.empty() && !ignored && at != std::filesystem::recursive_directory_iterator() && files.size() < most;
       at.increment(ignored)) {
    files.push_back(at->path().string());
  }
  std::sort(files.begin(), files.end());
  return files;
}

std::string told(const std::string& file, const Error& error, std::string_view text) {
  std::string place = error.position < 0 ? "" : " (" + place_in(text, error.position) + ")";
  return file + ": " + (error.code.empty() ? "" : error.code + ": ") + error.text + place + "\n";
}

// One sample: the mapping with its values, and the result. `file` is empty when there is no sample.
std::string on_sample(const WatchOptions& options, const std::string& text, const std::string& file,
                      const ExpressionLanguage& language) {
  Arena arena;
  Node input;
  if (!file.empty()) {
    auto content = read_file(file);
    if (!content) return told(file, content.error(), {});
    if (content->find_first_not_of(" \t\r\n") != std::string::npos) {
      auto read = read_json(*content, arena,
                            {.duplicate_keys = JsonOptions::DuplicateKeys::last, .depth = eval_depth, .lone_surrogates = true});
      if (!read) return told(file, read.error(), {});
      input = *read;
    }
  }
  InputScope scope(input);
  std::vector<jsonata::Observed> parts;
  auto result = jsonata::evaluate_observed(text, scope, arena, parts, language);
  std::string out = mapping_view(text, parts, result ? nullptr : &result.error());
  if (!result) return out + told(options.mapping, result.error(), text);
  out += "=> ";
  if (result->is_nothing()) {
    out += "nothing";
  } else {
    write_json(*result, out, {.digits = JsonDigits::exact, .indent = options.pretty ? 2 : 0});
  }
  return out + "\n";
}

void show(const WatchOptions& options) {
  std::string out = isatty(STDOUT_FILENO) != 0 ? "\x1b[H\x1b[2J\x1b[3J" : "";
  auto text = read_file(options.mapping);
  Findings findings;
  auto language = language_of(options.bundle, findings);
  if (!text) {
    out += told(options.mapping, text.error(), {});
  } else if (language == nullptr) {
    std::ostringstream found;
    write_text(findings, found);
    out += found.str();
  } else if (options.samples.empty()) {
    out += "--- " + options.mapping + "\n" + on_sample(options, *text, {}, *language);
  } else {
    for (const std::string& sample : options.samples) {
      out += "--- " + options.mapping + " on " + sample + "\n" + on_sample(options, *text, sample, *language);
    }
  }
  std::cout << out << '\n' << std::flush;
}

}  // namespace

int watch_mapping(const WatchOptions& options) {
  std::vector<std::string> files = options.samples;
  files.push_back(options.mapping);
  auto stamps = [&] {
    std::vector<Stamp> all;
    for (const std::string& file : files) all.push_back(stamp_of(file));
    for (const std::string& file : files_in(options.bundle)) all.push_back(stamp_of(file));
    return all;
  };
  // Also in the middle of an evaluation that takes its time: nothing is held that would have to be given back.
  struct sigaction ends{};
  ends.sa_handler = [](int) { _exit(good); };
  sigaction(SIGINT, &ends, nullptr);
  sigaction(SIGTERM, &ends, nullptr);
  std::vector<Stamp> known = stamps();
  show(options);
  while (std::cout) {
    nanosleep(&between_looks, nullptr);
    std::vector<Stamp> now = stamps();
    if (now == known) continue;
    known = std::move(now);
    show(options);
  }
  return good;
}

}  // namespace busway::cli
