#pragma once

#include <CLI/CLI.hpp>
#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "bus/registry.hpp"

namespace busway::cli {

// The reference in Markdown, made of the declarations alone: what `busway help` prints and what docs/reference holds. `level` is
// the depth of the component's own heading.
std::string adapter_reference(const AdapterType& type, int level);
std::string format_reference(const FormatType& type, int level);
std::string step_reference(const StepType& type, int level);

// One line a field, nested ones indented below: "- `every` (duration, default 1s, at least 1ms): Time between messages."
std::string fields_reference(const std::vector<FieldInfo>& fields);

// Every page of docs/reference by file name. `app` is the whole command line with its verbs.
std::map<std::string, std::string> reference_pages(const Registry& registry, const CLI::App& app);

}  // namespace busway::cli
