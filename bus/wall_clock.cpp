#include "bus/wall_clock.hpp"

#include <cstdio>
#include <ctime>
#include <optional>

namespace busway {

namespace {
thread_local std::optional<std::chrono::system_clock::time_point> fixed;
}

std::chrono::system_clock::time_point wall_now() {
  return fixed ? *fixed : std::chrono::system_clock::now();
}

std::string iso_time(std::chrono::system_clock::time_point at) {
  auto millis = std::chrono::floor<std::chrono::milliseconds>(at.time_since_epoch()).count();
  auto part = millis % 1000;
  if (part < 0) part += 1000;
  std::time_t seconds = (millis - part) / 1000;
  std::tm utc{};
  gmtime_r(&seconds, &utc);
  char text[64];
  std::snprintf(text, sizeof text, "%04d-%02d-%02dT%02d:%02d:%02d.%03dZ", utc.tm_year + 1900, utc.tm_mon + 1, utc.tm_mday,
                utc.tm_hour, utc.tm_min, utc.tm_sec, static_cast<int>(part));
  return text;
}

FixedWallClock::FixedWallClock(std::chrono::system_clock::time_point at) {
  fixed = at;
}
FixedWallClock::~FixedWallClock() {
  fixed.reset();
}

}  // namespace busway
