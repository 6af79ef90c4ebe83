// Numbers of JSON (RFC 8259, 6): the grammar is checked and the text kept.
#include "bus/pause.hpp"
#include "transforms/formats/json_reader.hpp"

namespace busway {

namespace {

constexpr bool is_digit(char c) {
  return c >= '0' && c <= '9';
}

// Behind the digits at `at`: there is one, and what follows the text is none. A message may be nothing but digits.
char* behind_digits(char* at) {
  while (true) {
    for (int left = 4096; left > 0; --left) {
      if (!is_digit(*++at)) return at;
    }
    pause_if_due(64);
  }
}

// Digits of a number's fraction that count against its exponent: up to the seventeenth that means something.
int telling_digits(std::string_view whole, bool whole_fits, std::uint64_t value, std::string_view fraction) {
  int significant = static_cast<int>(whole.size()) - 1;
  if (!whole_fits) return 0;
  int counted = 0;
  bool small = true;
  for (char c : fraction) {
    small = small && value <= 0x1FFFFFFFFFFFFFULL;
    if (!small && significant >= 17) break;
    value = small ? value * 10 + static_cast<unsigned>(c - '0') : value | static_cast<unsigned>(c - '0');
    ++counted;
    if (value != 0) ++significant;
  }
  return counted;
}

// Whether a number by the grammar is too large for the readers behind us, which have nothing but doubles: by its whole digits
// alone, or by an exponent above 308 that no fraction earns. The bounds are RapidJSON's, which this reader has followed from the
// start.
bool too_large(std::string_view text) {
  bool minus = text.front() == '-';
  if (minus) text.remove_prefix(1);
  std::size_t size = 0;
  const std::uint64_t limit = minus ? 0x0CCCCCCCCCCCCCCCULL : 0x1999999999999999ULL;
  const char last = minus ? '8' : '5';
  std::uint64_t whole = 0;
  while (size < text.size() && is_digit(text[size]) && (whole < limit || (whole == limit && text[size] <= last))) {
    whole = whole * 10 + static_cast<unsigned>(text[size++] - '0');
  }
  bool fits = size == text.size() || !is_digit(text[size]);
  auto value = static_cast<double>(whole);
  for (; size < text.size() && is_digit(text[size]); ++size) {
    if (value >= 1.7976931348623157e307) return true;
    value = value * 10 + (text[size] - '0');
  }
  std::size_t e = text.find_first_of("eE", size);
  if (e == std::string_view::npos || text[e + 1] == '-') return false;
  std::string_view fraction = e > size ? text.substr(size + 1, e - size - 1) : std::string_view();
  int most = 308 + telling_digits(text.substr(0, size), fits, whole, fraction);
  int exponent = 0;
  for (char c : text.substr(e + 1)) {
    if (c == '+') continue;
    exponent = exponent * 10 + (c - '0');
    if (exponent > most) return true;
  }
  return false;
}

}  // namespace

bool JsonReader::number(Node& out) {
  char* from = at_;
  char* at = from;
  if (*at == '-') ++at;
  if (*at == '0') {
    ++at;
  } else if (is_digit(*at)) {
    at = behind_digits(at);
  } else {
    at_ = at;
    return refuse_here("this is not a JSON value");
  }
  bool suspect = at - from > 300;
  if (*at == '.') {
    if (!is_digit(*++at)) return refuse(at, "expected a digit behind the decimal point");
    at = behind_digits(at);
  }
  if (*at == 'e' || *at == 'E') {
    ++at;
    if (*at == '+' || *at == '-') ++at;
    if (!is_digit(*at)) return refuse(at, "expected a digit in the exponent");
    at = behind_digits(at);
    suspect = true;
  }
  at_ = at;
  std::string_view text(from, static_cast<std::size_t>(at - from));
  if (suspect && too_large(text)) return refuse(from, "the number is too large for any reader (above 1e308)");
  out = Node::number_text(text);
  return true;
}

}  // namespace busway
