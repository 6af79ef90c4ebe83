#include "transforms/formats/utf8.hpp"
#include "transforms/schema/characters.hpp"
#include "transforms/schema/format_check.hpp"
#include "transforms/schema/uri.hpp"

namespace busway::schema {

namespace {

enum class Alphabet { uri, iri };

// ucschar of RFC 3987, and iprivate where a query stands.
bool is_international(char32_t c, bool query) {
  if (query && ((c >= 0xE000 && c <= 0xF8FF) || (c >= 0xF0000 && c <= 0xFFFFD) || (c >= 0x100000 && c <= 0x10FFFD))) return true;
  if (c < 0xA0 || (c >= 0xD800 && c <= 0xF8FF) || (c >= 0xFDD0 && c <= 0xFDEF) || (c >= 0xFFF0 && c <= 0xFFFF)) return false;
  return c <= 0xFFFF || ((c & 0xFFFF) <= 0xFFFD && c < 0xF0000 && !(c >= 0xE0000 && c <= 0xE0FFF));
}

// Unreserved characters, sub-delims, percent escapes and what is in `extra`.
bool consists_of(std::string_view text, std::string_view extra, Alphabet alphabet, bool query = false) {
  for (std::size_t i = 0; i < text.size();) {
    char c = text[i];
    if (!is_ascii(c)) {
      std::size_t size = utf8_sequence(text.substr(i));
      if (alphabet == Alphabet::uri || size == 0 || !is_international(decode_utf8(text.data() + i, size), query)) return false;
      i += size;
      continue;
    }
    if (c == '%') {
      if (i + 2 >= text.size() || !is_hex(text[i + 1]) || !is_hex(text[i + 2])) return false;
      i += 3;
      continue;
    }
    if (!is_alnum(c) && std::string_view("-._~!$&'()*+,;=").find(c) == std::string_view::npos &&
        extra.find(c) == std::string_view::npos) {
      return false;
    }
    ++i;
  }
  return true;
}

bool is_future_address(std::string_view text) {
  std::size_t dot = text.find('.');
  if (dot == std::string_view::npos || dot < 2 || dot + 1 == text.size() || (text[0] != 'v' && text[0] != 'V')) return false;
  for (char c : text.substr(1, dot - 1)) {
    if (!is_hex(c)) return false;
  }
  return text.find('%') == std::string_view::npos && consists_of(text.substr(dot + 1), ":", Alphabet::uri);
}

bool is_authority(std::string_view text, Alphabet alphabet) {
  if (std::size_t at = text.find('@'); at != std::string_view::npos) {
    if (!consists_of(text.substr(0, at), ":", alphabet)) return false;
    text.remove_prefix(at + 1);
  }
  std::string_view port;
  if (text.starts_with('[')) {
    std::size_t end = text.find(']');
    if (end == std::string_view::npos) return false;
    std::string_view address = text.substr(1, end - 1);
    if (!is_ipv6(address) && !is_future_address(address)) return false;
    port = text.substr(end + 1);
  } else {
    std::size_t colon = text.find(':');
    if (!consists_of(text.substr(0, colon), "", alphabet)) return false;
    if (colon != std::string_view::npos) port = text.substr(colon);
  }
  if (port.empty()) return true;
  if (port[0] != ':') return false;
  for (char c : port.substr(1)) {
    if (!is_digit(c)) return false;
  }
  return true;
}

bool is_reference(std::string_view text, Alphabet alphabet, bool absolute) {
  UriParts parts = split_uri(text);
  if (absolute && !parts.has_scheme) return false;
  if (parts.has_authority && !is_authority(parts.authority, alphabet)) return false;
  // Without a scheme the first segment holds no colon.
  if (!parts.has_scheme && parts.path.substr(0, parts.path.find('/')).find(':') != std::string_view::npos) return false;
  return consists_of(parts.path, ":@/", alphabet) && consists_of(parts.query, ":@/?", alphabet, true) &&
         consists_of(parts.fragment, ":@/?", alphabet);
}

bool is_variable_name(std::string_view text) {
  bool dot = true;
  for (std::size_t i = 0; i < text.size(); ++i) {
    if (text[i] == '.') {
      if (dot) return false;
      dot = true;
      continue;
    }
    if (text[i] == '%') {
      if (i + 2 >= text.size() || !is_hex(text[i + 1]) || !is_hex(text[i + 2])) return false;
      i += 2;
    } else if (!is_alnum(text[i]) && text[i] != '_') {
      return false;
    }
    dot = false;
  }
  return !dot;
}

bool is_variable(std::string_view text) {
  if (text.ends_with('*')) return is_variable_name(text.substr(0, text.size() - 1));
  std::size_t colon = text.find(':');
  if (colon == std::string_view::npos) return is_variable_name(text);
  std::string_view length = text.substr(colon + 1);
  if (length.empty() || length.size() > 4 || length[0] == '0') return false;
  for (char c : length) {
    if (!is_digit(c)) return false;
  }
  return is_variable_name(text.substr(0, colon));
}

bool is_expression(std::string_view text) {
  if (!text.empty() && std::string_view("+#./;?&=,!@|").find(text[0]) != std::string_view::npos) text.remove_prefix(1);
  while (true) {
    std::string_view variable = text.substr(0, text.find(','));
    if (!is_variable(variable)) return false;
    if (variable.size() == text.size()) return true;
    text.remove_prefix(variable.size() + 1);
  }
}

}  // namespace

bool is_uri(std::string_view text) {
  return is_reference(text, Alphabet::uri, true);
}
bool is_uri_reference(std::string_view text) {
  return is_reference(text, Alphabet::uri, false);
}
bool is_iri(std::string_view text) {
  return is_reference(text, Alphabet::iri, true);
}
bool is_iri_reference(std::string_view text) {
  return is_reference(text, Alphabet::iri, false);
}

bool is_uri_template(std::string_view text) {
  while (!text.empty()) {
    char c = text[0];
    if (c == '{') {
      std::size_t end = text.find('}');
      if (end == std::string_view::npos || !is_expression(text.substr(1, end - 1))) return false;
      text.remove_prefix(end + 1);
      continue;
    }
    if (c == '%' && (text.size() < 3 || !is_hex(text[1]) || !is_hex(text[2]))) return false;
    if (!is_ascii(c)) {
      std::size_t size = utf8_sequence(text);
      if (size == 0 || !is_international(decode_utf8(text.data(), size), true)) return false;
      text.remove_prefix(size);
      continue;
    }
    if (c <= ' ' || c == '\x7F' || std::string_view("\"<>\\^`|}").find(c) != std::string_view::npos) return false;
    text.remove_prefix(1);
  }
  return true;
}

}  // namespace busway::schema
