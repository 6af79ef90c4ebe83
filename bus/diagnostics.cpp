#include "bus/diagnostics.hpp"

#include <algorithm>

namespace busway {

namespace {

// 0xxx command line and eval, 1xxx bundle, YAML and fields, 2xxx routes, steps and services, 3xxx expressions, 4xxx formats and
// layouts, 5xxx adapters, 6xxx tests. In the order of their ids.
constexpr Diagnostic table[] = {
    {"BW0001", "File cannot be read", "A file named on the command line does not exist or cannot be opened.",
     "Check the path and its permissions."},
    {"BW0002", "Case line is not JSON", "A line of an `eval --cases` file is not a JSON object with a string `expr`.",
     "Write one JSON object a line: {\"expr\": \"a.b\", \"data\": {...}, \"bindings\": {...}}."},
    {"BW1001", "YAML syntax", "The file is not YAML, so nothing in it could be read.",
     "Mend the place the message names. Expressions with braces, brackets, `: ` or ` #` need quotes or a block scalar (`|`)."},
    {"BW1002", "Duplicate key", "A mapping has the same key twice; YAML would silently keep one of them.", "Remove or rename one."},
    {"BW1003", "YAML feature refused", "Merge keys, alias cycles, tags and several documents in a route file are refused.",
     "Write the value out, or name a step list under `steps:` and use it by name."},
    {"BW1004", "Unknown key", "The component has no such key. Unknown keys are never ignored.",
     "`busway help adapter|step|format NAME` lists the keys."},
    {"BW1005", "Wrong type", "The value is of another type than the key takes.", "Write a value of the type the message names."},
    {"BW1006", "Missing key", "A required key is missing.", "Add it."},
    {"BW1007", "Value out of bounds", "The value lies outside what the key allows.", "Choose a value inside the bounds."},
    {"BW1008", "Missing file", "A file that the bundle names is not in it, or cannot be read.",
     "Paths are relative to the file that names them and stay inside the bundle."},
    {"BW1009", "Path leaves the bundle", "A path leads out of the bundle's directory, by `..`, an absolute path or a link.",
     "Copy the file into the bundle."},
    {"BW1010", "Expression must be quoted", "An expression field holds a YAML mapping or list: YAML has eaten the braces or brackets.",
     "Quote the expression, or write it as a block scalar (`|`)."},
    {"BW1011", "Comment cuts the expression", "A plain scalar in an expression field is followed by ` #`: YAML takes the rest as a comment.",
     "Quote the expression."},
    {"BW1012", "Secret cannot be resolved", "`${env:NAME}` or `${file:PATH}` names something that does not exist where `run` starts.",
     "Set the variable or create the file before `busway run`."},
    {"BW1013", "Not in this version", "The key belongs to the route language, but this version does not build it yet.",
     "Remove it, or use a version that has it. It is never accepted and ignored."},
    {"BW1014", "Unknown choice", "The value is not one of the words the key takes.", "Use one of the words the message names."},
    {"BW3001", "Expression syntax", "The JSONata expression cannot be parsed.", "Mend the place the message names; try it with `busway eval`."},
    {"BW3002", "Expression feature not in this version", "JSONata has this function or operator, but this version does not build it yet.",
     "Write it another way, or use a version that has it."},
    {"BW4001", "Unknown format", "No format of that name is built in.", "`busway list formats` shows what there is."},
    {"BW4002", "Wrong namespace prefix", "A prefix under `namespaces:` is no XML name, is reserved, or has no namespace.",
     "Give each prefix the namespace its members belong to: `namespaces: { c: 'urn:example:customers' }`."},
};

}  // namespace

std::span<const Diagnostic> diagnostics() { return table; }

const Diagnostic* find_diagnostic(std::string_view id) {
  auto at = std::lower_bound(std::begin(table), std::end(table), id, [](const Diagnostic& row, std::string_view key) { return row.id < key; });
  return at != std::end(table) && at->id == id ? at : nullptr;
}

}  // namespace busway
