#include <optional>

#include "bus/exchange.hpp"
#include "bus/step.hpp"
#include "transforms/inference/inference.hpp"
#include "transforms/schema/bundle_schemas.hpp"
#include "transforms/schema/report.hpp"
#include "transforms/schema/validation.hpp"
#include "transforms/schema/xsd.hpp"
#include "transforms/schema/xsd_subject.hpp"
#include "transforms/steps/builtin.hpp"

namespace busway {

namespace {

enum class Formats { annotate, check };

struct ValidateConfig {
  std::string json_schema;
  std::string xsd;
  schema::Draft draft = schema::Draft::draft2020;
  Formats formats = Formats::annotate;
  std::vector<std::string> schemas;
};

Flow refuse(Exchange& exchange, const std::string& against, const std::vector<schema::Violation>& violations) {
  Failure failure;
  failure.kind = ErrorKind::invalid;
  failure.status = default_status(ErrorKind::invalid, exchange.message().side());
  failure.message = "validating the body against " + against + ": " + schema::summary(violations);
  failure.errors = schema::to_document(violations, exchange.arena());
  exchange.fail(std::move(failure));
  return Flow::failed;
}

class JsonSchemaStep final : public Step {
 public:
  JsonSchemaStep(std::shared_ptr<const schema::Plan> plan, std::string name) : plan_(std::move(plan)), name_(std::move(name)) {}

  Flow run(Exchange& exchange) const override {
    auto document = exchange.message().document(exchange.arena());
    if (!document) {
      exchange.fail(document.error());
      return Flow::failed;
    }
    if (document->is_nothing()) return refuse(exchange, name_, {{.pointer = "", .expected = "a body", .got = "none"}});
    auto result = schema::validate(*plan_, *document);
    return result.valid() ? Flow::next : refuse(exchange, name_, result.violations);
  }

  void follow(MessageTrail& trail) const override { inference::follow_schema({plan_, name_}, trail); }

 private:
  std::shared_ptr<const schema::Plan> plan_;
  std::string name_;
};

class XsdStep final : public Step {
 public:
  XsdStep(std::shared_ptr<const schema::XsdSchema> xsd, std::string name) : xsd_(std::move(xsd)), name_(std::move(name)) {}

  Flow run(Exchange& exchange) const override {
    auto subject = schema::xsd_subject(exchange, *xsd_);
    if (!subject && subject.error().kind == ErrorKind::invalid) {
      return refuse(exchange, name_, {{.pointer = "/", .got = subject.error().text, .xpath = true}});
    }
    if (!subject) {
      exchange.fail(subject.error());
      return Flow::failed;
    }
    if (subject->element == nullptr) {
      return refuse(exchange, name_, {{.pointer = "/", .expected = "an element", .got = "none", .xpath = true}});
    }
    auto violations = xsd_->validate(*subject->element, subject->around);
    return violations.empty() ? Flow::next : refuse(exchange, name_, violations);
  }

  void follow(MessageTrail& trail) const override { inference::follow_xsd(xsd_->contract(), trail); }

 private:
  std::shared_ptr<const schema::XsdSchema> xsd_;
  std::string name_;
};

std::unique_ptr<Step> make_json_schema(const ValidateConfig& config, const ConfigNode& node, CheckContext& check) {
  std::vector<ConfigNode> listed;
  if (const ConfigNode::Entry* schemas = node.find("schemas")) {
    listed = schemas->value.is_list() ? schemas->value.items : std::vector<ConfigNode>{schemas->value};
  }
  schema::CompileOptions options{.draft = config.draft, .assert_formats = config.formats == Formats::check};
  auto plan = schema::load_json_schema(node.find("json_schema")->value, listed, options, check);
  return plan == nullptr ? nullptr : std::make_unique<JsonSchemaStep>(std::move(plan), config.json_schema);
}

std::unique_ptr<Step> make_xsd(const ValidateConfig& config, const ConfigNode& node, CheckContext& check) {
  for (const char* key : {"draft", "formats", "schemas"}) {
    const ConfigNode::Entry* entry = node.find(key);
    if (entry == nullptr) continue;
    check.findings.error("BW2022", entry->key.at, "'" + entry->key.text + "' is for 'json_schema' only");
    return nullptr;
  }
  auto xsd = schema::XsdSchema::load(node.find("xsd")->value, check);
  return xsd == nullptr ? nullptr : std::make_unique<XsdStep>(std::move(xsd), config.xsd);
}

std::unique_ptr<Step> make(ValidateConfig config, const ConfigNode& node, CheckContext& check, const StepContext&) {
  bool json = node.find("json_schema") != nullptr;
  const ConfigNode::Entry* xsd = node.find("xsd");
  if (json && xsd != nullptr) {
    check.findings.error("BW2022", xsd->key.at, "'json_schema' and 'xsd' are two steps: begin each with '- validate:'");
    return nullptr;
  }
  if (!json && xsd == nullptr) {
    check.findings.error("BW1006", node.at, "validate needs 'json_schema' or 'xsd'");
    return nullptr;
  }
  return json ? make_json_schema(config, node, check) : make_xsd(config, node, check);
}

}  // namespace

StepType validate_step() {
  using schema::Draft;
  Fields<ValidateConfig> fields{
      {"json_schema", &ValidateConfig::json_schema,
       "The JSON Schema, a file of the bundle; .yaml and .yml are read as "
       "YAML."},
      {"xsd", &ValidateConfig::xsd, "The XML Schema, a file of the bundle."},
      {"draft", &ValidateConfig::draft, "What a JSON Schema without `$schema` is read as.",
       one_of<Draft>({{"draft-04", Draft::draft4}, {"draft-07", Draft::draft7}, {"2020-12", Draft::draft2020}})},
      {"formats", &ValidateConfig::formats,
       "Whether a JSON Schema's `format` is checked, or only says what is "
       "meant, as the drafts have it.",
       one_of<Formats>({{"annotate", Formats::annotate}, {"check", Formats::check}})},
      {"schemas", &ValidateConfig::schemas, "Further JSON Schemas that the first one refers to by their `$id`."}};
  return {.name = "validate",
          .summary = "Holds the body against a schema and fails when it does not fit.",
          .doc =
              "The message stays as it is, or the step fails with kind "
              "`invalid` and status 422. `$failure.errors` and the default "
              "answer list what is wrong: `pointer` (where in the body; "
              "`xpath` in XML), `detail`, `expected`, `got`, `keyword` and "
              "`schema` (where in the schema). Schemas are compiled at load "
              "and checked by `busway check`; what they refer to are files "
              "of the bundle, never of a network. docs/validation.md tells "
              "the rest.",
          .step = role<ValidateConfig, Step, StepContext>(fields, make),
          .examples = {{"Refuse what is no order", "validate: { json_schema: order.schema.json }"},
                       {"Check formats too, and name the schema of addresses",
                        "validate:\n  json_schema: order.schema.json\n  "
                        "formats: check\n  schemas: [ address.schema.json ]"},
                       {"An XML Schema", "validate: { xsd: order.xsd }"}}};
}

}  // namespace busway
