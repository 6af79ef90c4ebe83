#include "bus/footprint.hpp"

#include <doctest/doctest.h>

#include <vector>

namespace busway::test {

namespace {

struct alignas(64) Block {
  char bytes[64 * 10];
};

std::vector<std::ptrdiff_t> offsets(const Footprint& footprint, const Block& block) {
  std::vector<std::ptrdiff_t> list;
  for (const void* at : footprint.lines()) list.push_back(static_cast<const char*>(at) - block.bytes);
  return list;
}

}  // namespace

TEST_CASE("a footprint has each line that an object touches, and no more lines than it holds") {
  static const Block block{};
  Footprint footprint;
  footprint.add(block.bytes, 64);
  CHECK(offsets(footprint, block) == std::vector<std::ptrdiff_t>{0});
  footprint.add(block.bytes + 100, 40);
  CHECK(offsets(footprint, block) == std::vector<std::ptrdiff_t>{0, 64, 128});
  footprint.add(nullptr, 0);
  CHECK(footprint.lines().size() == 3);
  footprint.add(block.bytes + 192, 64 * 7);
  CHECK(offsets(footprint, block) == std::vector<std::ptrdiff_t>{0, 64, 128, 192, 256, 320, 384});
  footprint.fetch();
}

}  // namespace busway::test
