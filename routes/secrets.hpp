#pragma once

#include "bus/check_context.hpp"

namespace busway::routes {

// `${env:NAME}` and `${file:PATH}`, PATH as seen from where the process runs; a file's last line end is not part of the secret.
// Check and test leave them as written and read nothing; `run` replaces them, and a missing one is an error (BW1012). Any other
// `${...}` is plain text.
class SecretReferences final : public Secrets {
 public:
  enum class Reading { opaque, resolved };
  explicit SecretReferences(Reading reading) : reading_(reading) {}
  Result<std::string> expand(std::string_view text, const Position& at) const override;

 private:
  Reading reading_;
};

}  // namespace busway::routes
