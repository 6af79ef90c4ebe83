#pragma once

#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "bus/config_node.hpp"
#include "bus/document.hpp"

namespace busway::schema {

// Reads one JSON text into a tree whose every key and value knows its line and column, as the YAML reader's does: schemas are
// compiled from such a tree whichever way they are written. What is no JSON is a finding (BW4101) and nullopt. Nests at most 64
// deep.
std::optional<ConfigNode> read_placed_json(std::string_view text, std::shared_ptr<const std::string> file, Findings& findings);

// The tree as a document in `arena`: what `enum` and `const` compare with. Nothing when a number in it is none by JSON's grammar
// (YAML knows more): `bad` is its place then.
std::optional<Node> to_document(const ConfigNode& node, Arena& arena, Position& bad);

// The place of a code point offset, as the formats' errors have it.
Position place_at(std::string_view text, std::int64_t offset, const std::shared_ptr<const std::string>& file);
// The text of a format's error ("reading JSON: line 3, column 7: expected ...") without its place, for a finding that has its
// own.
std::string without_place(const std::string& text);

// Whether `text` is a number by JSON's grammar (RFC 8259, 6).
bool is_json_number(std::string_view text);

}  // namespace busway::schema
