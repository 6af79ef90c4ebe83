#include "bus/message_trail.hpp"

#include "bus/field.hpp"

namespace busway {

void MessageTrail::send(const ExpressionRef& mapping, const ContractPtr& contract) const {
  if (contract == nullptr || inference == nullptr) return;
  if (mapping) {
    inference->hold_result(mapping, contract, *this);
  } else {
    inference->hold_message(contract, *this);
  }
}

}  // namespace busway
