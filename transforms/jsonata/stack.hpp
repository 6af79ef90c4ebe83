#pragma once

#include <cstdint>

namespace busway::jsonata {

// The lowest stack address that parsing and evaluating may reach in this thread: what is below stays for everyone else.
// Found once a thread, and on a fiber that fiber's; 0 when the thread does not run on a stack the system knows.
std::uintptr_t stack_floor() noexcept;

inline bool stack_is_short(std::uintptr_t floor) noexcept {
  return reinterpret_cast<std::uintptr_t>(__builtin_frame_address(0)) < floor;
}

}  // namespace busway::jsonata
