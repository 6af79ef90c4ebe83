#pragma once

#include <string>
#include <string_view>

#include "bus/document.hpp"
#include "bus/error.hpp"
#include "transforms/formats/layout.hpp"

namespace busway {

// One record's bytes as a document: an object of its named fields. Every byte is accounted for. Errors: kind `format`, naming the
// field and its offset.
Result<Node> read_record(const Layout& layout, const LayoutRecord& record, std::string_view bytes, Arena& arena);

// Appends the record that holds the document. A member the record has no field for, a field without a value and a value that does
// not fit are errors of kind `format` that name the field.
Result<void> write_record(const Layout& layout, const LayoutRecord& record, const Node& document, std::string& out);

// Checks that a literal of the layout fits its field; an error text, or nullopt. For texts that stand in a layout file.
std::optional<std::string> write_literal(Charset charset, const LayoutField& field, std::string_view literal, std::string& out);

}  // namespace busway
