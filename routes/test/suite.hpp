#pragma once

#include <string>
#include <vector>

#include "routes/test/run_test.hpp"

namespace busway::routes {

// What became of one test.
struct TestResult {
  std::string name;
  Position at;
  TestRecord record;
  bool passed() const { return record.differences.empty(); }
};

// All tests of a bundle.
struct TestSuite {
  std::size_t files = 0;
  std::vector<TestResult> results;
  std::size_t passed = 0;
  std::size_t failed = 0;
};

// Runs the tests of a bundle loaded in LoadMode::test, in the order of files; `filter` keeps those whose name contains it. What
// is wrong in a test file goes to `findings`; its other tests run all the same. One thread; touches no network.
TestSuite run_tests(const LoadedBundle& bundle, const Registry& registry, const ExpressionLanguage& expressions,
                    const std::string& filter, Findings& findings);

}  // namespace busway::routes
