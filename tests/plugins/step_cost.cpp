// What a step of a plugin costs beside a built-in one that does as little: runs a list of steps so many times, for counting.
//
//   step_cost LIBRARY none|builtin|plugin TIMES
#include <cstdio>
#include <cstdlib>
#include <string_view>

#include "bus/step_list.hpp"
#include "plugins/host/plugins.hpp"
#include "plugins/host/step.hpp"

using namespace busway;

namespace {

class Nothing final : public Step {
 public:
  Flow run(Exchange&) const override { return Flow::next; }
};

std::shared_ptr<const Step> plugin_step(const char* library) {
  auto plugin = plugins::Plugin::find({library, library}, plugins::Purpose::used);
  if (!plugin) {
    std::fprintf(stderr, "%s\n", plugin.error().text.c_str());
    std::exit(1);
  }
  auto instance = (*plugin)->make(0, {plugins::Setting()});
  return plugins::make_step((*plugin)->declaration().components[0], *plugin, std::move(**instance));
}

}  // namespace

int main(int argc, char** argv) {
  if (argc != 4) return 2;
  std::string_view what = argv[2];
  auto plugin = plugin_step(argv[1]);
  std::vector<StepList::Entry> entries;
  for (int i = 0; i < 10 && what != "none"; ++i) {
    StepList::Entry entry;
    entry.step = what == "plugin" ? plugin : std::make_shared<Nothing>();
    entries.push_back(std::move(entry));
  }
  StepList list(std::move(entries));
  Worker worker;
  Exchange exchange(worker);
  for (long left = std::atol(argv[3]); left > 0; --left) {
    if (list.run(exchange) != Flow::next) return 1;
  }
  return 0;
}
