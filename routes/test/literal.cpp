#include "routes/test/literal.hpp"

#include <charconv>

namespace busway::routes {

namespace {

std::optional<std::string> from_base(std::string_view digits, int base) {
  std::uint64_t value = 0;
  auto [end, error] = std::from_chars(digits.data(), digits.data() + digits.size(), value, base);
  if (error != std::errc() || end != digits.data() + digits.size()) return std::nullopt;
  return std::to_string(value);
}

bool is_digit(char c) {
  return c >= '0' && c <= '9';
}

}  // namespace

std::optional<std::string> json_number(std::string_view yaml) {
  if (yaml.starts_with("0x")) return from_base(yaml.substr(2), 16);
  if (yaml.starts_with("0o")) return from_base(yaml.substr(2), 8);
  std::string out;
  if (yaml.starts_with('-')) out = "-";
  if (yaml.starts_with('-') || yaml.starts_with('+')) yaml.remove_prefix(1);
  std::size_t zeros = 0;
  while (zeros + 1 < yaml.size() && yaml[zeros] == '0' && is_digit(yaml[zeros + 1])) ++zeros;
  yaml.remove_prefix(zeros);
  if (yaml.starts_with('.')) out += '0';
  for (std::size_t i = 0; i < yaml.size(); ++i) {
    bool bare_point = yaml[i] == '.' && (i + 1 == yaml.size() || !is_digit(yaml[i + 1]));
    if (bare_point && (i == 0 || (i + 1 < yaml.size() && yaml[i + 1] != 'e' && yaml[i + 1] != 'E'))) return std::nullopt;
    if (!bare_point) out += yaml[i];
  }
  return out;
}

std::optional<Node> literal_document(const ConfigNode& literal, Arena& arena, Findings& findings) {
  switch (literal.kind) {
    case ConfigNode::Kind::null: return Node::null();
    case ConfigNode::Kind::boolean:
      return Node::boolean(literal.text == "true" || literal.text == "True" || literal.text == "TRUE");
    case ConfigNode::Kind::string: return Node::string(arena.copy(literal.text));
    case ConfigNode::Kind::number: {
      auto text = json_number(literal.text);
      if (text) return Node::number_text(arena.copy(*text));
      findings.error("BW6001", literal.at,
                     "'" + literal.text + "' is a number that no document can hold; quote it if a text is meant");
      return std::nullopt;
    }
    case ConfigNode::Kind::list: {
      Collector<Node> items(arena);
      for (const ConfigNode& item : literal.items) {
        auto made = literal_document(item, arena, findings);
        if (!made) return std::nullopt;
        items.push(*made);
      }
      return Node::array(items.items());
    }
    case ConfigNode::Kind::map: {
      Collector<Member> members(arena);
      for (const ConfigNode::Entry& entry : literal.entries) {
        auto made = literal_document(entry.value, arena, findings);
        if (!made) return std::nullopt;
        members.push({Node::string(arena.copy(entry.key.text)), *made});
      }
      return Node::object(members.items());
    }
  }
  return std::nullopt;
}

}  // namespace busway::routes
