#pragma once

#include <chrono>
#include <cstddef>
#include <functional>
#include <string>

#include "bus/error.hpp"

namespace busway::plugins {

// How far a child may go.
struct ChildLimits {
  std::chrono::milliseconds time{5000};
  std::size_t answer = 4UL * 1024 * 1024;  // bytes
};

// How a child ended.
struct ChildEnd {
  enum class How { answered, crashed, exited, timed_out };
  How how = How::exited;
  int detail = 0;      // the signal, or the exit status
  std::string answer;  // what the work returned; when `answered`
  std::string said;    // the last line it wrote to standard error, made fit for a message
};

// Runs `work`, foreign code in it, in a forked child with limits on time, memory and descriptors, no core file, and nothing
// behind its standard input and output, and waits for what it returns. Whatever the code does, it does there: the child is a
// copy, and it is killed with all it has started when its time is up. To be called while this process has one thread. Errors:
// kind `config`, when no child can be made.
Result<ChildEnd> in_child(const std::function<std::string()>& work, const ChildLimits& limits = {});

// "signal 11 (SIGSEGV)", "exit status 3", "no answer within 5s", with what it said on its way.
std::string text_of(const ChildEnd& end, const ChildLimits& limits = {});

}  // namespace busway::plugins
