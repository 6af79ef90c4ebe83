#include "bus/cli/mapping_view.hpp"

#include <fmt/format.h>

#include <algorithm>

#include "transforms/jsonata/text.hpp"

namespace busway::cli {

namespace {

constexpr std::size_t widest = 72;  // of a line, before the values are set off on lines of their own

struct Line {
  std::string text;
  std::size_t from = 0;  // code points of the mapping
  std::size_t to = 0;
};

std::vector<Line> lines_of(std::string_view text) {
  std::vector<Line> lines(1);
  std::size_t points = 0;
  for (std::size_t at = 0; at < text.size(); ++points) {
    std::size_t from = at;
    char32_t point = jsonata::next_code_point(text, at);
    if (point == '\n') {
      lines.back().to = points;
      lines.push_back({.text = {}, .from = points + 1});
    } else if (point == '\t') {
      lines.back().text += "  ";
    } else if (point != '\r') {
      lines.back().text += text.substr(from, at - from);
    }
  }
  lines.back().to = points;
  if (lines.size() > 1 && lines.back().text.empty()) lines.pop_back();
  return lines;
}

std::string piece(std::string_view text, const jsonata::Observed& part) {
  std::size_t from = jsonata::offset_of(text, part.from);
  return std::string(text.substr(from, jsonata::offset_of(text.substr(from), part.to - part.from)));
}

// Whether the part is all that the line says a value is: `NAME: part,` or `$name := part;` or the part alone.
bool is_the_value(std::string_view text, const Line& line, const jsonata::Observed& part) {
  std::size_t at = jsonata::offset_of(text, line.from);
  std::string_view whole = text.substr(at, jsonata::offset_of(text.substr(at), line.to - line.from));
  std::string_view before = whole.substr(0, jsonata::offset_of(whole, part.from - line.from));
  std::string_view behind = whole.substr(jsonata::offset_of(whole, part.to - line.from));
  std::size_t last = before.find_last_not_of(" \t(");
  std::size_t next = behind.find_first_not_of(" \t,;)}]\r");
  return (last == std::string_view::npos || before[last] == ':' || before.substr(0, last + 1).ends_with(":=")) &&
         next == std::string_view::npos;
}

std::string values_of(const jsonata::Observed& part) {
  std::string out;
  for (const std::string& value : part.values) out += (out.empty() ? "" : ", ") + value;
  if (part.times > part.values.size()) out += fmt::format(", ... ({} times)", part.times);
  return out;
}

// The outermost parts within a line. `parts` have the outer ones first.
std::vector<const jsonata::Observed*> within(const Line& line, const std::vector<jsonata::Observed>& parts) {
  std::vector<const jsonata::Observed*> found;
  for (const jsonata::Observed& part : parts) {
    if (part.from < line.from || part.to > line.to) continue;
    bool inside = std::any_of(found.begin(), found.end(),
                              [&](const auto* outer) { return part.from >= outer->from && part.to <= outer->to; });
    if (!inside) found.push_back(&part);
  }
  return found;
}

std::size_t width_of(std::string_view text) {
  return jsonata::count_code_points(text);
}

}  // namespace

std::string place_in(std::string_view text, std::int64_t position) {
  std::size_t line = 1;
  std::size_t column = 1;
  std::int64_t points = 0;
  for (std::size_t at = 0; at < text.size() && points < position; ++points) {
    bool ends = text[at] == '\n';
    jsonata::next_code_point(text, at);
    line += ends ? 1 : 0;
    column = ends ? 1 : column + 1;
  }
  return fmt::format("line {}, column {}", line, column);
}

std::string mapping_view(std::string_view text, const std::vector<jsonata::Observed>& parts, const Error* error) {
  std::vector<Line> lines = lines_of(text);
  // What is all of the mapping has its value shown as the result.
  std::vector<jsonata::Observed> inner = parts;
  std::size_t first = text.find_first_not_of(" \t\r\n");
  std::size_t last = text.find_last_not_of(" \t\r\n");
  if (first != std::string_view::npos) {
    std::size_t from = width_of(text.substr(0, first));
    std::size_t to = width_of(text.substr(0, last + 1));
    std::erase_if(inner, [&](const jsonata::Observed& part) { return part.from <= from && part.to >= to; });
  }
  std::size_t width = 0;
  for (const Line& line : lines) {
    if (width_of(line.text) <= widest) width = std::max(width, width_of(line.text));
  }
  auto digits = std::to_string(lines.size()).size();
  std::string out;
  for (std::size_t i = 0; i < lines.size(); ++i) {
    const Line& line = lines[i];
    std::vector<std::string> beside;
    auto found = within(line, inner);
    for (const auto* part : found)
      beside.push_back((found.size() == 1 && is_the_value(text, line, *part) ? "" : piece(text, *part) + " = ") +
                       values_of(*part));
    if (error != nullptr && error->position >= 0) {
      auto at = static_cast<std::size_t>(error->position);
      bool here = at >= line.from && (at <= line.to || i + 1 == lines.size());
      if (here) beside.push_back("error " + (error->code.empty() ? "" : error->code + ": ") + error->text);
    }
    out += fmt::format("{:>{}} | {}", i + 1, digits, line.text);
    std::size_t at = width_of(line.text);
    for (const std::string& value : beside) {
      if (at > width) {
        out += fmt::format("\n{:>{}} | ", "", digits);
        at = 0;
      }
      out += fmt::format("{:{}}  | {}", "", width - at, value);
      at = width + 1;
    }
    out += '\n';
  }
  return out;
}

}  // namespace busway::cli
