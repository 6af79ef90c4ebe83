#include "routes/library.hpp"

#include "bus/assert.hpp"
#include "bus/expression_library.hpp"
#include "routes/secrets.hpp"
#include "routes/source_text.hpp"
#include "routes/table.hpp"

namespace busway::routes {

namespace {

void read_functions(const ConfigNode& node, CheckContext& check, ExpressionLibrary& library,
                    std::vector<std::shared_ptr<const std::string>>& files) {
  if (node.kind != ConfigNode::Kind::string) {
    check.findings.error("BW1005", node.at,
                         "expected a file of functions, as lib.jsonata, found " + std::string(node.kind_name()));
    return;
  }
  auto content = check.files.read(node.text, node.at);
  if (!content) {
    check.findings.error(content.error().code.empty() ? "BW1008" : content.error().code, node.at, content.error().text);
    return;
  }
  auto file = std::make_shared<const std::string>(check.files.name_of(node.text, node.at));
  for (const auto& known : files) {
    if (*known != *file) continue;
    check.findings.error("BW2002", node.at, "'" + node.text + "' is named twice under 'functions'");
    return;
  }
  auto source = SourceText::read(*content, file, check.findings);
  if (!source) return;
  library.texts.push_back({*file, source->text()});
  files.push_back(std::move(file));
}

}  // namespace

std::shared_ptr<const ExpressionLanguage> load_library(const Definition& definition, CheckContext& check,
                                                       const ExpressionLanguage& expressions) {
  std::size_t before = check.findings.errors();
  ExpressionLibrary library;
  library.variables = {"headers", "vars", "path", "query", "message", "failure"};
  for (const Declared& table : definition.tables) {
    if (auto made = load_table(table, check)) library.tables.emplace(table.name(), std::move(made));
  }
  std::vector<std::shared_ptr<const std::string>> files;
  for (const ConfigNode* node : definition.functions) read_functions(*node, check, library, files);
  if (check.findings.errors() != before) return nullptr;
  if (library.tables.empty() && library.texts.empty()) return {std::shared_ptr<void>(), &expressions};
  std::vector<ExpressionLibrary::Problem> problems;
  const auto* extensible = dynamic_cast<const ExtensibleLanguage*>(&expressions);
  BUSWAY_ASSERT(extensible != nullptr);  // the one language there is
  auto made = extensible->with(library, problems);
  for (const ExpressionLibrary::Problem& problem : problems) {
    report_expression_error(problem.error, library.texts[problem.text].text, files[problem.text], check.findings);
  }
  return made;
}

std::shared_ptr<const ExpressionLanguage> load_library(const std::string& path, const Registry& registry,
                                                       const ExpressionLanguage& expressions, Findings& findings) {
  auto files = BundleDirectory::open(path);
  if (!files) {
    findings.error(files.error().code, {std::make_shared<const std::string>(path), 0, 0}, files.error().text);
    return nullptr;
  }
  SecretReferences secrets(SecretReferences::Reading::opaque);
  CheckContext check{findings, registry, **files, secrets, expressions};
  auto definition = read_definition(**files, check);
  auto made = load_library(*definition, check, expressions);
  return findings.has_errors() ? nullptr : made;
}

}  // namespace busway::routes
