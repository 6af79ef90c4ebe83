#include "transforms/formats/builtin.hpp"

#include "transforms/formats/bytes.hpp"
#include "transforms/formats/csv.hpp"
#include "transforms/formats/fixed.hpp"
#include "transforms/formats/form.hpp"
#include "transforms/formats/json.hpp"
#include "transforms/formats/lines.hpp"
#include "transforms/formats/text.hpp"
#include "transforms/formats/xml.hpp"

namespace busway {

void add_builtin_formats(Registry& registry) {
  registry.add(bytes_format());
  registry.add(csv_format());
  registry.add(fixed_format());
  registry.add(form_format());
  registry.add(json_format());
  registry.add(lines_format());
  registry.add(ndjson_format());
  registry.add(text_format());
  registry.add(xml_format());
}

}  // namespace busway
