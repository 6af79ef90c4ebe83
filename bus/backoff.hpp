#pragma once

#include <chrono>
#include <cstdint>

#include "bus/field.hpp"
#include "bus/worker.hpp"

namespace busway {

// The pause before try `attempt` (2 is the first retry): full jitter between the range's low end and low * 2^n, at most its high
// end, so that callers who failed together do not come back together.
inline std::chrono::milliseconds backoff_before(Worker& worker, const DurationRange& range, std::int64_t attempt) {
  auto low = range.low.count();
  auto high = range.high.count();
  auto ceiling = low;
  for (std::int64_t i = 2; i <= attempt && ceiling < high; ++i) ceiling *= 2;
  if (ceiling > high) ceiling = high;
  if (ceiling <= low) return std::chrono::milliseconds(low);
  auto span = static_cast<std::uint64_t>(ceiling - low + 1);
  return std::chrono::milliseconds(low + static_cast<std::int64_t>(worker.random() % span));
}

}  // namespace busway
