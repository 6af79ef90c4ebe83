#pragma once

#include <string_view>
#include <vector>

#include "bus/field.hpp"

namespace busway::routes {

// The keys of the route language itself, as help, reference docs and the JSON Schema show them. The keys of adapters, formats and
// steps stand in their own declarations; a service's policy in service_policy_fields().
std::vector<FieldInfo> bundle_fields();    // top level
std::vector<FieldInfo> defaults_fields();  // `defaults:`
std::vector<FieldInfo> listener_fields();  // beside the adapter's key
std::vector<FieldInfo> service_fields();   // beside the adapter's key
std::vector<FieldInfo> route_fields();
std::vector<FieldInfo> from_fields();     // beside the adapter's key
std::vector<FieldInfo> step_fields();     // beside the step's key
std::vector<FieldInfo> handler_fields();  // one handler of `on_error:`

// Where a word of the language may stand.
enum class Place { bundle, adapter, service, from, step, handler };

// Whether the language has the word there but this version does not build it: a finding (BW1013), never accepted and ignored.
bool not_in_this_version(Place place, std::string_view word);

}  // namespace busway::routes
