#include "routes/secrets.hpp"

#include "bus/secret_reference.hpp"

namespace busway::routes {

Result<std::string> SecretReferences::expand(std::string_view text, const Position&) const {
  if (reading_ == Reading::opaque) return std::string(text);
  return expand_references(text);
}

}  // namespace busway::routes
