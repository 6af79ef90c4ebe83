#include "transforms/schema/placed_json.hpp"

#include "transforms/formats/json.hpp"
#include "transforms/schema/characters.hpp"

namespace busway::schema {

namespace {

// Goes over a text that read_json has taken, beside the document it became: the document has the values, the text the places.
class PlaceReader {
 public:
  PlaceReader(std::string_view text, std::shared_ptr<const std::string> file) : text_(text), file_(std::move(file)) {}

  ConfigNode read(const Node& value) {
    skip_blanks();
    ConfigNode node;
    node.at = {file_, line_, column_};
    switch (value.kind()) {
      case Node::Kind::array:
        node.kind = ConfigNode::Kind::list;
        node.items.reserve(value.size());
        step();
        for (const Node& item : value.items()) {
          node.items.push_back(read(item));
          skip_blanks();
          if (text_[at_] == ',') step();
        }
        skip_blanks();
        step();
        break;
      case Node::Kind::object:
        node.kind = ConfigNode::Kind::map;
        node.entries.reserve(value.size());
        step();
        for (const Member& member : value.members()) {
          ConfigNode key = read(member.key);
          skip_blanks();
          step();  // the colon
          node.entries.push_back({std::move(key), read(member.value)});
          skip_blanks();
          if (text_[at_] == ',') step();
        }
        skip_blanks();
        step();
        break;
      case Node::Kind::string:
        node.kind = ConfigNode::Kind::string;
        node.style = ConfigNode::Style::double_quoted;
        node.text = value.text();
        skip_string();
        break;
      case Node::Kind::number:
        node.kind = ConfigNode::Kind::number;
        node.text = value.text();
        skip_word();
        break;
      case Node::Kind::boolean:
        node.kind = ConfigNode::Kind::boolean;
        node.text = value.as_boolean() ? "true" : "false";
        skip_word();
        break;
      default:
        node.text = "null";
        skip_word();
        break;
    }
    return node;
  }

 private:
  void step() {
    char c = text_[at_++];
    if (c == '\n') {
      ++line_;
      column_ = 1;
    } else if ((static_cast<unsigned char>(c) & 0xC0) != 0x80) {
      ++column_;
    }
  }
  void skip_blanks() {
    while (at_ < text_.size() && (text_[at_] == ' ' || text_[at_] == '\t' || text_[at_] == '\n' || text_[at_] == '\r')) step();
  }
  void skip_string() {
    step();
    while (text_[at_] != '"') {
      if (text_[at_] == '\\') step();
      step();
    }
    step();
  }
  void skip_word() {
    while (at_ < text_.size() && (is_alnum(text_[at_]) || text_[at_] == '-' || text_[at_] == '+' || text_[at_] == '.')) step();
  }

  std::string_view text_;
  std::shared_ptr<const std::string> file_;
  std::size_t at_ = 0;
  int line_ = 1;
  int column_ = 1;
};

}  // namespace

Position place_at(std::string_view text, std::int64_t offset, const std::shared_ptr<const std::string>& file) {
  int line = 1;
  int column = 1;
  for (char c : text) {
    if ((static_cast<unsigned char>(c) & 0xC0) == 0x80) continue;
    if (offset-- <= 0) break;
    ++column;
    if (c == '\n') {
      ++line;
      column = 1;
    }
  }
  return {file, line, column};
}

std::string without_place(const std::string& text) {
  std::size_t column = text.find(", column ");
  std::size_t end = column == std::string::npos ? column : text.find(": ", column);
  return end == std::string::npos ? text : text.substr(end + 2);
}

std::optional<ConfigNode> read_placed_json(std::string_view text, std::shared_ptr<const std::string> file, Findings& findings) {
  if (text.starts_with("\xEF\xBB\xBF")) text.remove_prefix(3);
  Arena arena;
  auto document = read_json(text, arena);
  if (!document) {
    Position at = place_at(text, document.error().position, file);
    findings.error("BW4101", std::move(at), "the schema cannot be read: " + without_place(document.error().text));
    return std::nullopt;
  }
  if (document->is_nothing()) {
    findings.error("BW4101", {std::move(file), 1, 1}, "the schema is empty");
    return std::nullopt;
  }
  return PlaceReader(text, std::move(file)).read(*document);
}

std::optional<Node> to_document(const ConfigNode& node, Arena& arena, Position& bad) {
  switch (node.kind) {
    case ConfigNode::Kind::null: return Node::null();
    case ConfigNode::Kind::boolean: return Node::boolean(node.text.starts_with('t') || node.text.starts_with('T'));
    case ConfigNode::Kind::number:
      if (!is_json_number(node.text)) {
        bad = node.at;
        return std::nullopt;
      }
      return Node::number_text(arena.copy(node.text));
    case ConfigNode::Kind::string: return Node::string(arena.copy(node.text));
    case ConfigNode::Kind::list: {
      Collector<Node> items(arena);
      for (const ConfigNode& item : node.items) {
        auto value = to_document(item, arena, bad);
        if (!value) return std::nullopt;
        items.push(*value);
      }
      return Node::array(items.items());
    }
    case ConfigNode::Kind::map: {
      Collector<Member> members(arena);
      for (const ConfigNode::Entry& entry : node.entries) {
        auto value = to_document(entry.value, arena, bad);
        if (!value) return std::nullopt;
        members.push({Node::string(arena.copy(entry.key.text)), *value});
      }
      return Node::object(members.items());
    }
  }
  return Node::null();
}

bool is_json_number(std::string_view text) {
  std::size_t at = 0;
  auto digits = [&] {
    std::size_t start = at;
    while (at < text.size() && is_digit(text[at])) ++at;
    return at - start;
  };
  if (at < text.size() && text[at] == '-') ++at;
  std::size_t start = at;
  std::size_t whole = digits();
  if (whole == 0 || (whole > 1 && text[start] == '0')) return false;
  if (at < text.size() && text[at] == '.') {
    ++at;
    if (digits() == 0) return false;
  }
  if (at < text.size() && (text[at] == 'e' || text[at] == 'E')) {
    ++at;
    if (at < text.size() && (text[at] == '-' || text[at] == '+')) ++at;
    if (digits() == 0) return false;
  }
  return at == text.size();
}

}  // namespace busway::schema
