#pragma once

#include <sys/types.h>

#include <chrono>
#include <cstdint>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "bus/error.hpp"
#include "plugins/process/last_words.hpp"

namespace busway::plugins {

// How far a plugin's process may go.
struct ProgramLimits {
  std::uint64_t memory = 1024ULL * 1024 * 1024;          // bytes that it can write to (RLIMIT_DATA)
  std::optional<std::chrono::milliseconds> processor{};  // of its whole life
  int open_files = 256;
};

// As execvp(3) would find it, which must not be called behind a fork of ours; empty when it is in none of the folders.
std::string find_in_path(const std::string& name, const std::string& path);
inline constexpr const char* path_without_one = "/usr/local/bin:/usr/bin:/bin";

// What to run, made ready: fork() leaves only calls that need no lock.
struct ProgramCall {
  std::vector<std::string> command;  // the first is looked for in PATH, or relative to `directory` where it has a slash
  std::string directory;
  std::vector<std::pair<std::string, std::string>> environment;  // all of it
  ProgramLimits limits;
};

// A process of its own group, with nothing of ours open but two pipes that it writes to. It dies with the thread that started it.
// One thread; nothing here blocks but the start, for as long as exec takes.
class Program {
 public:
  // Errors: kind `config`, with what the system says.
  static Result<Program> start(const ProgramCall& call);
  Program(Program&& other) noexcept;
  Program& operator=(Program&&) = delete;
  ~Program();  // kills what is left, and waits a second for its end

  pid_t pid() const { return pid_; }
  // Readable when it has ended (pidfd_open(2)).
  int ended_fd() const { return ended_; }
  // Standard output and standard error; -1 when that one is at its end.
  int output_fd(std::size_t which) const { return output_[which]; }
  // Reads what is there, at most one buffer, and gives its whole lines to `line`. Whether there was any.
  template <class F>
  bool read_output(std::size_t which, F line) {
    bool any = read_some(which);
    std::string text;
    while (next_line(which, text)) line(text);
    return any;
  }
  // Of what has been read from its standard error, the last line, whole or not (last_words.hpp).
  std::string last_words() const;

  // "exit status 3" or "signal 11 (SIGSEGV)" once it has ended; also ends all that it has started in its group.
  std::optional<std::string> reap();
  void kill();

 private:
  Program() = default;
  bool read_some(std::size_t which);
  bool next_line(std::size_t which, std::string& out);
  static std::string fit_for_log(std::string_view text);
  void close_output(std::size_t which);

  pid_t pid_ = -1;
  int ended_ = -1;
  int output_[2] = {-1, -1};
  std::string unfinished_[2];
  LastWords last_words_;
};

}  // namespace busway::plugins
