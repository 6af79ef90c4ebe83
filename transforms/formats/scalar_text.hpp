#pragma once

#include <optional>
#include <span>
#include <string_view>

#include "bus/number_text.hpp"

namespace busway {

// A text, number or boolean as formats without types of their own write it; nullopt for everything else. `buffer` as for
// number_to_text().
inline std::optional<std::string_view> scalar_text(const Node& value, std::span<char> buffer) {
  if (value.is_string()) return value.text();
  if (value.is_number()) return number_to_text(value, buffer);
  if (value.is_boolean()) return value.as_boolean() ? "true" : "false";
  return std::nullopt;
}

}  // namespace busway
