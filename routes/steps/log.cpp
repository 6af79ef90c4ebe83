#include "bus/log.hpp"

#include "bus/route.hpp"
#include "bus/step.hpp"
#include "routes/steps/builtin.hpp"
#include "routes/steps/computed_text.hpp"

namespace busway::routes {

namespace {

struct LogConfig {
  std::string message;
  std::vector<std::pair<std::string, ExpressionRef>> fields;
};

class LogStep final : public Step {
 public:
  explicit LogStep(LogConfig config) : config_(std::move(config)) {}

  Flow run(Exchange& exchange) const override {
    std::vector<LogField> fields;
    fields.reserve(config_.fields.size() + 1);
    fields.emplace_back("message_id", exchange.id());
    for (const auto& [name, expression] : config_.fields) {
      auto value = value_of(expression, exchange);
      if (!value) {
        exchange.fail(value.error());
        return Flow::failed;
      }
      if (!value->is_nothing()) fields.emplace_back(name, *value);
    }
    log().write(LogLevel::info, config_.message, exchange.route == nullptr ? std::string_view() : exchange.route->name(), fields);
    return Flow::next;
  }

  void follow(MessageTrail& trail) const override {
    for (const auto& [name, expression] : config_.fields) trail.read_by(expression);
    trail.guarded = trail.guarded || !config_.fields.empty();
  }

 private:
  LogConfig config_;
};

std::unique_ptr<Step> make(LogConfig config, const ConfigNode&, CheckContext&, const StepContext&) {
  return std::make_unique<LogStep>(std::move(config));
}

}  // namespace

StepType log_step() {
  return {.name = "log",
          .summary = "Writes a line to the log: a fixed sentence and computed fields.",
          .doc = "The message and its id go with it. Lines of one sentence in one route are limited to ten a second.",
          .step = role<LogConfig, Step, StepContext>(
              {{"message", &LogConfig::message, "A fixed sentence; what changes belongs in fields.", required(), shorthand()},
               {"fields", &LogConfig::fields, "Names and expressions; a result of nothing is left out."}},
              make),
          .examples = {{"Who ordered", "log: { message: Order received., fields: { customer: customer.id } }"}}};
}

}  // namespace busway::routes
