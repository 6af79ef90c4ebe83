#include "transforms/steps/builtin.hpp"

#include "transforms/inference/inference.hpp"

namespace busway {

void add_builtin_transform_steps(Registry& registry) {
  registry.add(inference::message_inference());
  registry.add(choice_step());
  registry.add(filter_step());
  registry.add(map_step());
  registry.add(validate_step());
}

}  // namespace busway
