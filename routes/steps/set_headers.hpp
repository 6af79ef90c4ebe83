#pragma once

#include <string>
#include <utility>
#include <vector>

#include "bus/exchange.hpp"
#include "bus/field.hpp"
#include "bus/step.hpp"

namespace busway::routes {

// Header fields that a step sets, literal or computed. Immutable after read().
class SetHeaders {
 public:
  bool read(const ConfigNode& node, CheckContext& check);
  bool empty() const { return fields_.empty(); }
  // All of them, or none and an error of kind `mapping`.
  Result<void> apply(Exchange& exchange, Headers& headers) const;

 private:
  std::vector<std::pair<std::string, TextRef>> fields_;
};

}  // namespace busway::routes
