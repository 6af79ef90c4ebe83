#include "bus/step.hpp"
#include "routes/steps/builtin.hpp"
#include "routes/steps/header_fields.hpp"

namespace busway::routes {

namespace {

struct RemoveHeaderConfig {
  std::vector<std::string> names;
};

class RemoveHeaderStep final : public Step {
 public:
  explicit RemoveHeaderStep(std::vector<std::string> names) : names_(std::move(names)) {}
  bool touches_body() const override { return false; }
  void follow(MessageTrail&) const override {}
  Flow run(Exchange& exchange) const override {
    for (const std::string& name : names_) exchange.message().headers.remove(name);
    return Flow::next;
  }

 private:
  std::vector<std::string> names_;
};

std::unique_ptr<Step> make(RemoveHeaderConfig config, const ConfigNode& node, CheckContext& check, const StepContext&) {
  bool good = true;
  for (std::size_t i = 0; i < config.names.size(); ++i) {
    const Position& at = node.is_list() ? node.items[i].at : node.at;
    good = check_header_name(config.names[i], at, check) && good;
  }
  if (!good) return nullptr;
  return std::make_unique<RemoveHeaderStep>(std::move(config.names));
}

}  // namespace

StepType remove_header_step() {
  return {.name = "remove_header",
          .summary = "Removes header fields of the message.",
          .doc = "Every field of each name goes, received or set.",
          .step = role<RemoveHeaderConfig, Step, StepContext>(
              {{"names", &RemoveHeaderConfig::names, "The names of the fields.", required(), shorthand()}}, make),
          .examples = {{"Keep the caller's cookies to ourselves", "remove_header: [Cookie]"}}};
}

}  // namespace busway::routes
