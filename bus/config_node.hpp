#pragma once

#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "bus/finding.hpp"

namespace busway {

// One value of a configuration file with the place it stands at: what `routes` makes of YAML and every component reads. A tree
// of plain values; copies are deep. Scalars keep their text; a plain (unquoted) scalar has been typed by YAML 1.2's core schema.
class ConfigNode {
 public:
  enum class Kind { null, boolean, number, string, list, map };
  // How a scalar was written; it decides how an offset in `text` maps to a place in the file.
  enum class Style { plain, single_quoted, double_quoted, literal_block, folded_block };
  struct Entry;

  Kind kind = Kind::null;
  Style style = Style::plain;
  Position at;                    // first character of the value
  std::string text;               // scalars: the value's text ("3", "true", "a b")
  std::vector<ConfigNode> items;  // list
  std::vector<Entry> entries;     // map, in file order; keys are unique
  // Scalars: the place of each code point of `text`, for findings inside an expression; maintained by the YAML reader only
  // where it differs from at.column + offset on one line (quoted and block scalars). Empty otherwise.
  std::shared_ptr<const std::vector<std::pair<int, int>>> places;
  bool comment_follows = false;  // a plain scalar with a comment behind it: in an expression field YAML has cut it (BW1011)

  bool is_scalar() const { return kind != Kind::list && kind != Kind::map; }
  bool is_map() const { return kind == Kind::map; }
  bool is_list() const { return kind == Kind::list; }
  // The entry of a map, or null.
  const Entry* find(std::string_view key) const;
  // The place of the value under `key`, for findings about it; the node's own where it is no map or has no such key.
  const Position& place_under(std::string_view key) const;
  // The place of code point `offset` of a scalar's text.
  Position place_of(std::int64_t offset) const;
  std::string_view kind_name() const;  // "a mapping", "a string", ...
};

struct ConfigNode::Entry {
  ConfigNode key;
  ConfigNode value;
};

}  // namespace busway
