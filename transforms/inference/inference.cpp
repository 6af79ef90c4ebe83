#include "transforms/inference/inference.hpp"

#include <algorithm>

#include "transforms/inference/contract.hpp"
#include "transforms/inference/element_contract.hpp"
#include "transforms/inference/element_view.hpp"
#include "transforms/inference/interpreter.hpp"
#include "transforms/jsonata/compile.hpp"

namespace busway::inference {

namespace {

class Known final : public MessageKnowledge {
 public:
  void read_by(const ExpressionRef& expression, Findings& findings) const override;

  Shape shape{};
  Guards guards{};
  // Of the mapping that made it; empty when a schema says it.
  std::function<Position(std::int64_t)> place_of{};
  // Where its paths begin that lead to names which are never there: told already, and reason enough for a missing value.
  std::vector<std::int64_t> told{};
};

const Known* known_of(const KnownMessage& message) {
  return dynamic_cast<const Known*>(message.get());
}

struct Inferred {
  Shape shape{};
  Guards guards{};
  std::vector<StrayName> stray{};
};

Inferred infer(const std::string& text, Shape input) {
  Arena arena;
  jsonata::VariableNames names;
  jsonata::CompileOptions options;
  options.unknown_functions_fail = false;
  options.optimise = false;
  auto program = jsonata::compile(text, arena, names, options);
  if (!program) return {.shape = anything(), .guards = {.kinds = true, .missing = true}};
  Places places(text);
  Interpreter interpreter(*program->root, places, std::move(input));
  Inferred out;
  out.shape = interpreter.run();
  out.guards = {.kinds = interpreter.kinds_guarded(), .missing = interpreter.missing_guarded()};
  out.stray = interpreter.stray_names();
  return out;
}

// A route may be walked more than once, and ways may agree.
void report(Findings& findings, Finding::Severity severity, std::string id, const Position& at, std::string text) {
  for (const Finding& known : findings.all()) {
    if (known.id == id && known.at.line == at.line && known.at.column == at.column && known.text == text &&
        known.at.text() == at.text()) {
      return;
    }
  }
  if (severity == Finding::Severity::error) {
    findings.error(std::move(id), at, std::move(text));
  } else {
    findings.warning(std::move(id), at, std::move(text));
  }
}

void report_stray(const StrayName& stray, const ExpressionRef& mapping, Findings& findings) {
  std::string hint = stray.nearest.empty() ? "" : "; did you mean '" + stray.nearest + "'?";
  if (stray.never) {
    // A name that is not misspelt may stand there for messages of another version, with something else to take its place.
    report(findings, stray.nearest.empty() ? Finding::Severity::warning : Finding::Severity::error, "BW4208",
           mapping.place_of(stray.at),
           stray.source.empty() ? "the mapping before this makes no '" + stray.name + "'" + hint
                                : "the input has no '" + stray.name + "': " + stray.source + " does not allow it" + hint);
  } else {
    report(findings, Finding::Severity::warning, "BW4209", mapping.place_of(stray.at),
           stray.source + " does not declare '" + stray.name + "'" + hint);
  }
}

void Known::read_by(const ExpressionRef& expression, Findings& findings) const {
  if (!expression) return;
  for (const StrayName& stray : infer(expression.source, without_places(shape)).stray) report_stray(stray, expression, findings);
}

// What the mapping makes of the message that came this way.
std::shared_ptr<Known> result_of(const ExpressionRef& mapping, const KnownMessage& way, const MessageTrail& trail) {
  const Known* known = known_of(way);
  Shape input = known == nullptr ? anything() : without_places(known->shape);
  if (known != nullptr) {
    if (trail.guarded || known->guards.kinds) input.exact = false;
    if (trail.guarded || known->guards.missing) input.exact_missing = input.exact = false;
  }
  Inferred inferred = infer(mapping.source, std::move(input));
  auto out = std::make_shared<Known>();
  for (const StrayName& stray : inferred.stray) {
    report_stray(stray, mapping, trail.findings);
    out->told.push_back(stray.path);
  }
  out->shape = std::move(inferred.shape);
  out->guards = inferred.guards;
  out->place_of = mapping.place_of;
  return out;
}

// `against`: misfits of a shape under guards.
template <class Against>
void hold(const Known& known, bool guarded, Findings& findings, Against against) {
  if (!known.place_of) return;
  Guards guards = known.guards;
  if (guarded) guards = {.kinds = true, .missing = true};
  for (const Misfit& misfit : against(known.shape, guards)) {
    bool told = std::find(known.told.begin(), known.told.end(), misfit.at) != known.told.end();
    if (misfit.code == "BW4203" && told) continue;
    report(findings, misfit.certain ? Finding::Severity::error : Finding::Severity::warning, misfit.code,
           known.place_of(misfit.at), misfit.text);
  }
}

void hold_element(const Known& known, bool guarded, Findings& findings, const MessageContract& contract) {
  hold(known, guarded, findings, [&](const Shape& shape, Guards guards) { return misfits(shape, contract, guards); });
}

class ContractInference final : public MessageInference {
 public:
  KnownMessage body_of(const ContractPtr& contract) const override { return from_outside(shape_of(contract, true)); }
  KnownMessage document_of(const ContractPtr& contract) const override { return from_outside(shape_of(contract, false)); }

  void hold_message(const ContractPtr& contract, const MessageTrail& trail) const override {
    for (const KnownMessage& way : trail.known) {
      if (const Known* known = known_of(way)) hold_element(*known, trail.guarded, trail.findings, *contract);
    }
  }

  void hold_result(const ExpressionRef& mapping, const ContractPtr& contract, const MessageTrail& trail) const override {
    for (const KnownMessage& way : trail.known) {
      hold_element(*result_of(mapping, way, trail), trail.guarded, trail.findings, *contract);
    }
  }

 private:
  static KnownMessage from_outside(Shape shape) {
    auto out = std::make_shared<Known>();
    out->shape = std::move(shape);
    return out;
  }
};

}  // namespace

void follow_map(const ExpressionRef& mapping, MessageTrail& trail) {
  std::vector<KnownMessage> made;
  for (const KnownMessage& way : trail.known) made.push_back(result_of(mapping, way, trail));
  trail.known = std::move(made);
}

void follow_schema(const NamedPlan& schema, MessageTrail& trail) {
  bool from_outside = true;
  for (const KnownMessage& way : trail.known) {
    const Known* known = known_of(way);
    if (known == nullptr) continue;
    from_outside = false;
    hold(*known, trail.guarded, trail.findings,
         [&](const Shape& shape, Guards guards) { return misfits(shape, schema, guards); });
  }
  auto out = std::make_shared<Known>();
  out->shape = shape_of(schema, *schema.plan->root);
  // What a mapping or another schema said before may leave less than this one allows.
  if (!from_outside) out->shape = inexact(std::move(out->shape));
  trail.known.assign(1, std::move(out));
}

void follow_xsd(const ContractPtr& contract, MessageTrail& trail) {
  ContractInference inference;
  if (contract != nullptr) inference.hold_message(contract, trail);
  for (KnownMessage& way : trail.known) {
    if (way == nullptr && contract != nullptr && trail.plain_xml) {
      way = inference.document_of(contract);
    } else {
      trail.guarded = true;  // it may not fit
    }
  }
}

std::shared_ptr<const MessageInference> message_inference() {
  return std::make_shared<const ContractInference>();
}

Shape shape_of_result(const std::string& mapping, const Shape& input) {
  return infer(mapping, input).shape;
}

}  // namespace busway::inference
