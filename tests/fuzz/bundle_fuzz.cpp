#include <cstdlib>
#include <string>

#include "bus/assert.hpp"
#include "bus/cli/builtin_registry.hpp"
#include "routes/compile.hpp"
#include "tests/fakes/temporary_directory.hpp"
#include "transforms/jsonata/jsonata.hpp"

// Any bytes as a route file: they load or give findings, each with an id and a place in the file.
extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  if (size > 64 * 1024) return 0;
  static const busway::fakes::TemporaryDirectory bundle;
  bundle.write("routes.yaml", {reinterpret_cast<const char*>(data), size});
  busway::Findings findings;
  auto loaded = busway::routes::load_bundle(bundle.path().string(), busway::cli::builtin_registry(), busway::jsonata::language(),
                                            busway::routes::LoadMode::check, findings);
  BUSWAY_ASSERT((loaded.snapshot == nullptr) == findings.has_errors());
  for (const busway::Finding& finding : findings.all()) {
    BUSWAY_ASSERT(finding.id.starts_with("BW") && !finding.text.empty() && finding.at.file != nullptr);
  }
  return 0;
}
