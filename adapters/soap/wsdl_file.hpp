#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "bus/error.hpp"

namespace busway::soap {

// A WSDL 1.1 file as it is served at `?wsdl`: the locations of its soap:address elements are those the caller asked at. Immutable.
class WsdlFile {
 public:
  // Errors: kind `config`, in words for the user.
  static Result<WsdlFile> read(std::string content);
  // With `address` ("https://bus.example/services/orders") as every location.
  std::string served_at(std::string_view address) const;
  // As it came.
  const std::string& content() const { return content_; }

 private:
  struct Place {
    std::size_t from = 0;
    std::size_t size = 0;
  };
  std::string content_;
  std::vector<Place> locations_;  // values between their quotes, in order
};

}  // namespace busway::soap
