#include "transforms/formats/media_charset.hpp"

#include <algorithm>

namespace busway {

namespace {

std::string_view trimmed(std::string_view text) {
  std::size_t begin = text.find_first_not_of(" \t");
  if (begin == std::string_view::npos) return {};
  return text.substr(begin, text.find_last_not_of(" \t") - begin + 1);
}

bool is_charset(std::string_view name) {
  constexpr std::string_view wanted = "charset";
  return name.size() == wanted.size() && std::equal(name.begin(), name.end(), wanted.begin(), [](char c, char lower) {
           return (c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c) == lower;
         });
}

// Where the parameter that begins at `at` ends: at a semicolon outside of quotes.
std::size_t end_of(std::string_view text, std::size_t at) {
  bool quoted = false;
  for (; at < text.size() && (quoted || text[at] != ';'); ++at) {
    if (text[at] == '"') quoted = !quoted;
    if (quoted && text[at] == '\\') ++at;
  }
  return std::min(at, text.size());
}

}  // namespace

std::string_view charset_of(std::string_view content_type) {
  for (std::size_t at = end_of(content_type, 0); at < content_type.size();) {
    std::size_t end = end_of(content_type, at + 1);
    std::string_view parameter = content_type.substr(at + 1, end - at - 1);
    at = end;
    std::size_t equals = parameter.find('=');
    if (equals == std::string_view::npos || !is_charset(trimmed(parameter.substr(0, equals)))) continue;
    std::string_view value = trimmed(parameter.substr(equals + 1));
    if (value.size() >= 2 && value.starts_with('"') && value.ends_with('"')) value = value.substr(1, value.size() - 2);
    return value;
  }
  return {};
}

}  // namespace busway
