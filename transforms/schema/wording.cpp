#include "transforms/schema/wording.hpp"

#include <array>

#include "bus/json_text.hpp"
#include "bus/number_text.hpp"
#include "transforms/formats/utf8.hpp"

namespace busway::schema {

std::string describe(const Node& value) {
  constexpr std::size_t longest_number = 40;
  switch (value.kind()) {
    case Node::Kind::string: return "\"" + printable(value.text()) + "\"";
    case Node::Kind::number: {
      char buffer[32];
      std::string text(number_to_text(value, buffer));
      return text.size() <= longest_number ? text : text.substr(0, longest_number) + "...";
    }
    case Node::Kind::boolean: return value.as_boolean() ? "true" : "false";
    case Node::Kind::array: return "an array of " + counted(value.size(), "item");
    case Node::Kind::object: return "an object with " + counted(value.size(), "member");
    default: return std::string(busway::name_of(value.kind()));
  }
}

std::string describe_types(std::uint8_t allowed) {
  struct Named {
    std::uint8_t bit;
    std::string_view name;
  };
  static constexpr std::array<Named, 7> all = {{{types::object, "an object"},
                                                {types::array, "an array"},
                                                {types::string, "a string"},
                                                {types::number, "a number"},
                                                {types::integer, "a whole number"},
                                                {types::boolean, "true or false"},
                                                {types::null, "null"}}};
  std::string out;
  for (const Named& named : all) {
    if ((allowed & named.bit) == 0) continue;
    if (!out.empty()) out += " or ";
    out += named.name;
  }
  return out;
}

std::string describe_values(const ValueSet& values) {
  constexpr std::size_t shown = 8;
  if (values.values().empty()) return "no value at all";
  if (values.values().size() == 1) return describe(values.values()[0]);
  std::string out = "one of ";
  for (std::size_t i = 0; i < values.values().size() && i < shown; ++i) {
    if (i != 0) out += ", ";
    out += describe(values.values()[i]);
  }
  if (values.values().size() > shown) out += ", ...";
  return out;
}

std::string counted(std::uint64_t count, std::string one) {
  return std::to_string(count) + " " + one + (count == 1 ? "" : "s");
}

}  // namespace busway::schema
