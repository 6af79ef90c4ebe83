#include "transforms/schema/characters.hpp"
#include "transforms/schema/format_check.hpp"

namespace busway::schema {

namespace {

constexpr std::size_t longest_host = 253;
constexpr std::size_t longest_label = 63;
constexpr std::size_t longest_local_part = 64;

// Letters beyond ASCII count when `international`.
bool is_host(std::string_view text, bool international) {
  if (text.empty() || text.size() > longest_host) return false;
  while (true) {
    std::string_view label = text.substr(0, text.find('.'));
    if (label.empty() || label.size() > longest_label || label.front() == '-' || label.back() == '-') return false;
    for (char c : label) {
      if (!is_alnum(c) && c != '-' && (is_ascii(c) || !international)) return false;
    }
    if (label.size() == text.size()) return true;
    text.remove_prefix(label.size() + 1);
  }
}

bool is_atom_character(char c, bool international) {
  if (!is_ascii(c)) return international;
  return is_alnum(c) || std::string_view("!#$%&'*+-/=?^_`{|}~").find(c) != std::string_view::npos;
}

bool is_dot_string(std::string_view text, bool international) {
  bool dot = true;
  for (char c : text) {
    if (c == '.' ? dot : !is_atom_character(c, international)) return false;
    dot = c == '.';
  }
  return !dot;
}

// Takes a quoted string off the text, its quotes included.
bool take_quoted(std::string_view& text, bool international) {
  for (std::size_t i = 1; i < text.size(); ++i) {
    if (text[i] == '"') {
      text.remove_prefix(i + 1);
      return true;
    }
    if (text[i] == '\\') ++i;
    if (i == text.size() || (is_ascii(text[i]) ? text[i] < ' ' || text[i] == '\x7F' : !international)) return false;
  }
  return false;
}

bool is_mailbox(std::string_view text, bool international) {
  std::string_view domain = text;
  if (text.starts_with('"')) {
    if (!take_quoted(domain, international)) return false;
    if (!domain.starts_with('@')) return false;
    domain.remove_prefix(1);
  } else {
    std::size_t at = text.find('@');
    if (at == std::string_view::npos || !is_dot_string(text.substr(0, at), international)) return false;
    domain.remove_prefix(at + 1);
  }
  if (text.size() - domain.size() > longest_local_part + 1) return false;
  if (domain.starts_with('[') && domain.ends_with(']')) {
    domain = domain.substr(1, domain.size() - 2);
    return domain.starts_with("IPv6:") ? is_ipv6(domain.substr(5)) : is_ipv4(domain);
  }
  return is_host(domain, international);
}

}  // namespace

bool is_hostname(std::string_view text) {
  return is_host(text, false);
}

bool is_email(std::string_view text) {
  return is_mailbox(text, false);
}

bool is_idn_email(std::string_view text) {
  return is_mailbox(text, true);
}

bool is_ipv4(std::string_view text) {
  for (int part = 0; part < 4; ++part) {
    std::size_t digits = 0;
    int value = 0;
    while (digits < text.size() && digits < 4 && is_digit(text[digits])) value = value * 10 + (text[digits++] - '0');
    if (digits == 0 || digits > 3 || value > 255 || (digits > 1 && text[0] == '0')) return false;
    text.remove_prefix(digits);
    if (part == 3) return text.empty();
    if (!text.starts_with('.')) return false;
    text.remove_prefix(1);
  }
  return false;
}

bool is_ipv6(std::string_view text) {
  int groups = 0;
  bool gap = false;
  if (text.starts_with("::")) {
    gap = true;
    text.remove_prefix(2);
    if (text.empty()) return true;
  }
  while (true) {
    std::size_t digits = 0;
    while (digits < text.size() && is_hex(text[digits])) ++digits;
    if (digits < text.size() && text[digits] == '.') {
      groups += 2;
      return is_ipv4(text) && (gap ? groups < 8 : groups == 8);
    }
    if (digits == 0 || digits > 4 || ++groups > 8) return false;
    text.remove_prefix(digits);
    if (text.empty()) return gap ? groups < 8 : groups == 8;
    if (text.starts_with("::")) {
      if (gap) return false;
      gap = true;
      text.remove_prefix(2);
      if (text.empty()) return groups < 8;
    } else if (text.starts_with(':')) {
      text.remove_prefix(1);
    } else {
      return false;
    }
  }
}

}  // namespace busway::schema
