#pragma once

#include <string>
#include <vector>

#include "bus/error.hpp"
#include "bus/secret.hpp"
#include "plugins/host/settings.hpp"

namespace busway::plugins {

inline constexpr std::size_t most_settings = 48UL * 1024;  // bytes of JSON: they travel in one head

// What a plugin's process cannot be told: text that is no UTF-8, or too much. `key` is the one at fault, or empty.
struct Unsayable {
  std::string key;
  std::string text;
};

// The settings of one use as JSON, one member a field, in their order.
std::expected<Secret, Unsayable> settings_json(const std::vector<FieldDeclaration>& fields, const std::vector<Setting>& settings);

}  // namespace busway::plugins
