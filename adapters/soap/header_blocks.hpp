#pragma once

#include <span>
#include <string>
#include <string_view>

#include "adapters/soap/envelope.hpp"

namespace busway::soap {

// The blocks of a Header as an object of their local names; blocks of one name become an array, whatever their namespaces.
// Attributes stay (`@mustUnderstand`, `@actor`). Nothing without a Header. Errors: kind `format`.
Result<Node> read_header_blocks(Envelope& envelope, Arena& arena);

// The first block that must be understood by us (SOAP 1.1, 4.2.3; SOAP 1.2 part 1, 5.2.3) and is not among `understood`, which
// holds local names or `{namespace}local`. Null: there is none. Blocks for other actors are not ours to judge.
const XmlElement* find_not_understood(const Envelope& envelope, std::span<const std::string> understood);

// Appends a Header of what `headers` holds: each member is a block, an array several of one name. In a block the keys are names
// as XML has them: "@xmlns" sets the namespace of the element and what is in it (without one at the block: `uri`), "@xmlns:p"
// declares a prefix for keys such as "p:Id" and "@p:Id". "@mustUnderstand" (true or "1"), "@actor" and "@role" at a block are the
// envelope's own. Writes nothing for an empty object. Errors: kind `format`, naming the member.
Result<void> write_header_blocks(Version version, std::string_view uri, const Node& headers, std::string& out);

}  // namespace busway::soap
