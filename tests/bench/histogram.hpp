#pragma once

#include <algorithm>
#include <array>
#include <bit>
#include <cstddef>
#include <cstdint>

namespace bench {

// Latencies in nanoseconds, to 1.6 %: 64 slots for each power of two, as in an HDR histogram.
class Histogram {
 public:
  void add(std::uint64_t value) {
    ++count_;
    ++slots_[slot_of(value)];
    max_ = std::max(max_, value);
  }
  std::uint64_t count() const { return count_; }
  double microseconds_at(double share) const {
    auto left = static_cast<std::uint64_t>(share * static_cast<double>(count_));
    for (std::size_t slot = 0; slot < slots_.size(); ++slot) {
      if (left < slots_[slot]) return static_cast<double>(value_of(slot)) / 1000.0;
      left -= slots_[slot];
    }
    return static_cast<double>(max_) / 1000.0;
  }

 private:
  static std::size_t slot_of(std::uint64_t value) {
    if (value < 128) return static_cast<std::size_t>(value);
    auto shift = static_cast<unsigned>(std::bit_width(value) - 7);
    return static_cast<std::size_t>(shift * 64 + (value >> shift));
  }
  static std::uint64_t value_of(std::size_t slot) {
    if (slot < 128) return slot;
    std::uint64_t shift = slot / 64 - 1;
    return (slot - shift * 64) << shift;
  }

  std::array<std::uint64_t, std::size_t{60} * 64> slots_{};
  std::uint64_t count_ = 0;
  std::uint64_t max_ = 0;
};

}  // namespace bench
