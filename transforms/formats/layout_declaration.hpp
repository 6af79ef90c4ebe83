#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "bus/field.hpp"
#include "transforms/formats/layout.hpp"

namespace busway {

inline constexpr std::int64_t longest_layout_field = 1024 * 1024;
inline constexpr std::int64_t most_layout_occurrences = 1'000'000;
inline constexpr std::int64_t longest_layout_record = 64 * 1024 * 1024;

// A field as it is written, before it is checked.
struct LayoutFieldDeclaration {
  enum class Kind { unset, text, number, decimal, zoned, packed, binary, date, bytes, filler };
  enum class Side { unset, left, right };
  enum class Sign { leading, trailing };
  enum class Order { unset, big, little };
  std::string name;
  std::string doc;
  std::optional<std::int64_t> at;
  std::optional<std::int64_t> length;
  Kind type = Kind::unset;
  std::optional<std::string> pad;
  Side align = Side::unset;
  std::optional<std::int64_t> decimals;
  std::optional<std::int64_t> digits;
  std::optional<bool> is_signed;
  std::optional<std::string> sign;
  Order order = Order::unset;
  std::string format;
  std::optional<std::string> value;
  std::optional<std::string> fallback;
  LayoutField::Blank blank = LayoutField::Blank::keep;
  ConfigNode occurs;
  ConfigNode fields;
};

struct LayoutOccursDeclaration {
  std::string by;
  std::int64_t min = 0;
  std::int64_t max = 0;
};

struct LayoutRecordDeclaration {
  std::optional<std::int64_t> length;
  std::string doc;
  ConfigNode fields;
};

struct LayoutSelectorDeclaration {
  std::string field;
  std::optional<std::int64_t> at;
  std::optional<std::int64_t> length;
  std::vector<std::pair<std::string, std::string>> values;
};

struct LayoutDeclaration {
  std::string charset = "ascii";
  LayoutFieldDeclaration::Order order = LayoutFieldDeclaration::Order::big;
  std::string doc;
  ConfigNode records;
  std::optional<LayoutSelectorDeclaration> selector;
};

// The keys of each, with their one-line docs.
const Fields<LayoutFieldDeclaration>& layout_field_fields();
const Fields<LayoutOccursDeclaration>& layout_occurs_fields();
const Fields<LayoutRecordDeclaration>& layout_record_fields();
const Fields<LayoutDeclaration>& layout_fields();

}  // namespace busway
