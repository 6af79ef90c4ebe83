#include <sys/random.h>

#include <array>
#include <cstdint>

#include "bus/assert.hpp"
#include "transforms/jsonata/functions/functions.hpp"

// What the route language adds to JSONata, beside decimals.
namespace busway::jsonata::functions {

Node table(Evaluation& evaluation, Arguments arguments, const Node&) {
  if (!arguments[0].is_string()) return {};
  const LookupTable* found = evaluation.table(arguments[0].text());
  if (found == nullptr) return evaluation.fail("BW3005", arguments[0].text());
  return found->find(arguments[1]);
}

// A random one, version 4 (RFC 9562, 5.4), another at each call.
Node uuid(Evaluation& evaluation, Arguments, const Node&) {
  std::array<unsigned char, 16> bytes;
  BUSWAY_ASSERT(getrandom(bytes.data(), bytes.size(), 0) == static_cast<ssize_t>(bytes.size()));
  bytes[6] = static_cast<unsigned char>((bytes[6] & 0x0FU) | 0x40U);
  bytes[8] = static_cast<unsigned char>((bytes[8] & 0x3FU) | 0x80U);
  constexpr std::string_view digits = "0123456789abcdef";
  char* text = evaluation.arena().array<char>(36);
  std::size_t at = 0;
  for (std::size_t i = 0; i < bytes.size(); ++i) {
    if (i == 4 || i == 6 || i == 8 || i == 10) text[at++] = '-';
    text[at++] = digits[bytes[i] >> 4U];
    text[at++] = digits[bytes[i] & 0x0FU];
  }
  return Node::string({text, at});
}

}  // namespace busway::jsonata::functions
