#pragma once

#include <string_view>

#include "bus/arena.hpp"
#include "bus/error.hpp"

namespace busway {

// The document's bytes as UTF-8 without a byte order mark (XML 1.0, 4.3.3 and appendix F; RFC 7303, 3): the bytes themselves
// where they are UTF-8 already, else a copy in `arena`. Whether UTF-8 is valid is the parser's to check.
Result<std::string_view> xml_as_utf8(std::string_view bytes, std::string_view charset, Arena& arena);

}  // namespace busway
