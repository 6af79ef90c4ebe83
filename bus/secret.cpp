#include "bus/secret.hpp"

#include <cstring>

namespace busway {

void Secret::wipe() noexcept {
  if (!value_.empty()) explicit_bzero(value_.data(), value_.size());
}

}  // namespace busway
