#include "adapters/soap/quoted.hpp"

namespace busway::soap {

std::string quoted(std::string_view text) {
  constexpr std::size_t most = 60;
  std::string out = "'";
  std::size_t size = text.size();
  if (size > most) {
    size = most;
    while (size > 0 && (static_cast<unsigned char>(text[size]) & 0xC0) == 0x80) --size;  // not inside a character
  }
  for (char c : text.substr(0, size)) out += static_cast<unsigned char>(c) < 0x20 || c == 0x7F ? '?' : c;
  return out + (size < text.size() ? "...'" : "'");
}

}  // namespace busway::soap
