#include <algorithm>
#include <array>
#include <cstring>

#include "adapters/http/byte_scan.hpp"
#include "adapters/http/grammar.hpp"
#include "adapters/http/head.hpp"
#include "bus/headers.hpp"

namespace busway::http {

namespace {

struct KnownName {
  std::string_view name;
  Known known = Known::other;
};
constexpr KnownName known_names[] = {
    {"te", Known::te},
    {"host", Known::host},
    {"date", Known::date},
    {"proxy", Known::proxy},
    {"expect", Known::expect},
    {"upgrade", Known::upgrade},
    {"trailer", Known::trailer},
    {"forwarded", Known::forwarded},
    {"connection", Known::connection},
    {"keep-alive", Known::keep_alive},
    {"retry-after", Known::retry_after},
    {"content-type", Known::content_type},
    {"content-length", Known::content_length},
    {"x-forwarded-for", Known::x_forwarded_for},
    {"x-forwarded-host", Known::x_forwarded_host},
    {"proxy-connection", Known::proxy_connection},
    {"x-forwarded-proto", Known::x_forwarded_proto},
    {"transfer-encoding", Known::transfer_encoding},
};
static_assert(std::ranges::is_sorted(known_names, {}, [](const KnownName& row) { return row.name.size(); }));
constexpr std::size_t longest_known = 17;

// The rows of one length stand from first_row[length] up to first_row[length + 1].
constexpr auto first_row = [] {
  std::array<std::uint8_t, longest_known + 2> first{};
  for (const KnownName& row : known_names) {
    for (std::size_t length = row.name.size() + 1; length < first.size(); ++length) ++first[length];
  }
  return first;
}();

constexpr std::string_view bus_prefix = "busway-";

char lower(char c) {
  return c >= 'A' && c <= 'Z' ? static_cast<char>(c | 0x20) : c;
}

template <class Word>
bool same_word(const char* name, const char* known) {
  Word left = 0;
  Word right = 0;
  std::memcpy(&left, name, sizeof left);
  std::memcpy(&right, known, sizeof right);
  return (left | static_cast<Word>(0x2020202020202020U)) == right;
}

// Both are as long as each other. `known` is letters in lower case and "-": the byte of a name without CR that gives one of these
// with bit 0x20 set is that letter or "-".
bool same_token(std::string_view name, std::string_view known) {
  std::size_t size = name.size();
  if (size >= 8) {
    for (std::size_t at = 0; at + 8 < size; at += 8) {
      if (!same_word<std::uint64_t>(name.data() + at, known.data() + at)) return false;
    }
    return same_word<std::uint64_t>(name.data() + size - 8, known.data() + size - 8);
  }
  if (size >= 4) {
    return same_word<std::uint32_t>(name.data(), known.data()) &&
           same_word<std::uint32_t>(name.data() + size - 4, known.data() + size - 4);
  }
  for (std::size_t i = 0; i < size; ++i) {
    if ((name[i] | 0x20) != known[i]) return false;
  }
  return true;
}

// `underscores` reads "_" of `name` as "-".
bool same_name(std::string_view name, std::string_view known, bool underscores) {
  if (!underscores) return same_token(name, known);
  for (std::size_t i = 0; i < name.size(); ++i) {
    char c = lower(name[i]);
    if (c == '_') c = '-';
    if (c != known[i]) return false;
  }
  return true;
}

Known look_up(std::string_view name, bool underscores) {
  char first = lower(name.front());
  if (first == bus_prefix.front() && name.size() >= bus_prefix.size() &&
      same_name(name.substr(0, bus_prefix.size()), bus_prefix, underscores))
    return Known::busway;
  if (name.size() > longest_known) return Known::other;
  for (std::size_t i = first_row[name.size()]; i < first_row[name.size() + 1]; ++i) {
    const KnownName& row = known_names[i];
    if (row.name.front() == first && same_name(name, row.name, underscores)) return row.known;
  }
  return Known::other;
}

// Whether `name`, its "_" read as "-" as CGI and its kin do, is a field that frames or says where a request came from.
bool steers(std::string_view name, Known alias) {
  if (is_hop_by_hop(alias) || is_forwarding(alias)) return true;
  constexpr std::string_view forwarding = "x-forwarded-";
  constexpr std::string_view real_address = "x-real-ip";
  return (name.size() > forwarding.size() && same_name(name.substr(0, forwarding.size()), forwarding, true)) ||
         (name.size() == real_address.size() && same_name(name, real_address, true));
}

// Marks the fields that Connection names. The list is bounded, so the product with the fields is too.
Refusal read_connection(Head& head) {
  constexpr std::size_t most_options = 32;
  std::array<std::string_view, most_options> named;
  std::size_t count = 0;
  for (const FieldLine& field : head.fields) {
    if (field.known != Known::connection) continue;
    ListElements options(field.value);
    while (auto option = options.next()) {
      if (!is_token(*option)) return {400, "Connection holds something that is no token"};
      if (equal_ignoring_case(*option, "close")) {
        head.close = true;
      } else if (equal_ignoring_case(*option, "keep-alive")) {
        head.keep_alive = true;
      } else if (count == most_options) {
        return {400, "Connection names too many options"};
      } else {
        named[count++] = *option;
      }
    }
  }
  if (count == 0) return {};
  for (FieldLine& field : head.fields) {
    for (std::size_t i = 0; i < count && !field.hop_by_hop; ++i) field.hop_by_hop = equal_ignoring_case(field.name, named[i]);
  }
  return {};
}

}  // namespace

Known known_field(std::string_view name) {
  return name.empty() ? Known::other : look_up(name, false);
}

const FieldLine* Head::find(Known field) const {
  for (const FieldLine& line : fields) {
    if (line.known == field) return &line;
  }
  return nullptr;
}

namespace detail {

Refusal read_fields(std::string_view bytes, HeadLimits limits, Head& head) {
  head.fields.clear();
  head.close = head.keep_alive = false;
  head.framing = {};
  bool has_connection = false;
  for (std::size_t at = 0; at < bytes.size();) {
    std::string_view rest = bytes.substr(at);
    if (rest.starts_with("\r\n")) break;  // the end of the head
    if (rest.front() == ' ' || rest.front() == '\t') return {400, "a field line that starts with white space (obs-fold)"};
    FieldLine field;
    std::size_t colon = short_name_length(rest);
    if (colon != 0) field.known = look_up(rest.substr(0, colon), false);
    if (field.known == Known::other || field.known == Known::busway) {
      // What is known is a token; anything else has to show it.
      std::size_t length = token_length(rest);
      if (length == rest.size() || rest[length] != ':')
        return {400, "a field name holds a character that is not allowed, or has no colon"};
      if (length == 0) return {400, "an empty field name"};
      if (length != colon) field.known = look_up(rest.substr(0, length), false);
      colon = length;
    }
    std::size_t end = colon + 1 + value_length(rest.substr(colon + 1));
    if (rest.substr(end, 2) != "\r\n") {
      bool cut = end == rest.size() || rest[end] == '\r';
      return {400, cut ? "a bare CR or an unended line" : "a field value holds a control character"};
    }
    if (end > limits.line) return {431, "a field line is too long"};
    if (head.fields.size() == limits.fields) return {431, "too many fields"};
    at += end + 2;
    field.name = rest.substr(0, colon);
    field.value = trim_whitespace(rest.substr(colon + 1, end - colon - 1));
    if (field.known == Known::other && field.name.find('_') != std::string_view::npos) {
      Known alias = look_up(field.name, true);
      if (steers(field.name, alias)) return {400, "a field name that some readers take for a framing or forwarding field"};
      field.known = alias == Known::busway ? alias : Known::other;
    }
    field.hop_by_hop = is_hop_by_hop(field.known);
    has_connection = has_connection || field.known == Known::connection;
    head.fields.push_back(field);
  }
  if (has_connection) return read_connection(head);
  return {};
}

Refusal read_framing(Head& head, FramingFields& found) {
  for (const FieldLine& field : head.fields) {
    if (field.known == Known::content_length) {
      if (found.length != nullptr) return {400, "more than one Content-Length"};
      found.length = &field;
    } else if (field.known == Known::transfer_encoding) {
      if (found.transfer_encoding != nullptr) {
        bool chunked =
            equal_ignoring_case(field.value, "chunked") && equal_ignoring_case(found.transfer_encoding->value, "chunked");
        return chunked ? Refusal{400, "more than one Transfer-Encoding"} : Refusal{501, "a Transfer-Encoding other than chunked"};
      }
      found.transfer_encoding = &field;
    }
  }
  if (found.length != nullptr && found.transfer_encoding != nullptr) return {400, "both Content-Length and Transfer-Encoding"};
  if (found.length != nullptr) {
    auto length = read_decimal(found.length->value);
    if (!length || *length > INT64_MAX) return {400, "Content-Length is not a number"};
    head.framing = {Framing::Kind::length, *length};
  } else if (found.transfer_encoding != nullptr) {
    if (head.minor_version == 0) return {400, "Transfer-Encoding in HTTP/1.0"};
    std::string_view value = found.transfer_encoding->value;
    if (value.empty()) return {400, "an empty Transfer-Encoding"};
    if (!equal_ignoring_case(value, "chunked")) return {501, "a Transfer-Encoding other than chunked"};
    head.framing = {Framing::Kind::chunked, 0};
  }
  return {};
}

}  // namespace detail

}  // namespace busway::http
