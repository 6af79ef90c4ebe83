#include "plugins/process/last_words.hpp"

#include "plugins/host/utf8.hpp"

namespace busway::plugins {

namespace {

constexpr std::size_t most_words = 300;
constexpr std::string_view blanks = " \t\r";

// Control characters are those below the blank, DEL, and U+0080 to U+009F, whose first byte is 0xC2.
std::string shown(std::string_view text) {
  std::string out;
  for (std::size_t i = 0; i < text.size(); ++i) {
    auto byte = static_cast<unsigned char>(text[i]);
    bool high = byte == 0xC2 && i + 1 < text.size() && static_cast<unsigned char>(text[i + 1]) < 0xA0;
    if (high) ++i;
    out += text[i] == '\t' ? ' ' : high || byte < ' ' || byte == 0x7F ? '?' : text[i];
  }
  return out;
}

// `what():` is where a C++ program has the text of what nobody caught.
bool says_something(std::string_view line, std::string_view words) {
  if (words.starts_with("what():")) return true;
  bool indented = line.front() == ' ' || line.front() == '\t';
  return !indented && !words.ends_with(':') && !words.starts_with("Node.js v") &&
         std::string_view("^}])-~").find(words.front()) == std::string_view::npos;
}

}  // namespace

void LastWords::hear(std::string_view line) {
  std::size_t begin = line.find_first_not_of(blanks);
  if (begin == std::string_view::npos) return;
  std::string_view words = line.substr(begin, line.find_last_not_of(blanks) + 1 - begin);
  (says_something(line, words) ? said_ : anything_) = shown(cut_utf8(words, most_words));
}

}  // namespace busway::plugins
