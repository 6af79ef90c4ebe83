#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <optional>
#include <string_view>

#include "plugins/sdk/c/busway_plugin.h"

namespace busway::plugins {

// The structs of the ABI as a plugin of any minor version of ours may have laid them out: what lies behind the size it states is
// zero, and what lies behind the part we know is left alone.

inline constexpr std::uint32_t most_struct_size = 4096;

// `least`: the size in the first version of the ABI. Nothing when the stated size cannot be one.
template <class T>
std::optional<T> read_sized(const void* at, std::size_t least = sizeof(T)) {
  std::uint32_t size = 0;
  if (at == nullptr) return std::nullopt;
  std::memcpy(&size, at, sizeof size);
  if (size < least || size > most_struct_size) return std::nullopt;
  T out{};
  std::memcpy(&out, at, std::min<std::size_t>(size, sizeof(T)));
  return out;
}

// Element `index` of an array of such structs: each is as large as the first says.
template <class T>
const void* sized_element(const T* array, std::size_t index) {
  std::uint32_t size = 0;
  std::memcpy(&size, static_cast<const void*>(array), sizeof size);
  return reinterpret_cast<const char*>(array) + index * size;
}

inline std::string_view view(busway_text text) {
  return text.data == nullptr ? std::string_view() : std::string_view(text.data, text.size);
}
inline busway_text text_of(std::string_view text) {
  return {text.data(), text.size()};
}

}  // namespace busway::plugins
