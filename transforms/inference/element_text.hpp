#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "bus/document.hpp"
#include "bus/message_contract.hpp"

namespace busway::inference {

// Whether the text of a scalar, as it is written into an element, surely breaks the type's rules. What is not told of the type,
// or not looked at here, breaks nothing.
bool breaks(const ContractText& type, const Node& scalar);
bool breaks(const ContractText& type, std::string_view text);

// The kinds of scalars whose texts break the rules whatever their values are.
std::uint16_t never_fit(const ContractText& type);

// "xs:int", "one of A, B", "a text of another kind"
std::string wanted(const ContractText& type);

}  // namespace busway::inference
