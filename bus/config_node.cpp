#include "bus/config_node.hpp"

namespace busway {

const ConfigNode::Entry* ConfigNode::find(std::string_view key) const {
  for (const Entry& entry : entries) {
    if (entry.key.text == key) return &entry;
  }
  return nullptr;
}

const Position& ConfigNode::place_under(std::string_view key) const {
  const Entry* entry = find(key);
  return entry != nullptr ? entry->value.at : at;
}

Position ConfigNode::place_of(std::int64_t offset) const {
  Position place = at;
  if (offset < 0) return place;
  if (!places) {
    place.column += static_cast<int>(offset);
    return place;
  }
  if (places->empty()) return place;
  auto index = static_cast<std::size_t>(offset);
  bool past = index >= places->size();  // an error "at the end" points just behind the last character
  const auto& [line, column] = (*places)[past ? places->size() - 1 : index];
  place.line = line;
  place.column = past ? column + 1 : column;
  return place;
}

std::string_view ConfigNode::kind_name() const {
  switch (kind) {
    case Kind::null: return "nothing";
    case Kind::boolean: return "a boolean";
    case Kind::number: return "a number";
    case Kind::string: return "a string";
    case Kind::list: return "a list";
    case Kind::map: return "a mapping";
  }
  return "nothing";
}

}  // namespace busway
