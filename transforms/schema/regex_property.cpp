#include <algorithm>
#include <array>
#include <utility>

#include "transforms/schema/regex_dialect.hpp"

namespace busway::schema {

namespace {

// Long names of general categories (UAX 44, PropertyValueAliases), sorted.
constexpr std::array<std::pair<std::string_view, std::string_view>, 41> categories = {{
    {"Close_Punctuation", "Pe"},
    {"Combining_Mark", "M"},
    {"Connector_Punctuation", "Pc"},
    {"Control", "Cc"},
    {"Currency_Symbol", "Sc"},
    {"Dash_Punctuation", "Pd"},
    {"Decimal_Number", "Nd"},
    {"Enclosing_Mark", "Me"},
    {"Final_Punctuation", "Pf"},
    {"Format", "Cf"},
    {"Initial_Punctuation", "Pi"},
    {"Letter", "L"},
    {"Letter_Number", "Nl"},
    {"Line_Separator", "Zl"},
    {"Lowercase_Letter", "Ll"},
    {"Mark", "M"},
    {"Math_Symbol", "Sm"},
    {"Modifier_Letter", "Lm"},
    {"Modifier_Symbol", "Sk"},
    {"Nonspacing_Mark", "Mn"},
    {"Number", "N"},
    {"Open_Punctuation", "Ps"},
    {"Other", "C"},
    {"Other_Letter", "Lo"},
    {"Other_Number", "No"},
    {"Other_Punctuation", "Po"},
    {"Other_Symbol", "So"},
    {"Paragraph_Separator", "Zp"},
    {"Private_Use", "Co"},
    {"Punctuation", "P"},
    {"Separator", "Z"},
    {"Space_Separator", "Zs"},
    {"Spacing_Mark", "Mc"},
    {"Surrogate", "Cs"},
    {"Symbol", "S"},
    {"Titlecase_Letter", "Lt"},
    {"Unassigned", ""},
    {"Uppercase_Letter", "Lu"},
    {"cntrl", "Cc"},
    {"digit", "Nd"},
    {"punct", "P"},
}};

}  // namespace

std::string_view property_name(std::string_view name) {
  std::size_t equals = name.find('=');
  std::string_view of = equals == std::string_view::npos ? std::string_view() : name.substr(0, equals);
  if (equals != std::string_view::npos) name.remove_prefix(equals + 1);
  if (of == "Script" || of == "sc") return name;  // RE2 has scripts by their long names and says so when it has not
  if (!of.empty() && of != "General_Category" && of != "gc") return {};
  auto at = std::lower_bound(categories.begin(), categories.end(), name,
                             [](const auto& entry, std::string_view wanted) { return entry.first < wanted; });
  if (at != categories.end() && at->first == name) return at->second;
  return name.size() <= 2 ? name : std::string_view();
}

}  // namespace busway::schema
