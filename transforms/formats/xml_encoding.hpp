#pragma once

#include <string_view>

#include "bus/arena.hpp"
#include "bus/error.hpp"
#include "transforms/formats/charset.hpp"

namespace busway {

// The document's bytes as UTF-8 without a byte order mark (XML 1.0, 4.3.3 and appendix F; RFC 7303, 3): the bytes themselves
// where they are UTF-8 already, else a copy in `arena`. Whether UTF-8 is valid is the parser's to check.
Result<std::string_view> xml_as_utf8(std::string_view bytes, std::string_view charset, Arena& arena);

// Whether the bytes say themselves how they are written: by a byte order mark or by their declaration.
bool says_encoding(std::string_view bytes);

// Appends a document that was written in UTF-8 in another set. A character that the set lacks becomes a reference; where none can
// stand, in a name, it is an error of kind `format`.
Result<void> append_xml_in(Charset charset, std::string_view document, std::string& out);
// What the XML declaration calls a set.
std::string encoding_name(Charset charset);

}  // namespace busway
