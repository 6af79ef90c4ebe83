#pragma once

#include <chrono>
#include <string>

namespace busway {

// Wall time, for show and for `$now()`: no timer or deadline depends on it.
std::chrono::system_clock::time_point wall_now();

// "2026-01-31T10:15:30.123Z"
std::string iso_time(std::chrono::system_clock::time_point at);

// Holds wall time still on this thread while it lives (`busway test`'s `at:`).
class FixedWallClock {
 public:
  explicit FixedWallClock(std::chrono::system_clock::time_point at);
  FixedWallClock(const FixedWallClock&) = delete;
  FixedWallClock& operator=(const FixedWallClock&) = delete;
  ~FixedWallClock();
};

}  // namespace busway
