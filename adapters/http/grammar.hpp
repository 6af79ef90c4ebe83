#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace busway::http {

// The character sets and small productions of RFC 9110, RFC 9112 and RFC 3986 that heads, chunks and targets are made of.

bool is_token_char(char c);
bool is_token(std::string_view text);
std::size_t token_length(std::string_view text);  // of the token that `text` begins with
// VCHAR, SP, HTAB and obs-text: what a field value may hold.
bool is_value_char(char c);
bool is_field_value(std::string_view text);
// pchar or "/" (and "?" in a query); "%" is not among them.
bool is_path_char(char c);
bool is_query_char(char c);
std::string_view trim_whitespace(std::string_view text);  // OWS: SP and HTAB

// 1*DIGIT that fits; nullopt for anything else, "+5" and "5, 5" too.
std::optional<std::uint64_t> read_decimal(std::string_view text);
int hex_digit(char c);  // -1 when it is none

// Every "%" is followed by two hex digits, all else is in the set of `query`.
bool is_encoded_text(std::string_view text, bool query);
// "host", "host:port", "[v6]:port" without user information (RFC 3986, 3.2).
bool is_authority(std::string_view text);

// Appends `text` percent-decoded; broken escapes stay as they are. `plus_is_space` for queries.
void decode_percent(std::string_view text, bool plus_is_space, std::string& out);
// True when `encoded`, decoded as a query piece, is `plain`. Allocates nothing.
bool equals_decoded(std::string_view encoded, std::string_view plain);
// Appends `text` as a request target: what may not stand there is percent-encoded, escapes stay.
void encode_target(std::string_view text, std::string& out);

// The elements of a comma-separated list, trimmed, empty ones left out.
class ListElements {
 public:
  explicit ListElements(std::string_view list) : rest_(list) {}
  std::optional<std::string_view> next();

 private:
  std::string_view rest_;
};

}  // namespace busway::http
