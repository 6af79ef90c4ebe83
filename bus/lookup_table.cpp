#include "bus/lookup_table.hpp"

#include <array>

#include "bus/number_text.hpp"

namespace busway {

std::string_view LookupTable::key_of(const Node& value, std::span<char> buffer) {
  if (value.is_string() || value.has_number_text()) return value.text();
  return value.is_number() ? shortest_number(value.as_double(), buffer) : std::string_view{};
}

Node LookupTable::find(const Node& key) const {
  if (!key.is_string() && !key.is_number()) return {};
  std::array<char, 32> buffer;
  auto at = rows_.find(key_of(key, buffer));
  return at == rows_.end() ? Node() : at->second;
}

}  // namespace busway
