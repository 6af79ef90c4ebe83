#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "bus/check_context.hpp"
#include "bus/registry.hpp"
#include "routes/language_fields.hpp"

namespace busway::routes {

// Reading the language's own mappings, whose keys are split between the language and a component.

std::vector<std::string_view> names_of(const std::vector<FieldInfo>& fields);
bool has(const std::vector<std::string_view>& names, std::string_view name);

// Reports the word when this version does not build it there.
bool report_not_built(Place place, const ConfigNode& key, CheckContext& check);
void report_unknown_key(const ConfigNode& key, const std::vector<std::string_view>& names, CheckContext& check);
// Reports each key of the language (`names`) that the mapping has and that means nothing to its adapter. False after a finding.
bool report_no_use(const ConfigNode& node, const AdapterType& adapter, const std::vector<std::string_view>& names,
                   CheckContext& check);
void report_not_a_mapping(const ConfigNode& node, std::string_view what, CheckContext& check);

// A copy of the mapping with only the entries whose key is in `names`.
ConfigNode only(const ConfigNode& map, const std::vector<std::string_view>& names);

// Names of listeners, services, routes and step lists: letters, digits, `_`, `-` and `.`, at most 64.
bool good_name(std::string_view name);

}  // namespace busway::routes
