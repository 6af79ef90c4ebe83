#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "bus/error.hpp"

namespace busway::soap {

// A WSDL 1.1 file as it is served at `?wsdl`: in UTF-8, and the locations of its soap:address elements are those the caller asked
// at. Immutable.
class WsdlFile {
 public:
  // Errors: kind `config`, in words for the user.
  static Result<WsdlFile> read(const std::string& content);
  // With `address` ("https://bus.example/services/orders") as every location.
  std::string served_at(std::string_view address) const;

 private:
  std::vector<std::string> pieces_;  // of the text, a location between each two
};

}  // namespace busway::soap
