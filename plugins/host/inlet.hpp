#pragma once

#include <memory>
#include <optional>
#include <string>

#include "bus/listener.hpp"
#include "plugins/host/plugin.hpp"

namespace busway::plugins {

// A route's `from:` on a listener of a plugin's adapter.
class PluginInlet final : public Inlet {
 public:
  PluginInlet(std::string adapter, std::shared_ptr<const Plugin> plugin, std::optional<Instance> instance, Position at,
              std::string main, ExpressionRef when, const InletContext& context)
      : adapter_(std::move(adapter)),
        plugin_(std::move(plugin)),
        instance_(std::move(instance)),
        at_(std::move(at)),
        main_(std::move(main)),
        when_(std::move(when)),
        route_(context.route),
        error_(context.error),
        format_(context.format),
        turned_(format_ == nullptr ? nullptr : format_->for_service()) {}

  std::string_view protocol() const override { return adapter_; }
  const Route& route() const override { return *route_; }
  const Position& at() const override { return at_; }

  void* instance() const { return instance_ ? instance_->get() : nullptr; }
  // What stands behind the adapter's key: how a test says which route it means.
  const std::string& main() const { return main_; }
  const ExpressionRef& when() const { return when_; }
  const ExpressionRef& error() const { return error_; }
  // Null for adapters of documents.
  const Format* format() const { return format_.get(); }
  // The caller's view of it, for tests: writes requests, reads replies.
  const Format& turned() const { return turned_ ? *turned_ : *format_; }

 private:
  std::string adapter_;
  std::shared_ptr<const Plugin> plugin_;  // behind the instance
  std::optional<Instance> instance_;
  Position at_;
  std::string main_;
  ExpressionRef when_;
  const Route* route_;
  ExpressionRef error_;
  FormatPtr format_;
  FormatPtr turned_;
};

}  // namespace busway::plugins
