#include "transforms/jsonata/stack.hpp"

#include <pthread.h>

#include <cstddef>

#include "bus/fiber.hpp"

namespace busway::jsonata {

namespace {

struct Bounds {
  std::uintptr_t low = 0;
  std::uintptr_t high = 0;
};

Bounds find_bounds() noexcept {
  pthread_attr_t attributes;
  if (pthread_getattr_np(pthread_self(), &attributes) != 0) return {};
  void* base = nullptr;
  std::size_t size = 0;
  int failed = pthread_attr_getstack(&attributes, &base, &size);
  pthread_attr_destroy(&attributes);
  if (failed != 0) return {};
  auto high = reinterpret_cast<std::uintptr_t>(base) + size;
  // A stack without a limit reports more than anyone has; 64 MB is plenty.
  constexpr std::size_t most = 64UL * 1024 * 1024;
  if (size > most) size = most;
  return {high - size, high};
}

}  // namespace

std::uintptr_t stack_floor() noexcept {
  constexpr std::uintptr_t reserve = 160UL * 1024;
  if (const Fiber* fiber = Fiber::current()) return fiber->stack_low() + reserve;
  static thread_local const Bounds bounds = find_bounds();
  auto here = reinterpret_cast<std::uintptr_t>(__builtin_frame_address(0));
  if (here < bounds.low || here > bounds.high) return 0;
  return bounds.low + reserve;
}

}  // namespace busway::jsonata
