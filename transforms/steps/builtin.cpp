#include "transforms/steps/builtin.hpp"

namespace busway {

void add_builtin_transform_steps(Registry& registry) {
  registry.add(choice_step());
  registry.add(filter_step());
  registry.add(map_step());
  registry.add(validate_step());
}

}  // namespace busway
