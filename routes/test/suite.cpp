#include "routes/test/suite.hpp"

#include "routes/secrets.hpp"
#include "routes/yaml.hpp"

namespace busway::routes {

TestSuite run_tests(const LoadedBundle& bundle, const Registry& registry, const ExpressionLanguage& expressions,
                    const std::string& filter, Findings& findings) {
  TestSuite suite;
  SecretReferences secrets(SecretReferences::Reading::opaque);
  CheckContext check{findings, registry, *bundle.files, secrets, expressions};
  for (const std::string& path : bundle.files->test_files()) {
    ++suite.files;
    auto file = std::make_shared<const std::string>(path);
    auto bytes = bundle.files->read_file(path);
    if (!bytes) {
      findings.error("BW0001", {file, 0, 0}, bytes.error().text);
      continue;
    }
    auto documents = read_yaml_documents(*bytes, file, findings);
    if (!documents) continue;
    for (const ConfigNode& document : *documents) {
      // What stands before a first or behind a last `---`.
      if (document.kind == ConfigNode::Kind::null && document.text.empty()) continue;
      auto test = read_test(document, bundle, check);
      if (!test || test->name.find(filter) == std::string::npos) continue;
      TestResult result{test->name, test->at, run_test(*test, *bundle.snapshot)};
      ++(result.passed() ? suite.passed : suite.failed);
      suite.results.push_back(std::move(result));
    }
  }
  findings.sort();
  return suite;
}

}  // namespace busway::routes
