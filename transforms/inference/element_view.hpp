#pragma once

#include "bus/message_contract.hpp"
#include "transforms/inference/shape.hpp"

namespace busway::inference {

// "erp.wsdl#/PlaceOrder"
std::string place_of(const MessageContract& contract);

// Whether an element that keeps to its type has something in it: an attribute or a member that must be there.
bool requires_members(const ContractElement& element);

// Every document that is read from an element that keeps to the contract is in the shape. As shape_of() of a schema, its parts
// are made when they are asked for. `envelope`: the root is read from a SOAP body, where an empty one is an object.
Shape shape_of(const ContractPtr& contract, bool envelope);

}  // namespace busway::inference
