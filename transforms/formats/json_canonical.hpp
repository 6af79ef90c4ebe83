#pragma once

#include <string>

#include "bus/document.hpp"

namespace busway {

// The JSON Canonicalization Scheme (RFC 8785): one text for all texts of the same data, to be hashed or signed. Members are in
// the order of their names' UTF-16 code units, strings have no escape they do not need, and numbers are printed as ECMAScript
// prints the double nearest to them, whatever text they came with.
//
// Appends the document. False, with a part of it written, at what JSON cannot hold, at text that is not Unicode, at a name that
// stands twice in an object, and at a whole number that would come out as another one (above 2^53, such as a 20-digit id). Does
// not recurse. Any thread.
bool write_canonical_json(const Node& document, std::string& out);

// Why the value alone is none that write_canonical_json() takes; null when it is.
const char* refuse_for_canonical_json(const Node& value);

}  // namespace busway
