#include <algorithm>
#include <optional>
#include <vector>

#include "bus/compute.hpp"
#include "bus/step_list.hpp"
#include "transforms/steps/builtin.hpp"
#include "transforms/steps/expression_step.hpp"

namespace busway {

namespace {

struct Branch {
  ExpressionRef when;  // empty: otherwise
  std::shared_ptr<const StepList> steps;
};

class ChoiceStep final : public Step {
 public:
  explicit ChoiceStep(std::vector<Branch> branches) : branches_(std::move(branches)) {
    waits_ = std::any_of(branches_.begin(), branches_.end(), [](const Branch& branch) { return branch.steps->waits(); });
    ends_ = !branches_.back().when &&
            std::all_of(branches_.begin(), branches_.end(), [](const Branch& branch) { return branch.steps->ends_route(); });
  }

  bool waits() const override { return waits_; }
  bool ends_route() const override { return ends_; }

  void follow(MessageTrail& trail) const override {
    std::vector<KnownMessage> behind;
    bool always = false;  // some branch is taken
    bool plain_xml = trail.plain_xml;
    for (const Branch& branch : branches_) {
      trail.read_by(branch.when);
      MessageTrail inside = trail.branch();
      branch.steps->follow(inside);
      plain_xml = plain_xml && inside.plain_xml;
      always = always || !branch.when;
      if (!branch.steps->ends_route()) behind.insert(behind.end(), inside.known.begin(), inside.known.end());
    }
    if (!always) behind.insert(behind.end(), trail.known.begin(), trail.known.end());
    trail.guarded = true;
    trail.plain_xml = plain_xml;
    if (behind.empty()) return;  // no message comes here
    trail.known.assign(1, behind.front());
    trail.add(behind);
  }

  Flow run(Exchange& exchange) const override {
    auto chosen = choose(exchange);
    if (!chosen) return failed(exchange, chosen.error());
    return *chosen == nullptr ? Flow::next : (*chosen)->run(exchange);
  }

  Task<Flow> run_waiting(Exchange& exchange) const override {
    auto chosen = co_await compute(exchange, [&] { return choose(exchange); });
    if (!chosen) co_return failed(exchange, chosen.error());
    const StepList* steps = *chosen;
    Flow flow = Flow::next;
    if (steps == nullptr) co_return flow;
    if (steps->waits()) {
      flow = co_await steps->run_waiting(exchange);
    } else {
      flow = co_await compute(exchange, [&] { return steps->run(exchange); });
    }
    co_return flow;
  }

 private:
  // The steps of the first branch that is true; null when there is none.
  Result<const StepList*> choose(Exchange& exchange) const {
    for (const Branch& branch : branches_) {
      if (!branch.when) return branch.steps.get();
      auto value = evaluate(branch.when, exchange);
      if (!value) return std::unexpected(value.error());
      if (truthy(*value)) return branch.steps.get();
    }
    return nullptr;
  }

  static Flow failed(Exchange& exchange, const Error& error) {
    exchange.fail(error);
    return Flow::failed;
  }

  std::vector<Branch> branches_;
  bool waits_ = false;
  bool ends_ = false;
};

class ChoiceReader {
 public:
  ChoiceReader(CheckContext& check, const StepContext& context) : check_(check), context_(context) {}

  std::unique_ptr<Step> read(const ConfigNode& node) {
    if (!node.is_list() || node.items.empty()) {
      check_.findings.error("BW1005", node.at,
                            "choice must be a list of branches, each { when, steps }, found " +
                                std::string(node.is_list() ? "an empty list" : node.kind_name()));
      return nullptr;
    }
    std::size_t before = check_.findings.errors();
    std::vector<Branch> branches;
    for (std::size_t i = 0; i < node.items.size(); ++i) {
      if (auto branch = read_branch(node.items[i], i == 0, i + 1 == node.items.size())) branches.push_back(std::move(*branch));
    }
    if (check_.findings.errors() != before || branches.size() != node.items.size()) return nullptr;
    return std::make_unique<ChoiceStep>(std::move(branches));
  }

 private:
  std::optional<Branch> read_branch(const ConfigNode& node, bool first, bool last) {
    if (!node.is_map()) {
      check_.findings.error("BW1005", node.at,
                            "a branch must be { when, steps } or { otherwise: [steps] }, found " + std::string(node.kind_name()));
      return std::nullopt;
    }
    const ConfigNode::Entry* when = node.find("when");
    const ConfigNode::Entry* steps = node.find("steps");
    const ConfigNode::Entry* otherwise = node.find("otherwise");
    for (const ConfigNode::Entry& entry : node.entries) {
      if (&entry == when || &entry == steps || &entry == otherwise) continue;
      check_.findings.error(
          "BW1004", entry.key.at,
          "unknown key '" + entry.key.text + "'" + did_you_mean(entry.key.text, {"when", "steps", "otherwise"}));
    }
    Branch out;
    if (otherwise != nullptr) {
      if (when != nullptr || steps != nullptr) {
        check_.findings.error("BW2013", otherwise->key.at, "'otherwise' is a branch of its own: begin it with '- '");
      } else if (!last || first) {
        check_.findings.error("BW2013", otherwise->key.at,
                              first ? "a choice needs a branch with 'when' before 'otherwise'"
                                    : "'otherwise' must be the last branch: those behind it are never reached");
      }
      out.steps = context_.steps(otherwise->value, check_);
    } else {
      require(when, "when", node);
      require(steps, "steps", node);
      if (when != nullptr) read_value(when->value, Constraints{}, check_, out.when);
      if (steps != nullptr) out.steps = context_.steps(steps->value, check_);
    }
    if (out.steps == nullptr) return std::nullopt;
    return out;
  }

  void require(const ConfigNode::Entry* entry, const std::string& name, const ConfigNode& node) {
    if (entry == nullptr) check_.findings.error("BW1006", node.at, "a branch needs '" + name + "'");
  }

  CheckContext& check_;
  const StepContext& context_;
};

struct BranchConfig {
  ExpressionRef when;
  ConfigNode steps;
  ConfigNode otherwise;
};

}  // namespace

StepType choice_step() {
  Role<Step, StepContext> role;
  role.fields =
      Fields<BranchConfig>{{"when", &BranchConfig::when, "The branch is taken when this is true."},
                           {"steps", &BranchConfig::steps, "What is done then."},
                           {"otherwise", &BranchConfig::otherwise, "As the last branch: what is done when no other was true."}}
          .infos();
  role.make = [](const ConfigNode& node, CheckContext& check, const StepContext& context) {
    return ChoiceReader(check, context).read(node);
  };
  return {
      .name = "choice",
      .summary = "Runs the steps of the first branch whose condition is true.",
      .doc =
          "A list of branches. Conditions are taken as JSONata's `$boolean` takes them; nothing is false. When no branch is true "
          "and there is no `otherwise`, the route goes on.",
      .step = std::move(role),
      .examples = {{"Refuse what is out of stock",
                    "choice:\n  - when: $not($vars.reserved.code = \"00\")\n    steps: [ { reply: { status: 409 } } ]\n"
                    "  - otherwise: [ { map: '{ \"ok\": true }' } ]"}}};
}

}  // namespace busway
