#include <doctest/doctest.h>

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <vector>

#include "bus/cli/builtin_registry.hpp"
#include "bus/diagnostics.hpp"
#include "routes/compile.hpp"
#include "routes/test/suite.hpp"
#include "transforms/jsonata/jsonata.hpp"

using namespace busway;
using namespace busway::routes;
namespace fs = std::filesystem;

namespace {

std::vector<fs::path> folders(const std::string& name) {
  std::vector<fs::path> out;
  for (const auto& entry : fs::directory_iterator(fs::path(BUSWAY_SOURCE_DIR) / "tests/bundles" / name))
    out.push_back(entry.path());
  std::sort(out.begin(), out.end());
  return out;
}

std::string content_of(const fs::path& path) {
  std::ifstream in(path, std::ios::binary);
  return {std::istreambuf_iterator<char>(in), std::istreambuf_iterator<char>()};
}

std::string lines_of(const Findings& findings) {
  std::string out;
  for (const Finding& finding : findings.all()) out += to_text(finding) + "\n";
  return out;
}

}  // namespace

TEST_CASE("broken bundles have exactly the findings they expect") {
  auto bundles = folders("broken");
  CHECK(bundles.size() >= 20);
  for (const fs::path& path : bundles) {
    CAPTURE(path.filename().string());
    Findings findings;
    auto bundle = load_bundle(path.string(), cli::builtin_registry(), jsonata::language(), LoadMode::check, findings);
    CHECK(lines_of(findings) == content_of(path / "expected.txt"));
    CHECK((bundle.snapshot == nullptr) == findings.has_errors());
    for (const Finding& finding : findings.all()) {
      CAPTURE(finding.id);
      CHECK(find_diagnostic(finding.id) != nullptr);
    }
  }
}

TEST_CASE("good bundles have no findings and do what their tests say") {
  for (const fs::path& path : folders("good")) {
    CAPTURE(path.filename().string());
    Findings findings;
    auto bundle = load_bundle(path.string(), cli::builtin_registry(), jsonata::language(), LoadMode::test, findings);
    CHECK(lines_of(findings) == "");
    REQUIRE(bundle.snapshot);
    TestSuite suite = run_tests(bundle, cli::builtin_registry(), jsonata::language(), "", findings);
    CHECK(lines_of(findings) == "");
    CHECK(suite.passed > 0);
    for (const TestResult& result : suite.results) {
      CAPTURE(result.name);
      for (const Difference& difference : result.record.differences) FAIL_CHECK(difference.at.text() << ": " << difference.text);
    }
  }
}

TEST_CASE("a bundle that is not there is a finding") {
  Findings findings;
  auto bundle = load_bundle("/no/such/bundle", cli::builtin_registry(), jsonata::language(), LoadMode::check, findings);
  CHECK(bundle.snapshot == nullptr);
  CHECK(lines_of(findings) == "/no/such/bundle: error BW0001: cannot open '/no/such/bundle': No such file or directory\n");
}
