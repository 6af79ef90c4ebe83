#pragma once

#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "bus/check_context.hpp"
#include "bus/field.hpp"
#include "bus/message_contract.hpp"

namespace busway::soap {

// What a WSDL 1.1 file says of the operations of its SOAP bindings, document/literal, by the element that stands in the Body of
// the request: that is what busway calls an operation. Of operations in another style, and of what it cannot read, it says
// nothing. Made and asked during a check; immutable.
class WsdlContracts {
 public:
  struct Operation {
    std::string uri;  // of the request's element
    std::string name;
    std::string answer_uri;
    std::string answer_name;  // empty: one way
    ExchangeContract contract;
  };

  // Imports and schemas are files of the bundle, named relative to the file that names them; what is not there is not known. Null
  // after a finding (BW5031) when the file is no WSDL.
  static std::shared_ptr<const WsdlContracts> read(const FileRef& file, CheckContext& check);

  // With an empty `uri` in any namespace; null when there is none, or more than one.
  const Operation* find(std::string_view uri, std::string_view name) const;
  // Every operation is among these.
  bool complete() const { return complete_; }
  const std::vector<Operation>& all() const { return operations_; }
  const std::string& name() const { return name_; }

 private:
  std::string name_;
  std::vector<Operation> operations_;
  bool complete_ = false;
};

// Holds the operation that the bundle names at `at` against the WSDL: what is not there is a finding (BW5032). `uri` may be
// empty.
void check_operation(const WsdlContracts& wsdl, std::string_view uri, const std::string& operation, const Position& at,
                     CheckContext& check);

}  // namespace busway::soap
