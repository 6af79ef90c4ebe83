#include "transforms/formats/fixed_number.hpp"

#include <algorithm>
#include <charconv>

#include "bus/number_text.hpp"

namespace busway {

namespace {

using Type = LayoutField::Type;
using Refusal = std::optional<std::string>;

char byte(Charset charset, char ascii) {
  return byte_of(charset, static_cast<unsigned char>(ascii)).value_or('?');
}

// The ASCII character of a byte, or NUL.
char ascii_of(Charset charset, char c) {
  char16_t code_point = table_of(charset)[static_cast<unsigned char>(c)];
  return code_point < 0x80 ? static_cast<char>(code_point) : '\0';
}

void strip_zeros(std::string& digits) {
  digits.erase(0, std::min(digits.find_first_not_of('0'), digits.size()));
}

// `[+-]digits[.digits][e[+-]digits]`, with leading zeros allowed.
bool split(std::string_view text, bool& negative, std::string& digits, std::int64_t& scale) {
  std::size_t at = 0;
  if (at < text.size() && (text[at] == '-' || text[at] == '+')) negative = text[at++] == '-';
  bool point = false;
  std::size_t count = 0;
  for (; at < text.size() && text[at] != 'e' && text[at] != 'E'; ++at) {
    if (text[at] == '.' && !point && count != 0) {
      point = true;
      continue;
    }
    if (text[at] < '0' || text[at] > '9') return false;
    digits += text[at];
    ++count;
    if (point) --scale;
  }
  if (count == 0 || text[at - 1] == '.') return false;
  if (at == text.size()) return true;
  ++at;
  if (at < text.size() && text[at] == '+') ++at;
  std::int64_t exponent = 0;
  auto parsed = std::from_chars(text.data() + at, text.data() + text.size(), exponent);
  if (parsed.ec != std::errc() || parsed.ptr != text.data() + text.size()) return false;
  scale += exponent;
  return true;
}

Refusal read_display(const LayoutField& field, Charset charset, std::string_view bytes, PlainNumber& out) {
  std::string text;
  for (char c : bytes) {
    char ascii = ascii_of(charset, c);
    if (ascii == '\0') return "has a byte that is no digit";
    text += ascii;
  }
  char pad = ascii_of(charset, field.pad);
  std::string_view rest = text;
  if (field.is_signed && field.sign_trailing) {
    char sign = rest.back();
    if (sign != '-' && sign != '+' && sign != ' ') return "has no sign in its last place";
    out.negative = sign == '-';
    rest.remove_suffix(1);
  }
  if (pad != '0') {
    if (field.pad_left) {
      while (!rest.empty() && rest.front() == pad) rest.remove_prefix(1);
    } else {
      while (!rest.empty() && rest.back() == pad) rest.remove_suffix(1);
    }
  }
  if (field.is_signed && !field.sign_trailing && !rest.empty()) {
    char sign = rest.front();
    if (sign == '-' || sign == '+' || sign == ' ') {
      out.negative = sign == '-';
      rest.remove_prefix(1);
    } else if (pad == '0') {
      return "has no sign in its first place";
    }
  }
  std::size_t places = rest.size();
  if (field.type == Type::decimal && field.decimals != 0) {
    if (places < field.decimals + 2 || rest[places - field.decimals - 1] != '.') {
      return "has no decimal point before its last " + std::to_string(field.decimals) + " digits";
    }
  }
  if (rest.empty()) return "is blank";
  for (std::size_t i = 0; i < places; ++i) {
    if (field.type == Type::decimal && field.decimals != 0 && i == places - field.decimals - 1) continue;
    if (rest[i] < '0' || rest[i] > '9') return "is not a number";
    out.digits += rest[i];
  }
  return std::nullopt;
}

Refusal write_display(const LayoutField& field, Charset charset, const PlainNumber& number, std::string& out) {
  std::string digits = number.digits;
  bool point = field.type == Type::decimal && field.decimals != 0;
  std::size_t least = field.type == Type::decimal ? field.decimals + 1U : std::max<std::size_t>(1, field.decimals);
  if (digits.size() < least) digits.insert(0, least - digits.size(), '0');
  if (point) digits.insert(digits.size() - field.decimals, 1, '.');
  char pad = ascii_of(charset, field.pad);
  // Beside blanks a leading sign takes a place only where it is written, and a plus is not.
  bool sign_place = field.is_signed && (field.sign_trailing || pad == '0' || number.negative);
  std::size_t room = field.length - (sign_place ? 1U : 0U);
  if (digits.size() > room) return "has more digits than the field";
  char sign = number.negative ? '-' : '+';
  std::string text;
  if (pad == '0') {
    text.assign(room - digits.size(), '0');
    text += digits;
    if (field.is_signed) field.sign_trailing ? text += sign : text.insert(0, 1, sign);
  } else {
    if (field.is_signed && !field.sign_trailing && number.negative) digits.insert(0, 1, '-');
    std::size_t width = field.length - (field.is_signed && field.sign_trailing ? 1U : 0U);
    text = digits;
    text.insert(field.pad_left ? 0 : text.size(), width - digits.size(), pad);
    if (field.is_signed && field.sign_trailing) text += sign;
  }
  for (char c : text) out += byte(charset, c);
  return std::nullopt;
}

// The digit and sign that one overpunched byte holds: EBCDIC zones, or the characters they show as in ASCII. -1: neither.
int overpunched(Charset charset, char c, bool& negative) {
  auto bits = static_cast<unsigned char>(c);
  if (is_ebcdic(charset)) {
    int zone = bits >> 4;
    int digit = bits & 15;
    if (digit > 9 || zone < 0xA) return -1;
    negative = zone == 0xB || zone == 0xD;
    return digit;
  }
  negative = (c >= 'J' && c <= 'R') || c == '}' || (c >= 'p' && c <= 'y');
  if (c >= '0' && c <= '9') return c - '0';
  if (c == '{' || c == '}') return 0;
  if (c >= 'A' && c <= 'I') return c - 'A' + 1;
  if (c >= 'J' && c <= 'R') return c - 'J' + 1;
  if (c >= 'p' && c <= 'y') return c - 'p';
  return -1;
}

Refusal read_zoned(const LayoutField& field, Charset charset, std::string_view bytes, PlainNumber& out) {
  std::size_t sign_at = field.sign_trailing ? bytes.size() - 1 : 0;
  for (std::size_t i = 0; i < bytes.size(); ++i) {
    int digit;
    if (field.is_signed && i == sign_at) {
      digit = overpunched(charset, bytes[i], out.negative);
    } else {
      char ascii = ascii_of(charset, bytes[i]);
      digit = ascii >= '0' && ascii <= '9' ? ascii - '0' : -1;
    }
    if (digit < 0) return "is not a zoned number";
    out.digits += static_cast<char>('0' + digit);
  }
  return std::nullopt;
}

Refusal write_zoned(const LayoutField& field, Charset charset, const PlainNumber& number, std::string& out) {
  if (number.digits.size() > field.length) return "has more digits than the field";
  std::string digits(field.length - number.digits.size(), '0');
  digits += number.digits;
  std::size_t sign_at = field.sign_trailing ? digits.size() - 1 : 0;
  for (std::size_t i = 0; i < digits.size(); ++i) {
    if (!field.is_signed || i != sign_at) {
      out += byte(charset, digits[i]);
      continue;
    }
    int digit = digits[i] - '0';
    if (is_ebcdic(charset)) {
      out += static_cast<char>(static_cast<unsigned char>((number.negative ? 0xD0 : 0xC0) | digit));
    } else {
      out += number.negative ? "}JKLMNOPQR"[digit] : "{ABCDEFGHI"[digit];
    }
  }
  return std::nullopt;
}

Refusal read_packed(const LayoutField& field, std::string_view bytes, PlainNumber& out) {
  for (std::size_t i = 0; i < bytes.size(); ++i) {
    int high = static_cast<unsigned char>(bytes[i]) >> 4;
    int low = static_cast<unsigned char>(bytes[i]) & 15;
    if (high > 9) return "is not a packed number";
    out.digits += static_cast<char>('0' + high);
    if (i + 1 < bytes.size()) {
      if (low > 9) return "is not a packed number";
      out.digits += static_cast<char>('0' + low);
      continue;
    }
    if (low < 0xA) return "is not a packed number: it ends in no sign";
    out.negative = low == 0xB || low == 0xD;
    if (out.negative && !field.is_signed) return "is negative, but the field has no sign";
  }
  return std::nullopt;
}

Refusal write_packed(const LayoutField& field, const PlainNumber& number, std::string& out) {
  std::size_t room = field.length * 2 - 1;
  if (number.digits.size() > room) return "has more digits than the field";
  std::string digits(room - number.digits.size(), '0');
  digits += number.digits;
  int sign = !field.is_signed ? 0xF : number.negative ? 0xD : 0xC;
  for (std::size_t i = 0; i < field.length; ++i) {
    int low = 2 * i + 1 < digits.size() ? digits[2 * i + 1] - '0' : sign;
    out += static_cast<char>(static_cast<unsigned char>(((digits[2 * i] - '0') << 4) | low));
  }
  return std::nullopt;
}

Refusal read_binary(const LayoutField& field, std::string_view bytes, PlainNumber& out) {
  std::uint64_t value = 0;
  for (std::size_t i = 0; i < bytes.size(); ++i) {
    value = (value << 8) | static_cast<unsigned char>(bytes[field.little_endian ? bytes.size() - 1 - i : i]);
  }
  std::size_t bits = bytes.size() * 8;
  if (field.is_signed && ((value >> (bits - 1)) & 1) != 0) {
    out.negative = true;
    value = ~value + 1;
    if (bits < 64) value &= (std::uint64_t{1} << bits) - 1;
  }
  out.digits = std::to_string(value);
  return std::nullopt;
}

Refusal write_binary(const LayoutField& field, const PlainNumber& number, std::string& out) {
  std::uint64_t value = 0;
  if (!number.digits.empty()) {
    auto parsed = std::from_chars(number.digits.data(), number.digits.data() + number.digits.size(), value);
    if (parsed.ec != std::errc()) return "is too large for the field";
  }
  std::size_t bits = field.length * 8U;
  std::uint64_t most = bits == 64 ? ~std::uint64_t{0} : (std::uint64_t{1} << bits) - 1;
  if (field.is_signed) most = (most >> 1) + (number.negative ? 1 : 0);
  if (value > most) return "is too large for the field";
  if (number.negative) value = ~value + 1;
  for (std::size_t i = 0; i < field.length; ++i) {
    std::size_t shift = 8 * (field.little_endian ? i : field.length - 1 - i);
    out += static_cast<char>(static_cast<unsigned char>(value >> shift));
  }
  return std::nullopt;
}

}  // namespace

Refusal to_plain(const Node& value, std::uint32_t decimals, PlainNumber& out) {
  char buffer[40];
  std::string_view text;
  if (value.is_number()) {
    text = number_to_text(value, buffer);
  } else if (value.is_string()) {
    text = value.text();
  } else {
    return "is " + std::string(name_of(value.kind())) + ", a number is needed";
  }
  std::int64_t scale = 0;
  if (text.size() > 1000 || !split(text, out.negative, out.digits, scale)) return "is not a number";
  strip_zeros(out.digits);
  std::int64_t missing = scale + static_cast<std::int64_t>(decimals);
  while (missing < 0 && !out.digits.empty() && out.digits.back() == '0') {
    out.digits.pop_back();
    ++missing;
  }
  if (out.digits.empty()) {
    out.negative = false;
    return std::nullopt;
  }
  if (missing < 0) {
    return decimals == 0 ? "has decimals, the field has none" : "has more than " + std::to_string(decimals) + " decimals";
  }
  if (missing > 100) return "is too large for the field";
  out.digits.append(static_cast<std::size_t>(missing), '0');
  return std::nullopt;
}

std::string number_text_of(const PlainNumber& number, std::uint32_t decimals) {
  std::string digits = number.digits;
  strip_zeros(digits);
  bool zero = digits.empty();
  if (digits.size() < decimals + 1U) digits.insert(0, decimals + 1U - digits.size(), '0');
  if (decimals != 0) digits.insert(digits.size() - decimals, 1, '.');
  if (number.negative && !zero) digits.insert(0, 1, '-');
  return digits;
}

Refusal read_number(const LayoutField& field, Charset charset, std::string_view bytes, PlainNumber& out) {
  Refusal refused;
  switch (field.type) {
    case Type::zoned: refused = read_zoned(field, charset, bytes, out); break;
    case Type::packed: refused = read_packed(field, bytes, out); break;
    case Type::binary: refused = read_binary(field, bytes, out); break;
    default: refused = read_display(field, charset, bytes, out); break;
  }
  if (refused) return refused;
  if (field.digits != 0) {
    strip_zeros(out.digits);
    if (out.digits.size() > field.digits) return "has more than " + std::to_string(field.digits) + " digits";
  }
  return std::nullopt;
}

Refusal write_number(const LayoutField& field, Charset charset, const PlainNumber& number, std::string& out) {
  if (number.negative && !field.is_signed) return "is negative, but the field has no sign";
  if (field.digits != 0 && number.digits.size() > field.digits)
    return "has more than " + std::to_string(field.digits) + " digits";
  switch (field.type) {
    case Type::zoned: return write_zoned(field, charset, number, out);
    case Type::packed: return write_packed(field, number, out);
    case Type::binary: return write_binary(field, number, out);
    default: return write_display(field, charset, number, out);
  }
}

}  // namespace busway
