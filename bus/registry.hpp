#pragma once

#include <functional>
#include <map>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "bus/field.hpp"

namespace busway {

class Listener;
class Inlet;
class Target;
class Step;
class MessageInference;
struct ListenerContext;
struct InletContext;
struct TargetContext;
struct StepContext;

// A worked example of a declaration, as YAML. Each is checked as a test, in a bundle made around it: a format's stands behind
// `format:`; any other is by its top-level keys a piece of a bundle (`listeners`, `services`, `routes`), a route (`from`) or a
// step. Listeners and services that it names and does not declare are there; files it names lie in tests/cli/example_files.
struct Example {
  std::string title;
  std::string text;
};

// One role a component plays (an adapter's listener, a format, a step): its fields, and how to make it from them. `Made` is an
// interface of the bus, `Context` what the bus hands the factory.
template <class Made, class Context>
struct Role {
  std::vector<FieldInfo> fields;
  // Reads the fields from `node` and makes the thing, or reports findings and returns null. Phase `check`: no I/O but the bundle.
  std::function<std::unique_ptr<Made>(const ConfigNode& node, CheckContext& check, const Context& context)> make;
  explicit operator bool() const { return static_cast<bool>(make); }
};

// Builds a Role from a config struct's fields and a factory `unique_ptr<Made>(Config, const ConfigNode&, CheckContext&, const
// Context&)`.
template <class Config, class Made, class Context>
Role<Made, Context> role(Fields<Config> fields,
                         std::unique_ptr<Made> (*make)(Config, const ConfigNode&, CheckContext&, const Context&)) {
  Role<Made, Context> out;
  out.fields = fields.infos();
  out.make = [fields, make](const ConfigNode& node, CheckContext& check, const Context& context) -> std::unique_ptr<Made> {
    Config config;
    if (!fields.read(node, check, config)) return nullptr;
    return make(std::move(config), node, check, context);
  };
  return out;
}

// What a sender may rely on; `busway check` prints it for each route.
struct DeliveryBadge {
  std::string acknowledges;  // "when the route has replied"
  bool may_repeat = false;
  bool keeps_order = false;
};

// Speaks one protocol. `listener` binds, `inlet` reads a route's `from:`, `target` calls out, `call` holds the extra keys of a
// call step to such a service.
struct AdapterType {
  std::string name;
  std::string summary;  // one sentence
  std::string doc;      // a paragraph or two of Markdown for the reference page
  DeliveryBadge badge;
  std::string listens_on;  // the adapter whose listeners `on:` names ("http" for soap); empty when it has no source
  Role<Listener, ListenerContext> listener;
  Role<Inlet, InletContext> inlet;
  Role<Target, TargetContext> target;
  std::vector<FieldInfo> call;  // read by Target::read_call
  // Keys of the language that mean nothing to it, of a service ("headers"), a `from` ("error") or a call ("method"): a finding.
  std::vector<std::string> no_use_for{};
  std::vector<Example> examples;
};

struct FormatContext {};

struct FormatType {
  std::string name;
  std::string summary;
  std::string doc;
  std::vector<std::string> content_types;  // "application/json", "+json": what it reads when a message names it
  Role<const Format, FormatContext> format;
  std::vector<Example> examples;
};

struct StepType {
  std::string name;
  std::string summary;
  std::string doc;
  Role<Step, StepContext> step;
  std::vector<Example> examples;
};

// The components a busway binary knows. Filled by visible lines at start (adapters/builtin.cpp, ...), read-only afterwards.
class Registry {
 public:
  void add(AdapterType type);
  void add(FormatType type);
  void add(StepType type);

  // What checks ask about mappings; without it they know less.
  void add(std::shared_ptr<const MessageInference> inference) { inference_ = std::move(inference); }
  const MessageInference* inference() const { return inference_.get(); }

  const AdapterType* adapter(std::string_view name) const;
  const FormatType* format(std::string_view name) const;
  const StepType* step(std::string_view name) const;
  // In alphabetical order.
  const std::map<std::string, AdapterType, std::less<>>& adapters() const { return adapters_; }
  const std::map<std::string, FormatType, std::less<>>& formats() const { return formats_; }
  const std::map<std::string, StepType, std::less<>>& steps() const { return steps_; }

  // A format with its default options; null when there is none of that name or it needs options.
  const FormatPtr& plain_format(std::string_view name) const;
  // The default-option format for a Content-Type value ("application/json; charset=utf-8"), or null. Allocates nothing: every
  // message asks.
  const FormatPtr& format_for(std::string_view content_type) const;

 private:
  std::map<std::string, AdapterType, std::less<>> adapters_;
  std::map<std::string, FormatType, std::less<>> formats_;
  std::map<std::string, StepType, std::less<>> steps_;
  std::vector<std::pair<std::string, FormatPtr>> by_content_type_;
  std::map<std::string, FormatPtr, std::less<>> plain_;
  std::shared_ptr<const MessageInference> inference_;
};

}  // namespace busway
