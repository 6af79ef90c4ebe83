#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "bus/secret.hpp"

namespace busway::plugins {

// A message that a plugin's listener has taken from outside, whole.
struct Brought {
  std::uint64_t number = 0;  // the plugin's
  std::uint64_t use = 0;     // of the listener
  std::uint64_t route = 0;   // use of a `from:`; 0 where the bus chooses
  bool wants_reply = true;
  std::int64_t deadline_ms = 0;
  std::string body{};
  std::string content_type{};
  std::string peer{};
  std::string method{};
  std::string target{};
  std::string operation{};
  std::vector<std::pair<std::string, std::string>> headers{};
};

// How one has ended, on its way to the plugin: the rest of the head, and the reply's body.
struct Outcome {
  std::string about;
  std::string body{};
};

// The bus's end of a listener that a plugin's process serves. Called by the supervisor's thread, until the use is dropped.
class Inflow {
 public:
  virtual ~Inflow() = default;
  // It listens; again after each start of the process.
  virtual void listening(std::string_view address) = 0;
  virtual void refused(std::string_view why) = 0;
  // Its process has ended, or was not started; another is to be.
  virtual void ended(std::string_view why) = 0;
  // `launch`: which process has brought it, to be named with the outcome.
  virtual void arrived(int launch, Brought brought) = 0;
  // There is room for what found none.
  virtual void resume() = 0;
};

// A use of a step or of a part of an adapter in a route file, as its plugin is told of it.
struct Use {
  std::uint64_t number = 0;
  std::string what;  // `"step":"price"`, a part of the head
  Secret settings;   // JSON
  std::shared_ptr<Inflow> inflow{};
  std::size_t max_body = 0;  // of arrivals
  std::size_t credit = 0;    // for arrivals; 0 until the bus serves
  bool stopped = false;
};
using Uses = std::map<std::uint64_t, Use>;

}  // namespace busway::plugins
