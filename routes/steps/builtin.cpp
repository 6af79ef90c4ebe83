#include "routes/steps/builtin.hpp"

namespace busway::routes {

void add_builtin_route_steps(Registry& registry) {
  registry.add(call_step());
  registry.add(log_step());
  registry.add(remove_header_step());
  registry.add(reply_step());
  registry.add(set_header_step());
  registry.add(set_variable_step());
}

}  // namespace busway::routes
