#include <unistd.h>

#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <string>

#include "bus/assert.hpp"
#include "bus/cli/builtin_registry.hpp"
#include "routes/compile.hpp"
#include "transforms/jsonata/jsonata.hpp"

namespace {

// A directory of this process, removed at its end.
class BundleOnDisk {
 public:
  BundleOnDisk() {
    directory_ = (std::filesystem::temp_directory_path() / "busway-fuzz-XXXXXX").string();
    BUSWAY_ASSERT(mkdtemp(directory_.data()) != nullptr);
  }
  ~BundleOnDisk() {
    std::error_code ignored;
    std::filesystem::remove_all(directory_, ignored);
  }
  const std::string& directory() const { return directory_; }
  void write(const char* name, const std::uint8_t* data, std::size_t size) const {
    std::ofstream out(directory_ + "/" + name, std::ios::binary);
    out.write(reinterpret_cast<const char*>(data), static_cast<std::streamsize>(size));
  }

 private:
  std::string directory_;
};

}  // namespace

// Any bytes as a route file: they load or give findings, each with an id and a place in the file.
extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  if (size > 64 * 1024) return 0;
  static const BundleOnDisk bundle;
  bundle.write("routes.yaml", data, size);
  busway::Findings findings;
  auto loaded = busway::routes::load_bundle(bundle.directory(), busway::cli::builtin_registry(), busway::jsonata::language(),
                                            busway::routes::LoadMode::check, findings);
  BUSWAY_ASSERT((loaded.snapshot == nullptr) == findings.has_errors());
  for (const busway::Finding& finding : findings.all()) {
    BUSWAY_ASSERT(finding.id.starts_with("BW") && !finding.text.empty() && finding.at.file != nullptr);
  }
  return 0;
}
