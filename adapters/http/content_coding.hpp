#pragma once

#include <cstdint>
#include <string_view>

#include "bus/exchange.hpp"
#include "bus/format.hpp"

namespace busway::http {

// At most so many bytes come out of one that came in.
inline constexpr std::uint64_t most_inflated = 100;

// The codings that the message came in, as one text; empty: none.
std::string_view content_coding(const Headers& headers, Arena& arena);

// What is behind the Content-Encoding `coding` (RFC 9110, 8.4): gzip, in the arena; identity is the bytes themselves. Errors:
// kind `format`, with the code "coding" (415) for another coding and "too_large" (413) for more than `limit` or most_inflated
// allow.
Result<std::string_view> decode_content(std::string_view coding, std::string_view bytes, std::uint64_t limit, Arena& arena);

// `inner` for a message that came with Content-Encoding: the body is decoded when a step reads it and not before, so what is only
// passed on stays as it came. `inner` itself when there is no coding, or no format to read anything by.
const Format* decoded_format(Exchange& exchange, const Headers& headers, const Format* inner, std::uint64_t limit);

}  // namespace busway::http
