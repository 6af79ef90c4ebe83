#pragma once

#include "routes/test/simulator.hpp"

namespace busway::routes {

// Runs one test through the routes of the bundle: its bytes go through the real formats and codecs, its time is a manual clock,
// no socket is involved. Passed when the record holds no difference.
TestRecord run_test(const TestCase& test, Snapshot& snapshot);

}  // namespace busway::routes
