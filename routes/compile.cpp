#include "routes/compile.hpp"

#include <set>

#include "routes/bundle_compiler.hpp"
#include "routes/definition.hpp"
#include "routes/library.hpp"
#include "routes/secrets.hpp"

namespace busway::routes {

namespace {

// A named list used in routes and in handlers is compiled for both: what is wrong in it is still one mistake.
void add_once(Findings& from, Findings& to) {
  from.sort();
  std::set<std::string> seen;
  for (const Finding& finding : from.all()) {
    if (!seen.insert(to_text(finding)).second) continue;
    if (finding.severity == Finding::Severity::error) {
      to.error(finding.id, finding.at, finding.text);
    } else {
      to.warning(finding.id, finding.at, finding.text);
    }
  }
}

}  // namespace

LoadedBundle load_bundle(const std::string& path, const Registry& registry, const ExpressionLanguage& expressions, LoadMode mode,
                         Findings& findings) {
  LoadedBundle out;
  auto files = BundleDirectory::open(path);
  if (!files) {
    findings.error(files.error().code, {std::make_shared<const std::string>(path), 0, 0}, files.error().text);
    return out;
  }
  out.files = std::move(*files);
  Findings found;
  SecretReferences secrets(mode == LoadMode::run ? SecretReferences::Reading::resolved : SecretReferences::Reading::opaque);
  CheckContext check{found, registry, *out.files, secrets, expressions};
  auto definition = read_definition(*out.files, check);
  if (definition->events != nullptr) out.events = *definition->events;
  out.expressions = load_library(*definition, check, expressions);
  // Without them every use of a table or a function would be a mistake of its own.
  if (out.expressions != nullptr) BundleCompiler(*definition, check, *out.expressions).compile(out);
  add_once(found, findings);
  return out;
}

}  // namespace busway::routes
