#pragma once

#include <memory>
#include <optional>
#include <string>

#include "bus/inlets_by_condition.hpp"
#include "plugins/host/plugin.hpp"

namespace busway::plugins {

// A route's `from:` on a listener of a plugin's adapter.
class PluginInlet final : public InletByCondition {
 public:
  PluginInlet(std::string adapter, std::shared_ptr<const Plugin> plugin, std::optional<Instance> instance, Position at,
              std::string main, ExpressionRef when, const InletContext& context)
      : InletByCondition(std::move(when), std::move(at), context),
        adapter_(std::move(adapter)),
        plugin_(std::move(plugin)),
        instance_(std::move(instance)),
        main_(std::move(main)) {}

  std::string_view protocol() const override { return adapter_; }
  void* instance() const { return instance_ ? instance_->get() : nullptr; }
  // What stands behind the adapter's key: how a test says which route it means.
  const std::string& main() const { return main_; }

 private:
  std::string adapter_;
  std::shared_ptr<const Plugin> plugin_;  // behind the instance
  std::optional<Instance> instance_;
  std::string main_;
};

}  // namespace busway::plugins
