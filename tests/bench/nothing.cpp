// A step of a shared library that does nothing: what a call across the border costs.
#include "busway_plugin.hpp"

namespace {

struct NothingConfig {
  std::string unused;
};

class Nothing {
 public:
  explicit Nothing(const NothingConfig&) {}
  busway::Flow run(busway::Message&) const { return busway::Flow::next; }
};

}  // namespace

BUSWAY_PLUGIN("nothing", "1.0.0", plugin) {
  busway::StepType nothing;
  nothing.name = "nothing_of_a_library";
  nothing.summary = "Does nothing.";
  nothing.step = busway::step<NothingConfig, Nothing>({{"unused", &NothingConfig::unused, "Not used."}});
  plugin.add(nothing);
}
