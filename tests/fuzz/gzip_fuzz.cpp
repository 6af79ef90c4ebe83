#include <cstdint>

#include "adapters/http/content_coding.hpp"
#include "bus/assert.hpp"

// Whatever a body says it inflates to, no more comes out of it than its bounds allow.
extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace busway;
  constexpr std::uint64_t limit = 64 * 1024;
  Arena arena;
  std::string_view body(reinterpret_cast<const char*>(data), size);
  if (auto out = http::decode_content("gzip", body, limit, arena)) {
    BUSWAY_ASSERT(out->size() <= limit && out->size() <= size * http::most_inflated);
  }
  return 0;
}
