#pragma once

#include <functional>

#include "bus/worker.hpp"

namespace busway::zmq {

// What one look takes: so many messages, and of those that are only handed on, however large, eight times as many.
inline constexpr std::size_t messages_in_a_row = 64;
inline constexpr std::size_t passed_for_one = 8;

// A ZeroMQ socket's place in a worker's loop. Its descriptor tells of changes once: whoever is called looks until there is
// nothing more, and whoever sends or receives besides asks for another look. Worker thread only; outlives the worker.
class Watch {
 public:
  // `descriptor` becomes its own. `look` is called on the worker's stack, never within another call of it.
  Watch(Worker& worker, int descriptor, std::function<void()> look);
  Watch(const Watch&) = delete;
  Watch& operator=(const Watch&) = delete;

  void start();
  // Looks in the next turn of the loop.
  void look_again();
  // Never looks again.
  void stop();

 private:
  Task<> run();
  Worker& worker_;
  Descriptor descriptor_;
  std::function<void()> look_;
  bool asked_ = false;
  bool stopped_ = false;
};

}  // namespace busway::zmq
