#pragma once

#include <map>
#include <memory>
#include <set>
#include <string>

#include "bus/engine.hpp"
#include "bus/registry.hpp"
#include "routes/compile.hpp"
#include "routes/compiled_route.hpp"
#include "routes/definition.hpp"
#include "routes/language_fields.hpp"
#include "routes/step_compiler.hpp"

namespace busway::routes {

// Makes a Snapshot of a Definition: services first, then listeners, then routes with their inlets and steps. What fails to build
// still counts as declared, so that one mistake is one finding. One load.
class BundleCompiler {
 public:
  BundleCompiler(const Definition& definition, CheckContext& check, const ExpressionLanguage& expressions);

  void compile(LoadedBundle& out);

 private:
  // A listener of the bundle; `made` is null after findings.
  struct DeclaredListener {
    const Declared* declared = nullptr;
    const AdapterType* adapter = nullptr;
    std::unique_ptr<Listener> made;
    FormatPtr format;
    bool used = false;
  };
  // The adapter's key of a mapping whose other keys are the language's.
  struct AdapterKey {
    const AdapterType* type = nullptr;
    const ConfigNode::Entry* entry = nullptr;
  };

  void compile_service(const Declared& declared);
  void compile_listener(const Declared& declared);
  void compile_route(const Declared& declared, LoadedBundle& out);
  // What is known of the messages it takes goes into `trail`.
  void compile_inlet(const Declared& declared, const ConfigNode& from, const Route& route, MessageTrail& trail,
                     LoadedBundle& out);
  StepList compile_steps(const Declared& declared, bool& whole);
  DeclaredListener* find_listener(const ConfigNode& from, const AdapterType& adapter, const Position& at);
  const Service* find_service(const std::string& name, const Position& at);
  AdapterKey find_adapter(const ConfigNode& node, Place place, const std::vector<std::string_view>& own_keys);
  // The value of the adapter's key without words this version does not build; nullopt when there were some.
  std::optional<ConfigNode> without_unbuilt(const ConfigNode& value, const std::vector<FieldInfo>& fields);
  // The fields that an adapter reads from `from:`, as one mapping; nullopt after findings.
  std::optional<ConfigNode> inlet_node(const ConfigNode& from, const AdapterKey& adapter);

  const Definition& definition_;
  CheckContext check_;
  BoundVariables in_route_;
  BoundVariables in_handler_;
  StepCompiler steps_;
  std::map<std::string, std::unique_ptr<Service>> services_;
  std::set<std::string> used_services_;
  std::map<std::string, DeclaredListener> listeners_;
  std::map<std::string, std::unique_ptr<Route>> routes_;
  std::shared_ptr<const ErrorHandlers> on_error_;
};

}  // namespace busway::routes
