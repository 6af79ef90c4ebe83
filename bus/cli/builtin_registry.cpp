#include "bus/cli/builtin_registry.hpp"

#include "adapters/builtin.hpp"
#include "routes/steps/builtin.hpp"
#include "transforms/formats/builtin.hpp"
#include "transforms/steps/builtin.hpp"

namespace busway::cli {

const Registry& builtin_registry() {
  static const Registry registry = [] {
    Registry made;
    add_builtin_formats(made);
    add_builtin_adapters(made);
    add_builtin_transform_steps(made);
    routes::add_builtin_route_steps(made);
    return made;
  }();
  return registry;
}

}  // namespace busway::cli
