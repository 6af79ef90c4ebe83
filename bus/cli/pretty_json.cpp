#include "bus/cli/pretty_json.hpp"

#include "transforms/formats/json.hpp"

namespace busway::cli {

// Lays out compact JSON again: what is inside a string stays.
void write_pretty_json(const Node& document, std::string& out) {
  std::string compact;
  write_json(document, compact, JsonDigits::exact);
  std::size_t level = 0;
  bool in_string = false;
  auto new_line = [&] { out.append(1, '\n').append(2 * level, ' '); };
  for (std::size_t i = 0; i < compact.size(); ++i) {
    char c = compact[i];
    if (in_string) {
      out += c;
      if (c == '\\') {
        out += compact[++i];
      } else if (c == '"') {
        in_string = false;
      }
      continue;
    }
    bool empty = (c == '{' || c == '[') && (compact[i + 1] == '}' || compact[i + 1] == ']');
    if (empty) {
      out += c;
      out += compact[++i];
    } else if (c == '{' || c == '[') {
      out += c;
      ++level;
      new_line();
    } else if (c == '}' || c == ']') {
      --level;
      new_line();
      out += c;
    } else {
      in_string = c == '"';
      out += c;
      if (c == ',') new_line();
      if (c == ':') out += ' ';
    }
  }
}

}  // namespace busway::cli
