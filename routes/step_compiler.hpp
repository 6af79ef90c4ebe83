#pragma once

#include <functional>
#include <map>
#include <memory>
#include <set>
#include <string>
#include <vector>

#include "bus/step_list.hpp"
#include "routes/bound_variables.hpp"
#include "routes/definition.hpp"

namespace busway::routes {

// Turns step lists and `on_error` lists into what runs. Reports findings and goes on, so that one check shows all mistakes; what
// it returns after findings is null or incomplete and must not run. One load, one thread.
class StepCompiler {
 public:
  using FindService = std::function<const Service*(const std::string& name, const Position& at)>;
  StepCompiler(const Definition& definition, const ExpressionLanguage& expressions, FindService service);

  // How far out a handler stands: at a step, or at a route or the bundle.
  enum class Level { step, outer };
  struct Scope {
    std::string route;     // "" inside a named list
    bool handler = false;  // inside on_error
    bool alone = false;    // the list is all there is of the route
  };

  // The entries of a list; a plain string among them names a list of the bundle's `steps:`.
  std::vector<StepList::Entry> entries(const ConfigNode& list, CheckContext& check, const Scope& scope);
  std::unique_ptr<StepList> list(const ConfigNode& list, CheckContext& check, const Scope& scope);
  ErrorHandlers handlers(const ConfigNode& node, CheckContext& check, const std::string& route, Level level);
  // A step by its name and the value of its key; null after findings.
  std::unique_ptr<Step> step(const std::string& type, const ConfigNode& value, CheckContext& check, const Scope& scope);
  // Compiles what no route has used, so that its mistakes show too.
  void compile_unused_lists(CheckContext& check);

 private:
  struct Named {
    bool in_progress = false;
    bool compiled[2] = {false, false};  // for a route, for a handler
    std::shared_ptr<const StepList> list[2];
  };
  std::optional<StepList::Entry> entry(const ConfigNode& item, CheckContext& check, const Scope& scope);
  std::optional<StepList::Entry> named_list(const ConfigNode& name, CheckContext& check, bool handler);
  std::optional<ErrorHandler> handler(const ConfigNode& node, CheckContext& check, const std::string& route, Level level);
  CheckContext in_handler(CheckContext& check) const;

  const Definition& definition_;
  BoundVariables in_route_;
  BoundVariables in_handler_;
  FindService service_;
  std::map<std::string, Named> named_;
};

}  // namespace busway::routes
