#pragma once

#include <algorithm>
#include <chrono>
#include <cstdint>

#include "bus/worker.hpp"

namespace busway::http {

// Holds a peer to a rate while a body passes: it has `grace`, and `grace` again for every `rate` times `grace` bytes, counted
// from when it last earned that. What came fast buys no long silence afterwards: after the last byte it has two of them at most.
class Pace {
 public:
  Pace(TimePoint start, std::chrono::milliseconds grace, std::uint64_t rate)
      : since_(start),
        grace_(grace),
        rate_(rate),
        worth_(std::max<std::uint64_t>(1, rate * static_cast<std::uint64_t>(grace.count()) / 1000)) {}

  // Until when the next bytes must have passed; `bytes` have so far.
  TimePoint deadline(TimePoint now, std::uint64_t bytes) {
    if (bytes - counted_ >= worth_) {
      since_ = now;
      counted_ = bytes;
    }
    return since_ + grace_ + std::chrono::milliseconds((bytes - counted_) * 1000 / rate_);
  }

  // Time that another has taken, not this peer.
  void forgive(Clock::duration time) { since_ += time; }

 private:
  TimePoint since_;
  std::chrono::milliseconds grace_;
  std::uint64_t rate_;
  std::uint64_t worth_;
  std::uint64_t counted_ = 0;
};

}  // namespace busway::http
