#include "transforms/formats/xml_schema_text.hpp"

#include <algorithm>
#include <charconv>
#include <cmath>
#include <iterator>

namespace busway {

namespace {

using Kind = ContractText::Kind;
constexpr double infinite = std::numeric_limits<double>::infinity();

struct Builtin {
  std::string_view name;
  std::string_view parent;
  Kind kind = Kind::any;
  bool says_more = false;
  double least = -infinite;
  double greatest = infinite;
};

// In the order of their names. Bounds beyond 2^53 are rounded outwards: what is above such a one is above the type's own.
constexpr Builtin builtins[] = {
    {"ENTITIES", "anySimpleType", Kind::any, true},
    {"ENTITY", "NCName", Kind::any, true},
    {"ID", "NCName", Kind::any, true},
    {"IDREF", "NCName", Kind::any, true},
    {"IDREFS", "anySimpleType", Kind::any, true},
    {"NCName", "Name", Kind::any, true},
    {"NMTOKEN", "token", Kind::any, true},
    {"NMTOKENS", "anySimpleType", Kind::any, true},
    {"NOTATION", "anySimpleType", Kind::any, true},
    {"Name", "token", Kind::any, true},
    {"QName", "anySimpleType", Kind::any, true},
    {"anyURI", "anySimpleType", Kind::any, true},
    {"base64Binary", "anySimpleType", Kind::any, true},
    {"boolean", "anySimpleType", Kind::boolean},
    {"byte", "short", Kind::whole, false, -128, 127},
    {"date", "anySimpleType", Kind::date},
    {"dateTime", "anySimpleType", Kind::date_time},
    {"decimal", "anySimpleType", Kind::decimal},
    {"double", "anySimpleType", Kind::floating},
    {"duration", "anySimpleType", Kind::any, true},
    {"float", "anySimpleType", Kind::floating},
    {"gDay", "anySimpleType", Kind::any, true},
    {"gMonth", "anySimpleType", Kind::any, true},
    {"gMonthDay", "anySimpleType", Kind::any, true},
    {"gYear", "anySimpleType", Kind::any, true},
    {"gYearMonth", "anySimpleType", Kind::any, true},
    {"hexBinary", "anySimpleType", Kind::any, true},
    {"int", "long", Kind::whole, false, -2147483648.0, 2147483647.0},
    {"integer", "decimal", Kind::whole},
    {"language", "token", Kind::any, true},
    {"long", "integer", Kind::whole, false, -9223372036854775808.0, 9223372036854775808.0},
    {"negativeInteger", "nonPositiveInteger", Kind::whole, false, -infinite, -1},
    {"nonNegativeInteger", "integer", Kind::whole, false, 0},
    {"nonPositiveInteger", "integer", Kind::whole, false, -infinite, 0},
    {"normalizedString", "string"},
    {"positiveInteger", "nonNegativeInteger", Kind::whole, false, 1},
    {"short", "int", Kind::whole, false, -32768, 32767},
    {"string", "anySimpleType"},
    {"time", "anySimpleType", Kind::time},
    {"token", "normalizedString"},
    {"unsignedByte", "unsignedShort", Kind::whole, false, 0, 255},
    {"unsignedInt", "unsignedLong", Kind::whole, false, 0, 4294967295.0},
    {"unsignedLong", "nonNegativeInteger", Kind::whole, false, 0, 18446744073709551616.0},
    {"unsignedShort", "unsignedInt", Kind::whole, false, 0, 65535},
};

// Of a short text; what is longer is not told.
std::optional<double> number_of(std::string_view text) {
  double out = 0;
  text = text.substr(std::min(text.find_first_not_of(" \t\r\n"), text.size()));
  if (text.starts_with('+')) text.remove_prefix(1);
  auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), out);
  bool whole = std::string_view(end, static_cast<std::size_t>(text.data() + text.size() - end)).find_first_not_of(" \t\r\n") ==
               std::string_view::npos;
  if (error != std::errc() || !whole || !std::isfinite(out)) return std::nullopt;
  return out;
}

std::optional<std::uint64_t> length_of(std::string_view text) {
  std::uint64_t out = 0;
  auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), out);
  if (error != std::errc() || end != text.data() + text.size()) return std::nullopt;
  return out;
}

const Builtin* find_builtin(std::string_view name) {
  const auto* at = std::lower_bound(std::begin(builtins), std::end(builtins), name,
                                    [](const Builtin& row, std::string_view key) { return row.name < key; });
  return at != std::end(builtins) && at->name == name ? at : nullptr;
}

}  // namespace

std::optional<ContractText> xml_schema_text(std::string_view name) {
  const Builtin* row = find_builtin(name);
  if (row == nullptr) return std::nullopt;
  ContractText out;
  out.kind = row->kind;
  out.name = "xs:" + std::string(name);
  out.keeps_space = name == "string";
  out.says_more = row->says_more;
  for (std::string_view at = name; !at.empty(); at = xml_schema_parent(at)) {
    out.counts_characters = out.counts_characters || at == "string";
  }
  if (row->least != -infinite) out.least = row->least;
  if (row->greatest != infinite) out.greatest = row->greatest;
  return out;
}

ContractText unknown_xml_schema_text() {
  ContractText out;
  out.says_more = true;
  return out;
}

std::string_view xml_schema_parent(std::string_view name) {
  const Builtin* row = find_builtin(name);
  return row == nullptr ? std::string_view() : row->parent;
}

void restrict_xml_schema_text(ContractText& text, const XmlElement& restriction) {
  bool number = text.kind == Kind::whole || text.kind == Kind::decimal || text.kind == Kind::floating;
  std::vector<std::string> values;
  bool enumerated = false;
  for (const XmlElement* one = restriction.first_child(); one != nullptr; one = one->next()) {
    if (one->uri() != xml_schema_namespace) continue;
    std::string_view facet = one->local();
    bool attributes = facet == "attribute" || facet == "attributeGroup" || facet == "anyAttribute";
    if (attributes || facet == "annotation" || facet == "simpleType") continue;
    const XmlAttribute* given = one->attribute("", "value");
    std::string_view value = given == nullptr ? std::string_view() : given->value();
    if (facet == "enumeration") {
      enumerated = true;
      values.emplace_back(value);
      continue;
    }
    if (facet == "whiteSpace") {
      text.keeps_space = text.keeps_space && value == "preserve";
      continue;
    }
    // What lies outside of a bound that is itself excluded lies outside of it all the same.
    bool low = facet == "minInclusive" || facet == "minExclusive";
    bool high = facet == "maxInclusive" || facet == "maxExclusive";
    if (auto bound = number && (low || high) ? number_of(value) : std::nullopt) {
      if (low) text.least = std::max(*bound, text.least.value_or(*bound));
      if (high) text.greatest = std::min(*bound, text.greatest.value_or(*bound));
    }
    if (auto length = text.counts_characters ? length_of(value) : std::nullopt) {
      if (facet == "length" || facet == "minLength") text.min_length = std::max(text.min_length, *length);
      if (facet == "length" || facet == "maxLength") text.max_length = std::min(text.max_length, *length);
    }
    text.says_more = true;
  }
  if (!enumerated) return;
  // Of other types one value has several texts.
  bool comparable = text.counts_characters || text.kind == Kind::whole || text.kind == Kind::decimal;
  if (comparable) {
    text.values = std::move(values);
  } else {
    text.says_more = true;
  }
}

}  // namespace busway
