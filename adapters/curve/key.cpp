#include "adapters/curve/key.hpp"

namespace busway::curve {

namespace {

constexpr std::string_view z85 = "0123456789abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ.-:+=^!/*?&<>()[]{}@%$#";

}  // namespace

bool is_key(std::string_view text) {
  return text.size() == 40 && text.find_first_not_of(z85) == std::string_view::npos;
}

}  // namespace busway::curve
