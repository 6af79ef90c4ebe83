#include "routes/steps/builtin.hpp"
#include "routes/steps/computed_text.hpp"
#include "routes/steps/header_fields.hpp"
#include "routes/steps/set_headers.hpp"

namespace busway::routes {

Result<void> SetHeaders::apply(Exchange& exchange, Headers& headers) const {
  // All values first: a field that fails leaves the others alone.
  Collector<std::string_view> values(exchange.arena());
  for (const auto& [name, text] : fields_) {
    auto value = text_of(text, exchange);
    if (!value) return value.error().while_doing("computing the header field '" + name + "'");
    if (!good_header_value(*value))
      return fail(ErrorKind::mapping, "the header field '" + name + "' would hold a line break or a control character");
    values.push(*value);
  }
  for (std::size_t i = 0; i < fields_.size(); ++i) headers.set(fields_[i].first, values.items()[i]);
  return {};
}

bool SetHeaders::read(const ConfigNode& node, CheckContext& check) {
  bool good = read_value(node, Constraints{}, check, fields_);
  if (!node.is_map()) return good;
  for (std::size_t i = 0; i < node.entries.size(); ++i) {
    good = check_header_name(node.entries[i].key.text, node.entries[i].key.at, check) && good;
    if (i < fields_.size()) good = check_header_value(fields_[i].second.text, node.entries[i].value.at, check) && good;
  }
  return good;
}

namespace {

class SetHeaderStep final : public Step {
 public:
  explicit SetHeaderStep(SetHeaders headers) : headers_(std::move(headers)) {}
  bool touches_body() const override { return false; }
  void follow(MessageTrail& trail) const override { trail.guarded = true; }  // its expression may fail
  Flow run(Exchange& exchange) const override {
    auto set = headers_.apply(exchange, exchange.message().headers);
    if (set) return Flow::next;
    exchange.fail(set.error());
    return Flow::failed;
  }

 private:
  SetHeaders headers_;
};

}  // namespace

StepType set_header_step() {
  Role<Step, StepContext> role;
  FieldInfo any;
  TypeInfo type = describe(std::vector<std::pair<std::string, TextRef>>{});
  any.name = "NAME";
  any.doc = "The value of the header field NAME.";
  any.type = type.name;
  any.schema = type.schema;
  any.shorthand = true;
  role.fields = {any};
  role.make = [](const ConfigNode& node, CheckContext& check, const StepContext&) -> std::unique_ptr<Step> {
    SetHeaders headers;
    if (!headers.read(node, check)) return nullptr;
    return std::make_unique<SetHeaderStep>(std::move(headers));
  };
  return {.name = "set_header",
          .summary = "Sets header fields of the message.",
          .doc =
              "A mapping of names to values, each a text or `{ expr: ... }`. A field set here replaces all of its name and "
              "travels on, "
              "also when the body is replaced. Fields that frame a message are refused.",
          .step = std::move(role),
          .examples = {{"A fixed and a computed one", "set_header: { X-System: busway, X-Order: { expr: $path.id } }"}}};
}

}  // namespace busway::routes
