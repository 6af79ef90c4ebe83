#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <span>

namespace busway {

// What a message reads of the route that serves it and of no other. Of one of ten thousand routes all of it is cold, and each
// object names the next: who has found the route asks for all of their cache lines at once instead of waiting for one after the
// other. Filled while the bundle is loaded, by each object for itself and for what it leads to; read by all workers.
class Footprint {
 public:
  // The first `size` bytes of an object that stays where it is. What goes beyond `most` lines is left out: it is waited for.
  void add(const void* object, std::size_t size) {
    auto first = reinterpret_cast<std::uintptr_t>(object);
    for (std::uintptr_t at = first / line * line; at < first + size; at += line) {
      if (used_ == most) return;
      lines_[used_++] = reinterpret_cast<const void*>(at);
    }
  }
  void fetch() const {
    for (const void* at : lines()) __builtin_prefetch(at);
  }
  std::span<const void* const> lines() const { return {lines_.data(), used_}; }

 private:
  static constexpr std::size_t line = 64;
  static constexpr std::size_t most = 7;
  std::array<const void*, most> lines_{};
  std::size_t used_ = 0;
};

}  // namespace busway
