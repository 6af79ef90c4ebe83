#include "transforms/formats/builtin.hpp"

#include "transforms/formats/json.hpp"

namespace busway {

void add_builtin_formats(Registry& registry) {
  registry.add(json_format());
}

}  // namespace busway
