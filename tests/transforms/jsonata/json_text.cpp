#include "json_text.hpp"

#include <doctest/doctest.h>

#include <cmath>

#include "bus/json_text.hpp"
#include "transforms/jsonata/jsonata.hpp"
#include "transforms/jsonata/text.hpp"

namespace busway::jsonata::test {

namespace {

class Reader {
 public:
  Reader(std::string_view text, Arena& arena) : text_(text), arena_(arena) {}

  Node read() {
    skip_space();
    char c = peek();
    if (c == '{') return object();
    if (c == '[') return array();
    if (c == '"') return Node::string(string());
    if (take("true")) return Node::boolean(true);
    if (take("false")) return Node::boolean(false);
    if (take("null")) return Node::null();
    std::size_t start = at_;
    while (std::string_view("+-.eE0123456789").find(peek()) != std::string_view::npos && peek() != '\0') ++at_;
    REQUIRE(at_ > start);
    return Node::number_text(arena_.copy(text_.substr(start, at_ - start)));
  }

 private:
  char peek() const { return at_ < text_.size() ? text_[at_] : '\0'; }
  void skip_space() {
    while (peek() == ' ' || peek() == '\n' || peek() == '\t' || peek() == '\r') ++at_;
  }
  bool take(std::string_view word) {
    if (text_.substr(at_, word.size()) != word) return false;
    at_ += word.size();
    return true;
  }
  Node object() {
    Collector<Member> members(arena_);
    ++at_;
    for (skip_space(); !take("}"); skip_space()) {
      take(",");
      skip_space();
      REQUIRE(peek() == '"');
      Node key = Node::string(string());
      skip_space();
      REQUIRE(take(":"));
      members.push({key, read()});
    }
    return Node::object(members.items());
  }
  Node array() {
    Collector<Node> items(arena_);
    ++at_;
    for (skip_space(); !take("]"); skip_space()) {
      take(",");
      items.push(read());
    }
    return Node::array(items.items());
  }
  char32_t unit() {
    char32_t code = 0;
    for (int i = 0; i < 4; ++i) code = code * 16 + static_cast<char32_t>(std::stoi(std::string(1, text_[at_++]), nullptr, 16));
    return code;
  }
  std::string_view string() {
    std::string out;
    for (++at_; peek() != '"';) {
      REQUIRE(at_ < text_.size());
      char c = text_[at_++];
      if (c != '\\') {
        out += c;
        continue;
      }
      c = text_[at_++];
      if (c == 'u') {
        char32_t code = unit();
        if (code >= 0xD800 && code < 0xDC00 && text_.substr(at_, 2) == "\\u") {
          std::size_t back = at_;
          at_ += 2;
          char32_t low = unit();
          if (low >= 0xDC00 && low < 0xE000) {
            code = 0x10000 + ((code - 0xD800) << 10) + (low - 0xDC00);
          } else {
            at_ = back;
          }
        }
        append_code_point(out, code);
      } else {
        constexpr std::string_view from = "bfnrt";
        constexpr std::string_view to = "\b\f\n\r\t";
        std::size_t known = from.find(c);
        out += known == std::string_view::npos ? c : to[known];
      }
    }
    ++at_;
    return arena_.copy(out);
  }

  std::string_view text_;
  Arena& arena_;
  std::size_t at_ = 0;
};

}  // namespace

Node read_json(std::string_view text, Arena& arena) {
  return text.empty() ? Node() : Reader(text, arena).read();
}

std::string run(std::string_view expression, std::string_view json) {
  Arena arena;
  Values values;
  values.input_value = read_json(json, arena);
  auto describe = [](const Error& error) {
    std::string text = error.code + "@" + std::to_string(error.position);
    return error.token.empty() ? text : text + " " + error.token;
  };
  auto compiled = language().compile(expression, nullptr);
  if (!compiled) return describe(compiled.error());
  auto result = (*compiled)->evaluate(values, arena);
  if (!result) return describe(result.error());
  if (result->is_nothing()) return "nothing";
  return to_json(*result);
}

bool alike(const Node& left, const Node& right) {
  if (left.is_function()) return right.is_string() && right.size() == 0;
  if (left.kind() != right.kind()) return false;
  if (left.is_number()) return left.as_double() == right.as_double();
  if (left.is_array()) {
    if (left.size() != right.size()) return false;
    for (std::size_t i = 0; i < left.size(); ++i) {
      if (!alike(left.items()[i], right.items()[i])) return false;
    }
    return true;
  }
  if (left.is_object()) {
    if (left.size() != right.size()) return false;
    for (const Member& member : left.members()) {
      if (!alike(member.value, right.member(member.key.text()))) return false;
    }
    return true;
  }
  return equal(left, right);
}

}  // namespace busway::jsonata::test
