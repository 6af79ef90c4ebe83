#include "adapters/http/grammar.hpp"

#include <array>

#include "adapters/http/byte_scan.hpp"

namespace busway::http {

namespace {

enum Set : std::uint8_t { token_set = 1, value_set = 2, path_set = 4, query_set = 8, host_set = 16 };

constexpr std::array<std::uint8_t, 256> make_sets() {
  std::array<std::uint8_t, 256> sets{};
  auto add = [&](std::string_view chars, std::uint8_t set) {
    for (char c : chars) sets[static_cast<unsigned char>(c)] |= set;
  };
  constexpr std::string_view letters = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789";
  add(letters, token_set | path_set | query_set | host_set);
  add("!#$%&'*+-.^_`|~", token_set);
  add("-._~!$&'()*+,;=", path_set | query_set | host_set);
  add(":@/", path_set | query_set);
  add("?", query_set);
  add("\t", value_set);
  for (int c = 0x20; c < 0x100; ++c) {
    if (c != 0x7F) sets[static_cast<std::size_t>(c)] |= value_set;
  }
  return sets;
}
constexpr std::array<std::uint8_t, 256> sets = make_sets();

bool in(char c, std::uint8_t set) {
  return (sets[static_cast<unsigned char>(c)] & set) != 0;
}

bool is_port(std::string_view text) {
  if (text.size() > 5) return false;
  for (char c : text) {
    if (c < '0' || c > '9') return false;
  }
  return true;
}

bool encoded_in(std::string_view text, std::uint8_t set) {
  for (std::size_t i = 0; i < text.size(); ++i) {
    if (in(text[i], set)) continue;
    if (text[i] != '%' || text.size() - i < 3 || hex_digit(text[i + 1]) < 0 || hex_digit(text[i + 2]) < 0) return false;
    i += 2;
  }
  return true;
}

// One decoded character at `at`, which moves behind it.
char decode_one(std::string_view text, std::size_t& at, bool plus_is_space) {
  char c = text[at];
  if (c == '%' && text.size() - at >= 3) {
    int high = hex_digit(text[at + 1]);
    int low = hex_digit(text[at + 2]);
    if (high >= 0 && low >= 0) {
      at += 3;
      return static_cast<char>(high * 16 + low);
    }
  }
  ++at;
  return plus_is_space && c == '+' ? ' ' : c;
}

}  // namespace

bool is_token_char(char c) {
  return in(c, token_set);
}
std::size_t token_length(std::string_view text) {
  std::size_t length = 0;
  while (length < text.size() && in(text[length], token_set)) ++length;
  return length;
}
bool is_token(std::string_view text) {
  return !text.empty() && token_length(text) == text.size();
}
bool is_value_char(char c) {
  return in(c, value_set);
}
bool is_field_value(std::string_view text) {
  return value_length(text) == text.size();
}
bool is_path_char(char c) {
  return in(c, path_set);
}
bool is_query_char(char c) {
  return in(c, query_set);
}

std::string_view trim_whitespace(std::string_view text) {
  while (!text.empty() && (text.front() == ' ' || text.front() == '\t')) text.remove_prefix(1);
  while (!text.empty() && (text.back() == ' ' || text.back() == '\t')) text.remove_suffix(1);
  return text;
}

std::optional<std::uint64_t> read_decimal(std::string_view text) {
  constexpr std::size_t sure_to_fit = 19;  // digits
  if (text.empty() || text.size() > sure_to_fit + 1) return std::nullopt;
  std::uint64_t value = 0;
  std::uint64_t before = 0;
  for (char c : text) {
    auto digit = static_cast<std::uint64_t>(static_cast<unsigned char>(c)) - '0';
    if (digit > 9) return std::nullopt;
    before = value;
    value = value * 10 + digit;
  }
  if (text.size() > sure_to_fit && before > (UINT64_MAX - static_cast<std::uint64_t>(text.back() - '0')) / 10)
    return std::nullopt;
  return value;
}

int hex_digit(char c) {
  if (c >= '0' && c <= '9') return c - '0';
  if (c >= 'a' && c <= 'f') return c - 'a' + 10;
  if (c >= 'A' && c <= 'F') return c - 'A' + 10;
  return -1;
}

bool is_encoded_text(std::string_view text, bool query) {
  return encoded_in(text, query ? query_set : path_set);
}

bool is_authority(std::string_view text) {
  if (text.empty() || text.size() > 255 + 6) return false;
  if (text.front() == '[') {
    std::size_t end = text.find(']');
    if (end == std::string_view::npos || end < 3) return false;
    for (char c : text.substr(1, end - 1)) {
      if (hex_digit(c) < 0 && c != ':' && c != '.') return false;
    }
    text.remove_prefix(end + 1);
    return text.empty() || (text.front() == ':' && is_port(text.substr(1)));
  }
  std::size_t colon = text.find(':');
  std::string_view host = text.substr(0, colon);
  if (host.empty() || !encoded_in(host, host_set)) return false;
  return colon == std::string_view::npos || is_port(text.substr(colon + 1));
}

void decode_percent(std::string_view text, bool plus_is_space, std::string& out) {
  for (std::size_t at = 0; at < text.size();) out += decode_one(text, at, plus_is_space);
}

bool equals_decoded(std::string_view encoded, std::string_view plain) {
  std::size_t at = 0;
  for (char c : plain) {
    if (at == encoded.size() || decode_one(encoded, at, true) != c) return false;
  }
  return at == encoded.size();
}

void encode_target(std::string_view text, std::string& out) {
  constexpr char digits[] = "0123456789ABCDEF";
  bool query = false;
  for (std::size_t i = 0; i < text.size(); ++i) {
    char c = text[i];
    bool escape = c == '%' && text.size() - i >= 3 && hex_digit(text[i + 1]) >= 0 && hex_digit(text[i + 2]) >= 0;
    if (c == '?' && !query) {
      query = true;
      out += c;
    } else if (escape || in(c, query ? query_set : path_set)) {
      out += c;
    } else {
      auto byte = static_cast<unsigned char>(c);
      out += '%';
      out += digits[byte >> 4];
      out += digits[byte & 15];
    }
  }
}

std::optional<std::string_view> ListElements::next() {
  while (!rest_.empty()) {
    std::size_t comma = rest_.find(',');
    std::string_view element = trim_whitespace(rest_.substr(0, comma));
    rest_ = comma == std::string_view::npos ? std::string_view() : rest_.substr(comma + 1);
    if (!element.empty()) return element;
  }
  return std::nullopt;
}

}  // namespace busway::http
