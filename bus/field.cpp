#include "bus/field.hpp"

#include <algorithm>

#include "bus/expression_library.hpp"
#include "bus/registry.hpp"

namespace busway {

bool read_fields(const ConfigNode& node, const std::vector<FieldInfo>& infos, const std::vector<std::string>& extra,
                 CheckContext& context, const std::function<bool(std::size_t, const ConfigNode&)>& read) {
  // A shorthand takes anything but a mapping; a nested shorthand (a variant) is asked for by the reader itself.
  if (!node.is_map() && node.kind != ConfigNode::Kind::null) {
    for (std::size_t i = 0; i < infos.size(); ++i) {
      if (!infos[i].shorthand) continue;
      bool good = read(i, node);
      for (const FieldInfo& info : infos) {
        if (info.required && !info.shorthand) {
          context.findings.error("BW1006", node.at, "'" + info.name + "' is required here: " + info.doc);
          good = false;
        }
      }
      return good;
    }
    context.findings.error("BW1005", node.at, "expected a mapping, found " + std::string(node.kind_name()));
    return false;
  }
  bool good = true;
  std::vector<std::string_view> misspelt;  // required keys that are there under a near name: one mistake, one finding
  for (const ConfigNode::Entry& entry : node.entries) {
    auto at = std::find_if(infos.begin(), infos.end(), [&](const FieldInfo& info) { return info.name == entry.key.text; });
    if (at != infos.end()) {
      good = read(static_cast<std::size_t>(at - infos.begin()), entry.value) && good;
      continue;
    }
    if (std::find(extra.begin(), extra.end(), entry.key.text) != extra.end()) continue;
    std::vector<std::string_view> names;
    for (const FieldInfo& info : infos) names.push_back(info.name);
    for (const std::string& name : extra) names.push_back(name);
    context.findings.error("BW1004", entry.key.at, "unknown key '" + entry.key.text + "'" + did_you_mean(entry.key.text, names));
    misspelt.push_back(nearest(entry.key.text, names));
    good = false;
  }
  for (const FieldInfo& info : infos) {
    if (std::find(misspelt.begin(), misspelt.end(), info.name) != misspelt.end()) continue;
    if (info.required && node.find(info.name) == nullptr) {
      context.findings.error("BW1006", node.at, "'" + info.name + "' is required here: " + info.doc);
      good = false;
    }
  }
  return good;
}

namespace {

bool wrong_type(const ConfigNode& node, std::string_view expected, CheckContext& context) {
  std::string found = node.is_scalar() && node.kind != ConfigNode::Kind::null ? "'" + node.text.substr(0, 60) + "'"
                                                                              : std::string(node.kind_name());
  context.findings.error("BW1005", node.at, "expected " + std::string(expected) + ", found " + found);
  return false;
}

bool in_bounds(std::int64_t value, const ConfigNode& node, const Constraints& limits, CheckContext& context) {
  if ((limits.at_least && value < *limits.at_least) || (limits.at_most && value > *limits.at_most)) {
    context.findings.error("BW1007", node.at, "'" + node.text + "' is out of bounds: allowed is " + bounds_text(limits));
    return false;
  }
  return true;
}

// Digits, then a unit out of `units`; false when it is not of that form or too large.
bool read_with_unit(std::string_view text, const std::vector<std::pair<std::string_view, std::int64_t>>& units,
                    std::int64_t& out) {
  std::size_t at = 0;
  std::int64_t value = 0;
  while (at < text.size() && text[at] >= '0' && text[at] <= '9') {
    if (value > (INT64_MAX - 9) / 10) return false;
    value = value * 10 + (text[at++] - '0');
  }
  if (at == 0) return false;
  for (const auto& [unit, factor] : units) {
    if (text.substr(at) != unit) continue;
    if (value > INT64_MAX / factor) return false;
    out = value * factor;
    return true;
  }
  return false;
}

const std::vector<std::pair<std::string_view, std::int64_t>> duration_units = {
    {"ms", 1}, {"s", 1000}, {"m", 60'000}, {"h", 3'600'000}, {"d", 86'400'000}};
const std::vector<std::pair<std::string_view, std::int64_t>> size_units = {
    {"", 1}, {"B", 1}, {"KiB", 1024}, {"MiB", 1024 * 1024}, {"GiB", 1024LL * 1024 * 1024}, {"kB", 1000}, {"MB", 1000 * 1000}};

bool names_expression_file(std::string_view text) {
  if (!text.ends_with(".jsonata") || text.size() == 8) return false;
  return std::all_of(text.begin(), text.end(), [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_' || c == '.' || c == '/' ||
           c == '-';
  });
}

// The line and column (1-based, code points) of a code-point offset in a file's text.
std::pair<int, int> line_and_column(std::string_view text, std::int64_t offset) {
  int line = 1;
  int column = 1;
  std::int64_t at = 0;
  for (char c : text) {
    if ((static_cast<unsigned char>(c) & 0xC0) == 0x80) continue;
    if (at++ == offset) break;
    if (c == '\n') {
      ++line;
      column = 1;
    } else {
      ++column;
    }
  }
  return {line, column};
}

// Where the piece of text begins that an error of an expression is about: the language's own position lies behind it.
std::int64_t token_start(std::string_view text, const Error& error) {
  if (error.position < 0 || error.token.empty()) return error.position;
  auto code_points = [](std::string_view piece) {
    return std::count_if(piece.begin(), piece.end(), [](char c) { return (static_cast<unsigned char>(c) & 0xC0) != 0x80; });
  };
  std::size_t end = 0;  // in bytes
  for (std::int64_t left = error.position; end < text.size(); ++end) {
    if ((static_cast<unsigned char>(text[end]) & 0xC0) != 0x80 && left-- == 0) break;
  }
  constexpr std::size_t behind = 2;  // a call's error stands behind its bracket
  for (std::size_t back = 0; back <= behind && end >= back + error.token.size(); ++back) {
    std::size_t start = end - back - error.token.size();
    if (text.substr(start, error.token.size()) == error.token) return code_points(text.substr(0, start));
  }
  return error.position;
}

}  // namespace

bool read_value(const ConfigNode& node, const Constraints&, CheckContext& context, bool& out) {
  if (node.kind != ConfigNode::Kind::boolean) return wrong_type(node, "true or false", context);
  out = node.text == "true" || node.text == "True" || node.text == "TRUE";
  return true;
}

bool read_value(const ConfigNode& node, const Constraints& limits, CheckContext& context, std::int64_t& out) {
  std::string_view digits = node.text;
  bool minus = digits.starts_with('-');
  if (minus) digits.remove_prefix(1);
  std::int64_t value = 0;
  if (node.kind != ConfigNode::Kind::number || !read_with_unit(digits, {{"", 1}}, value)) {
    return wrong_type(node, "a whole number", context);
  }
  if (minus) value = -value;
  if (!in_bounds(value, node, limits, context)) return false;
  out = value;
  return true;
}

bool read_value(const ConfigNode& node, const Constraints& limits, CheckContext& context, int& out) {
  std::int64_t value = 0;
  if (!read_value(node, limits, context, value)) return false;
  if (value > INT32_MAX || value < INT32_MIN) {
    context.findings.error("BW1007", node.at, "'" + node.text + "' is out of bounds: it does not fit 32 bits");
    return false;
  }
  out = static_cast<int>(value);
  return true;
}

bool read_value(const ConfigNode& node, const Constraints& limits, CheckContext& context, std::chrono::milliseconds& out) {
  std::int64_t value = 0;
  if (!node.is_scalar() || !read_with_unit(node.text, duration_units, value)) {
    return wrong_type(node, "a duration such as 250ms, 2s or 5m", context);
  }
  if (!in_bounds(value, node, limits, context)) return false;
  out = std::chrono::milliseconds(value);
  return true;
}

bool read_value(const ConfigNode& node, const Constraints& limits, CheckContext& context, ByteSize& out) {
  std::int64_t value = 0;
  if (!node.is_scalar() || !read_with_unit(node.text, size_units, value)) {
    return wrong_type(node, "a size such as 512, 64KiB or 1MiB", context);
  }
  if (!in_bounds(value, node, limits, context)) return false;
  out.bytes = static_cast<std::uint64_t>(value);
  return true;
}

bool read_value(const ConfigNode& node, const Constraints& limits, CheckContext& context, DurationRange& out) {
  std::string_view text = node.text;
  std::size_t dots = text.find("..");
  std::int64_t low = 0;
  std::int64_t high = 0;
  bool good =
      node.is_scalar() && (dots == std::string_view::npos ? read_with_unit(text, duration_units, low) && (high = low, true)
                                                          : read_with_unit(text.substr(0, dots), duration_units, low) &&
                                                                read_with_unit(text.substr(dots + 2), duration_units, high));
  if (!good || low > high) return wrong_type(node, "a range of durations such as 100ms..2s", context);
  if (!in_bounds(low, node, limits, context) || !in_bounds(high, node, limits, context)) return false;
  out = {std::chrono::milliseconds(low), std::chrono::milliseconds(high)};
  return true;
}

bool read_value(const ConfigNode& node, const Constraints&, CheckContext& context, std::string& out) {
  if (!node.is_scalar() || node.kind == ConfigNode::Kind::null) return wrong_type(node, "a text", context);
  auto expanded = context.secrets.expand(node.text, node.at);
  if (!expanded) {
    context.findings.error("BW1012", node.at, expanded.error().text);
    return false;
  }
  out = std::move(*expanded);
  return true;
}

bool read_value(const ConfigNode& node, const Constraints& limits, CheckContext& context, Secret& out) {
  std::string value;
  if (!node.is_scalar() || node.kind == ConfigNode::Kind::null) {
    context.findings.error("BW1005", node.at, "expected a secret, as ${env:NAME} or ${file:PATH}");
    return false;
  }
  if (!read_value(node, limits, context, value)) return false;
  out = Secret(std::move(value));
  return true;
}

void report_expression_error(const Error& error, std::string_view text, const std::shared_ptr<const std::string>& file,
                             Findings& findings) {
  bool ours = error.code.starts_with("BW");
  auto [line, column] = line_and_column(text, std::max<std::int64_t>(token_start(text, error), 0));
  findings.error(ours ? error.code : "BW3001", Position{file, line, column},
                 error.text + (ours || error.code.empty() ? "" : " (JSONata " + error.code + ")"));
}

bool read_value(const ConfigNode& node, const Constraints&, CheckContext& context, ExpressionRef& out) {
  if (!node.is_scalar()) {
    context.findings.error("BW1010", node.at,
                           "expected an expression, found " + std::string(node.kind_name()) +
                               ": quote the expression, so that YAML leaves its braces and brackets alone");
    return false;
  }
  if (node.kind == ConfigNode::Kind::null && node.text.empty()) return wrong_type(node, "an expression", context);
  if (node.comment_follows) {
    context.findings.error("BW1011", node.at,
                           "YAML takes what follows ' #' as a comment, so the expression ends before it: quote the expression");
    return false;
  }
  std::string text = node.text;
  bool from_file = node.kind == ConfigNode::Kind::string && names_expression_file(text);
  Position file_at;
  if (from_file) {
    auto content = context.files.read(text, node.at);
    if (!content) {
      context.findings.error(content.error().code.empty() ? "BW1008" : content.error().code, node.at, content.error().text);
      return false;
    }
    file_at.file = std::make_shared<const std::string>(context.files.name_of(text, node.at));
    text = std::move(*content);
  }
  auto place = [&](std::int64_t offset) {
    if (!from_file) return node.place_of(offset);
    auto [line, column] = line_and_column(text, offset < 0 ? 0 : offset);
    return Position{file_at.file, line, column};
  };
  std::vector<ExpressionWarning> warnings;
  auto compiled = context.expressions.compile(text, &warnings);
  for (const ExpressionWarning& warning : warnings) context.findings.warning(warning.code, place(warning.position), warning.text);
  if (!compiled) {
    const Error& error = compiled.error();
    bool ours = error.code.starts_with("BW");
    context.findings.error(ours ? error.code : "BW3001", place(ours ? error.position : token_start(text, error)),
                           error.text + (ours || error.code.empty() ? "" : " (JSONata " + error.code + ")"));
    return false;
  }
  Position start = place(0);
  if (from_file) {
    out.place_of = [file = file_at.file, text](std::int64_t offset) {
      auto [line, column] = line_and_column(text, offset < 0 ? 0 : offset);
      return Position{file, line, column};
    };
  } else {
    out.place_of = [node](std::int64_t offset) { return node.place_of(offset); };
  }
  out.expression = std::move(*compiled);
  out.at = std::move(start);
  out.source = std::move(text);
  return true;
}

bool read_value(const ConfigNode& node, const Constraints& limits, CheckContext& context, TextRef& out) {
  out.given = true;
  if (!node.is_map()) return read_value(node, limits, context, out.text);
  if (node.entries.size() == 1 && node.entries[0].key.text == "expr") {
    return read_value(node.entries[0].value, limits, context, out.computed);
  }
  if (node.entries.size() == 1 && node.entries[0].key.text == "file") {
    FileRef file;
    if (!read_value(node.entries[0].value, limits, context, file)) return false;
    out.text = std::move(file.content);
    return true;
  }
  return wrong_type(node, "a text, { expr: EXPRESSION } or { file: PATH }", context);
}

bool read_value(const ConfigNode& node, const Constraints&, CheckContext& context, FileRef& out) {
  if (!node.is_scalar() || node.text.empty()) return wrong_type(node, "the path of a file in the bundle", context);
  auto content = context.files.read(node.text, node.at);
  if (!content) {
    context.findings.error(content.error().code.empty() ? "BW1008" : content.error().code, node.at, content.error().text);
    return false;
  }
  out = {node.text, std::move(*content), node.at};
  return true;
}

bool read_value(const ConfigNode& node, const Constraints&, CheckContext& context, FormatRef& out) {
  std::string_view name;
  ConfigNode options;
  options.kind = ConfigNode::Kind::map;
  options.at = node.at;
  Position name_at = node.at;
  if (node.kind == ConfigNode::Kind::string) {
    name = node.text;
  } else if (node.is_map() && node.entries.size() == 1) {
    name = node.entries[0].key.text;
    name_at = node.entries[0].key.at;
    options = node.entries[0].value;
  } else {
    return wrong_type(node, "a format: a name such as json, or { fixed: OPTIONS }", context);
  }
  const FormatType* type = context.registry.format(name);
  if (type == nullptr) {
    std::vector<std::string_view> names;
    for (const auto& [known, unused] : context.registry.formats()) names.push_back(known);
    context.findings.error("BW4001", name_at, "unknown format '" + std::string(name) + "'" + did_you_mean(name, names));
    return false;
  }
  auto made = type->format.make(options, context, FormatContext{});
  if (!made) return false;
  out = {std::shared_ptr<const Format>(std::move(made)), node.at, node.kind == ConfigNode::Kind::string};
  return true;
}

bool read_value(const ConfigNode& node, const Constraints&, CheckContext&, ConfigNode& out) {
  out = node;
  return true;
}

bool read_value(const ConfigNode& node, const Constraints& limits, CheckContext& context, std::vector<std::string>& out) {
  if (node.is_list()) {
    bool good = true;
    for (const ConfigNode& item : node.items) {
      std::string value;
      good = read_value(item, limits, context, value) && good;
      out.push_back(std::move(value));
    }
    return good;
  }
  std::string value;
  if (!node.is_scalar() || node.kind == ConfigNode::Kind::null) return wrong_type(node, "a text or a list of texts", context);
  if (!read_value(node, limits, context, value)) return false;
  out.push_back(std::move(value));
  return true;
}

namespace {

template <class V>
bool read_pairs(const ConfigNode& node, const Constraints& limits, CheckContext& context,
                std::vector<std::pair<std::string, V>>& out) {
  if (!node.is_map()) return wrong_type(node, "a mapping of names to values", context);
  bool good = true;
  for (const ConfigNode::Entry& entry : node.entries) {
    V value{};
    good = read_value(entry.value, limits, context, value) && good;
    out.emplace_back(entry.key.text, std::move(value));
  }
  return good;
}

}  // namespace

bool read_value(const ConfigNode& node, const Constraints& limits, CheckContext& context,
                std::vector<std::pair<std::string, TextRef>>& out) {
  return read_pairs(node, limits, context, out);
}
bool read_value(const ConfigNode& node, const Constraints& limits, CheckContext& context,
                std::vector<std::pair<std::string, std::string>>& out) {
  return read_pairs(node, limits, context, out);
}
bool read_value(const ConfigNode& node, const Constraints& limits, CheckContext& context,
                std::vector<std::pair<std::string, ExpressionRef>>& out) {
  return read_pairs(node, limits, context, out);
}

namespace detail {

bool expects_list(const ConfigNode& node, CheckContext& context) {
  return node.is_list() || wrong_type(node, "a list of mappings", context);
}

bool refuse_choice(const ConfigNode& node, const std::vector<std::string_view>& names, CheckContext& context) {
  std::string expected;
  for (std::string_view name : names) expected += (expected.empty() ? "" : ", ") + std::string(name);
  if (!node.is_scalar()) return wrong_type(node, "one of " + expected, context);
  std::string_view near = nearest(node.text, names);
  context.findings.error(
      "BW1014", node.at,
      "'" + node.text + "' is not one of " + expected + (near.empty() ? "" : "; did you mean '" + std::string(near) + "'?"));
  return false;
}

}  // namespace detail

}  // namespace busway
