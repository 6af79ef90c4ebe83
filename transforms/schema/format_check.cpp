#include "transforms/schema/format_check.hpp"

#include <algorithm>
#include <array>
#include <utility>

#include "transforms/schema/characters.hpp"
#include "transforms/schema/regex_dialect.hpp"

namespace busway::schema {

FormatCheck find_format_check(std::string_view name) {
  static constexpr std::array<std::pair<std::string_view, FormatCheck>, 18> checks = {{
      {"date", is_date},
      {"date-time", is_date_time},
      {"duration", is_duration},
      {"email", is_email},
      {"hostname", is_hostname},
      {"idn-email", is_idn_email},
      {"ipv4", is_ipv4},
      {"ipv6", is_ipv6},
      {"iri", is_iri},
      {"iri-reference", is_iri_reference},
      {"json-pointer", is_json_pointer},
      {"regex", is_regex},
      {"relative-json-pointer", is_relative_json_pointer},
      {"time", is_time},
      {"uri", is_uri},
      {"uri-reference", is_uri_reference},
      {"uri-template", is_uri_template},
      {"uuid", is_uuid},
  }};
  const auto* found = std::find_if(checks.begin(), checks.end(), [&](const auto& check) { return check.first == name; });
  return found == checks.end() ? nullptr : found->second;
}

bool is_uuid(std::string_view text) {
  if (text.size() != 36) return false;
  for (std::size_t i = 0; i < text.size(); ++i) {
    bool dash = i == 8 || i == 13 || i == 18 || i == 23;
    if (dash ? text[i] != '-' : !is_hex(text[i])) return false;
  }
  return true;
}

bool is_json_pointer(std::string_view text) {
  if (!text.empty() && text[0] != '/') return false;
  for (std::size_t i = 0; i < text.size(); ++i) {
    if (text[i] == '~' && (i + 1 == text.size() || (text[i + 1] != '0' && text[i + 1] != '1'))) return false;
  }
  return true;
}

bool is_relative_json_pointer(std::string_view text) {
  std::size_t digits = 0;
  while (digits < text.size() && is_digit(text[digits])) ++digits;
  if (digits == 0 || (text[0] == '0' && digits > 1)) return false;
  std::string_view rest = text.substr(digits);
  return rest == "#" || is_json_pointer(rest);
}

}  // namespace busway::schema
