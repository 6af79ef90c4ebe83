#pragma once

#include <vector>

#include "bus/message_contract.hpp"
#include "transforms/inference/contract.hpp"

namespace busway::inference {

// As misfits() of a schema: holds a shape against the element that it is written into by the plain rules. Scalars are written as
// their texts, so a string fits a number's type when its text does; members are written in the order in which they stand.
std::vector<Misfit> misfits(const Shape& shape, const MessageContract& target, Guards guards);

}  // namespace busway::inference
