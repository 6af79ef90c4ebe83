#include "transforms/jsonata/regex.hpp"

#include <re2/re2.h>

#include "transforms/jsonata/errors.hpp"

namespace busway::jsonata {

namespace {

constexpr std::string_view kept_letters = "dDwWsSbBntrfvxpP";

// Rewrites one escape that starts at `at` (the backslash) and steps over it. Gives what RE2 cannot do, or null.
const char* translate_escape(std::string_view pattern, std::size_t& at, bool in_class, std::string& out) {
  char c = at + 1 < pattern.size() ? pattern[at + 1] : '\0';
  at += 2;
  if (c >= '1' && c <= '9' && !in_class) return "RE2 has no back-references";
  if (c == 'k' && !in_class && at < pattern.size() && pattern[at] == '<') return "RE2 has no back-references";
  if (c == 'u' && at + 4 <= pattern.size()) {
    out.append("\\x{").append(pattern.substr(at, 4)).append("}");
    at += 4;
  } else if (c == '0') {
    out += "\\x00";
  } else if (c == 'b' && in_class) {
    out += "\\x08";
  } else if (c == '/') {
    out += '/';
  } else if ((c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z')) {
    if (kept_letters.find(c) != std::string_view::npos) out += '\\';
    out += c;
  } else if (static_cast<unsigned char>(c) >= 0x80) {
    out += c;
  } else if (c != '\0') {
    out += '\\';
    out += c;
  }
  return nullptr;
}

// Null, or what RE2 cannot do.
const char* translate(std::string_view pattern, std::string& out) {
  bool in_class = false;
  for (std::size_t at = 0; at < pattern.size();) {
    char c = pattern[at];
    if (c == '\\') {
      if (const char* problem = translate_escape(pattern, at, in_class, out)) return problem;
      continue;
    }
    if (in_class) {
      if (c == ']') in_class = false;
      if (c == '[') out += '\\';
      out += c;
      ++at;
      continue;
    }
    if (pattern.substr(at, 3) == "[^]") {
      out += "[\\s\\S]";
      at += 3;
      continue;
    }
    std::string_view group = pattern.substr(at, 4);
    if (group.starts_with("(?=") || group.starts_with("(?!") || group.starts_with("(?<=") || group.starts_with("(?<!")) {
      return "RE2 cannot look around";
    }
    if (group.starts_with("(?<")) {
      out += "(?P<";
      at += 3;
      continue;
    }
    if (c == '[') {
      in_class = true;
      out += c;
      ++at;
      if (at < pattern.size() && pattern[at] == '^') {
        out += '^';
        ++at;
      }
      continue;
    }
    if (c == '.') {
      out += "[^\\n\\r\\x{2028}\\x{2029}]";
    } else {
      out += c;
    }
    ++at;
  }
  return nullptr;
}

}  // namespace

Result<std::unique_ptr<re2::RE2>> make_regex(std::string_view pattern, std::string_view flags, std::int64_t position) {
  std::string translated;
  if (flags.find('i') != std::string_view::npos) translated += "(?i)";
  if (flags.find('m') != std::string_view::npos) translated += "(?m)";
  if (const char* problem = translate(pattern, translated)) {
    return std::unexpected(text_error("S0303", position, pattern, problem));
  }
  re2::RE2::Options options;
  options.set_log_errors(false);
  auto regex = std::make_unique<re2::RE2>(translated, options);
  if (!regex->ok()) return std::unexpected(text_error("S0303", position, pattern, regex->error()));
  return regex;
}

}  // namespace busway::jsonata
