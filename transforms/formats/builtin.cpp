#include "transforms/formats/builtin.hpp"

#include "transforms/formats/fixed.hpp"
#include "transforms/formats/json.hpp"
#include "transforms/formats/xml.hpp"

namespace busway {

void add_builtin_formats(Registry& registry) {
  registry.add(fixed_format());
  registry.add(json_format());
  registry.add(xml_format());
}

}  // namespace busway
