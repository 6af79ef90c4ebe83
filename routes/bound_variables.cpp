#include "routes/bound_variables.hpp"

#include <algorithm>

#include "bus/finding.hpp"
#include "routes/source_text.hpp"

namespace busway::routes {

namespace {

bool in_a_name(char c) {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_' ||
         (static_cast<unsigned char>(c) & 0x80) != 0;
}

// Where `$name` stands first, outside of texts and comments, in code points.
std::int64_t find_variable(std::string_view text, std::string_view name) {
  std::int64_t position = 0;
  char quote = '\0';
  bool comment = false;
  for (std::size_t i = 0; i < text.size(); i += sequence_length(text[i]), ++position) {
    char c = text[i];
    char next = i + 1 < text.size() ? text[i + 1] : '\0';
    if (comment) {
      comment = !(c == '/' && i > 0 && text[i - 1] == '*');
    } else if (quote != '\0') {
      if (c == '\\' && quote != '`' && next != '\0') {
        ++i;
        ++position;
      } else if (c == quote) {
        quote = '\0';
      }
    } else if (c == '"' || c == '\'' || c == '`') {
      quote = c;
    } else if (c == '/' && next == '*') {
      comment = true;
    } else if (c == '$' && text.substr(i + 1).starts_with(name)) {
      std::size_t end = i + 1 + name.size();
      if (end >= text.size() || !in_a_name(text[end])) return position;
    }
  }
  return 0;
}

}  // namespace

Result<std::shared_ptr<const Expression>> BoundVariables::compile(std::string_view text,
                                                                  std::vector<ExpressionWarning>* warnings) const {
  auto compiled = inner_.compile(text, warnings);
  if (!compiled) return compiled;
  std::vector<std::string_view> bound = {"headers", "vars", "path", "query", "message"};
  if (where_ == Where::handler) bound.push_back("failure");
  for (const std::string& name : (*compiled)->free_variables()) {
    if (name.empty() || name == "$" || std::find(bound.begin(), bound.end(), name) != bound.end()) continue;
    Error error{
        .kind = ErrorKind::config, .text = "", .code = "BW3003", .position = find_variable(text, name), .token = "$" + name};
    if (name == "failure") {
      error.text = "'$failure' is bound inside on_error only";
    } else {
      std::vector<std::string> written;
      for (std::string_view known : bound) written.push_back("$" + std::string(known));
      error.text = "unknown variable '$" + name + "'" + did_you_mean("$" + name, {written.begin(), written.end()});
    }
    return std::unexpected(std::move(error));
  }
  return compiled;
}

}  // namespace busway::routes
