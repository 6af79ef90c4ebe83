#include "routes/test/difference.hpp"

#include <algorithm>

#include "bus/json_text.hpp"
#include "routes/test/literal.hpp"

namespace busway::routes {

namespace {

constexpr std::size_t longest = 2000;

// Cut between two code points.
std::string cut(std::string text, std::size_t most) {
  if (text.size() <= most) return text;
  while (most > 0 && (static_cast<unsigned char>(text[most]) & 0xC0) == 0x80) --most;
  std::size_t left = text.size() - most;
  text.resize(most);
  return text + "... (" + std::to_string(left) + " more bytes)";
}

std::string_view article(Node::Kind kind) {
  switch (kind) {
    case Node::Kind::array: return "a list";
    case Node::Kind::object: return "an object";
    default: return "";
  }
}

// A leaf as it is, a container by what it is and how it looks.
std::string brief(const Node& node) {
  if (node.is_nothing()) return "nothing";
  std::string text = cut(to_json(node), 200);
  std::string_view container = article(node.kind());
  return container.empty() ? text : std::string(container) + " " + text;
}

std::string brief(const ConfigNode& expected) {
  Arena arena;
  Findings ignored;
  auto node = literal_document(expected, arena, ignored);
  return node ? brief(*node) : expected.text;
}

void add_token(std::string& path, std::string_view name) {
  path += '/';
  for (char c : name) {
    if (c == '~') {
      path += "~0";
    } else if (c == '/') {
      path += "~1";
    } else {
      path += c;
    }
  }
}

class Comparison {
 public:
  Comparison(std::string_view what, Match match, std::vector<Difference>& out, std::size_t most)
      : what_(what), match_(match), out_(out), most_(out.size() + most) {}

  // As deep as the test file's YAML, which its reader bounds.
  void walk(const ConfigNode& expected, const Node& actual) {
    if (out_.size() >= most_) return;
    if (expected.is_map() && actual.is_object()) return walk_members(expected, actual);
    if (expected.is_list() && actual.is_array()) return walk_items(expected, actual);
    if (expected.is_scalar() && actual.is_nothing() && expected.kind == ConfigNode::Kind::string && expected.text.empty()) return;
    if (expected.is_scalar()) {
      Arena arena;
      Findings ignored;
      auto node = literal_document(expected, arena, ignored);
      if (node && equal(*node, actual)) return;
    }
    differ(expected.at, "expected " + brief(expected) + ", got " + brief(actual));
  }

 private:
  void walk_members(const ConfigNode& expected, const Node& actual) {
    std::vector<std::pair<std::string_view, const Node*>> members;
    for (const Member& member : actual.members()) members.emplace_back(member.key.text(), &member.value);
    std::sort(members.begin(), members.end(), [](const auto& a, const auto& b) { return a.first < b.first; });
    auto find = [&](std::string_view name) {
      auto at = std::lower_bound(members.begin(), members.end(), name,
                                 [](const auto& member, std::string_view key) { return member.first < key; });
      return at != members.end() && at->first == name ? at : members.end();
    };
    std::vector<bool> named(members.size());
    std::size_t length = path_.size();
    for (const ConfigNode::Entry& entry : expected.entries) {
      add_token(path_, entry.key.text);
      auto at = find(entry.key.text);
      if (at == members.end()) {
        differ(entry.value.at, "expected " + brief(entry.value) + ", but it is missing");
      } else {
        named[static_cast<std::size_t>(at - members.begin())] = true;
        walk(entry.value, *at->second);
      }
      path_.resize(length);
    }
    if (match_ == Match::subset) return;
    // In the document's order, as the reader sees it.
    for (const Member& member : actual.members()) {
      auto at = find(member.key.text());
      if (named[static_cast<std::size_t>(at - members.begin())]) continue;
      add_token(path_, member.key.text());
      differ(expected.at, "not expected, got " + brief(member.value));
      path_.resize(length);
    }
  }

  void walk_items(const ConfigNode& expected, const Node& actual) {
    std::size_t length = path_.size();
    std::size_t both = std::min(expected.items.size(), actual.items().size());
    for (std::size_t i = 0; i < both; ++i) {
      path_ += '/' + std::to_string(i);
      walk(expected.items[i], actual.items()[i]);
      path_.resize(length);
    }
    if (expected.items.size() == actual.items().size()) return;
    differ(expected.at,
           "expected " + std::to_string(expected.items.size()) + " items, got " + std::to_string(actual.items().size()));
  }

  void differ(const Position& at, std::string text) {
    if (out_.size() >= most_) return;
    std::string where(what_);
    if (!path_.empty()) where += (where.empty() ? "" : " ") + path_;
    out_.push_back({at, where + ": " + text});
  }

  std::string_view what_;
  Match match_;
  std::vector<Difference>& out_;
  std::size_t most_;
  std::string path_;
};

}  // namespace

void compare(std::string_view what, const ConfigNode& expected, const Node& actual, Match match,
             std::vector<Difference>& differences, std::size_t most) {
  Comparison(what, match, differences, most).walk(expected, actual);
}

std::string shown(const Node& document) {
  return document.is_nothing() ? "" : cut(to_json(document), longest);
}

std::string shown(std::string_view bytes) {
  bool text = std::all_of(bytes.begin(), bytes.end(), [](char c) {
    auto byte = static_cast<unsigned char>(c);
    return (byte >= 0x20 && byte != 0x7F) || byte == '\n' || byte == '\t' || byte == '\r';
  });
  if (text) {
    std::string out;
    for (char c : cut(std::string(bytes), longest)) {
      if (c == '\n') {
        out += "\\n";
      } else if (c == '\r') {
        out += "\\r";
      } else {
        out += c;
      }
    }
    return out;
  }
  std::string out = "hex";
  constexpr std::size_t most = 256;
  for (std::size_t i = 0; i < bytes.size() && i < most; ++i) {
    auto byte = static_cast<unsigned char>(bytes[i]);
    out += {' ', "0123456789abcdef"[byte >> 4], "0123456789abcdef"[byte & 15]};
  }
  if (bytes.size() > most) out += " ... (" + std::to_string(bytes.size() - most) + " more bytes)";
  return out;
}

}  // namespace busway::routes
