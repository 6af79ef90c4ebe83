#include "bus/registry.hpp"

#include "bus/assert.hpp"
#include "bus/headers.hpp"

namespace busway {

namespace {

// For making a format from its defaults: nothing may be asked for.
class NoFiles final : public BundleFiles {
 public:
  Result<std::string> read(std::string_view, const Position&) const override { return fail(ErrorKind::config, "no bundle"); }
  std::string name_of(std::string_view path, const Position&) const override { return std::string(path); }
  std::optional<ConfigNode> read_yaml(std::string_view, const ConfigNode&, Findings&) const override { return std::nullopt; }
};
class NoSecrets final : public Secrets {
 public:
  Result<std::string> expand(std::string_view text, const Position&) const override { return std::string(text); }
};
class NoExpressions final : public ExpressionLanguage {
 public:
  Result<std::shared_ptr<const Expression>> compile(std::string_view, std::vector<ExpressionWarning>*) const override {
    return fail(ErrorKind::config, "no expression language");
  }
};

}  // namespace

void Registry::add(AdapterType type) {
  std::string name = type.name;
  BUSWAY_ASSERT(adapters_.emplace(std::move(name), std::move(type)).second);
}

void Registry::add(FormatType type) {
  std::string name = type.name;
  BUSWAY_ASSERT(!formats_.contains(name));
  const FormatType& added = formats_.emplace(name, std::move(type)).first->second;
  Findings findings;
  CheckContext context{findings, *this, NoFiles(), NoSecrets(), NoExpressions()};
  ConfigNode none;
  none.kind = ConfigNode::Kind::map;
  if (auto plain = added.format.make(none, context, FormatContext{}); plain && !findings.has_errors()) {
    plain_.emplace(name, std::move(plain));
  }
  for (std::string_view exact : added.content_types) by_content_type_.emplace_back(exact, plain_format(name));
}

void Registry::add(StepType type) {
  std::string name = type.name;
  BUSWAY_ASSERT(steps_.emplace(std::move(name), std::move(type)).second);
}

const AdapterType* Registry::adapter(std::string_view name) const {
  auto at = adapters_.find(name);
  return at == adapters_.end() ? nullptr : &at->second;
}
const FormatType* Registry::format(std::string_view name) const {
  auto at = formats_.find(name);
  return at == formats_.end() ? nullptr : &at->second;
}
const StepType* Registry::step(std::string_view name) const {
  auto at = steps_.find(name);
  return at == steps_.end() ? nullptr : &at->second;
}

const FormatPtr& Registry::plain_format(std::string_view name) const {
  static const FormatPtr none;
  auto at = plain_.find(name);
  return at == plain_.end() ? none : at->second;
}

const FormatPtr& Registry::format_for(std::string_view content_type) const {
  std::string_view type = content_type.substr(0, content_type.find(';'));
  while (!type.empty() && type.back() == ' ') type.remove_suffix(1);
  for (const auto& [known, format] : by_content_type_) {
    if (known.size() == type.size() && equal_ignoring_case(known, type)) return format;
  }
  std::size_t plus = type.rfind('+');
  std::size_t slash = type.find('/');
  const FormatType* by_family = nullptr;
  for (const auto& [name, format] : formats_) {
    for (std::string_view known : format.content_types) {
      bool suffix = known.starts_with('+') && plus != std::string_view::npos && equal_ignoring_case(type.substr(plus), known);
      bool family = known.ends_with("/*") && slash != std::string_view::npos &&
                    equal_ignoring_case(type.substr(0, slash), known.substr(0, known.size() - 2));
      if (suffix || (family && by_family == nullptr)) by_family = &format;
    }
  }
  return plain_format(by_family == nullptr ? std::string_view() : by_family->name);
}

}  // namespace busway
