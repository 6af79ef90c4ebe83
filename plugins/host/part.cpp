#include "plugins/host/part.hpp"

namespace busway::plugins {

Part::Part(std::shared_ptr<const Plugin> plugin, std::size_t index, std::uint32_t part, std::vector<FieldInfo> more)
    : plugin_(std::move(plugin)), index_(index), part_(part) {
  for (const FieldDeclaration& declared : declared_fields()) {
    fields_.push_back(*DeclaredField::make(declared));  // they have been checked with the declaration
    infos_.push_back(fields_.back().info());
  }
  for (FieldInfo& info : more) infos_.push_back(std::move(info));
}

const std::vector<FieldDeclaration>& Part::declared_fields() const {
  return part_ == 0 ? declared().fields : declared().adapter.fields(part_);
}

bool Part::read(const ConfigNode& node, CheckContext& check, std::vector<Setting>& out,
                const std::function<bool(std::size_t, const ConfigNode&)>& more) const {
  for (const DeclaredField& field : fields_) out.push_back(field.left_out());
  return read_fields(node, infos_, {}, check, [&](std::size_t at, const ConfigNode& value) {
    return at < fields_.size() ? fields_[at].read(value, check, out[at]) : more(at - fields_.size(), value);
  });
}

void Part::report(const Refusal& refusal, const ConfigNode& node, CheckContext& check) const {
  const ConfigNode::Entry* entry = node.is_map() ? node.find(refusal.field) : nullptr;
  std::string text = "the plugin " + plugin_->file().shown + " ";
  text += refusal.error.code.empty() ? "refuses this: " + refusal.error.text : refusal.error.text;
  check.findings.error(refusal.error.code.empty() ? "BW7010" : refusal.error.code, entry == nullptr ? node.at : entry->value.at,
                       text);
}

bool Part::make(const ConfigNode& node, CheckContext& check, const std::vector<Setting>& settings, const Making& making,
                std::optional<Instance>& out) const {
  if (auto tried = plugin_->try_settings(index_, settings, making); !tried) {
    report(tried.error(), node, check);
    return false;
  }
  auto made = plugin_->make(index_, settings, making);
  if (!made) {
    report(made.error(), node, check);
    return false;
  }
  if (*made) out.emplace(std::move(**made));
  return true;
}

}  // namespace busway::plugins
