#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "bus/document.hpp"
#include "transforms/formats/layout.hpp"

namespace busway {

// A number as records hold it: its digits without the decimal point, which the layout knows.
struct PlainNumber {
  bool negative = false;
  std::string digits;  // without leading zeros; empty is zero
};

// The number's exact digits at `decimals` places. An error text when it is no number or has more places than that.
// Takes numbers and texts that read as one ("0042", "-1.50").
std::optional<std::string> to_plain(const Node& value, std::uint32_t decimals, PlainNumber& out);

// The number as JSON text: "-12.50". Keeps the declared decimals.
std::string number_text_of(const PlainNumber& number, std::uint32_t decimals);

// One number field's bytes. Both answer an error text, or nullopt when all went well.
std::optional<std::string> read_number(const LayoutField& field, Charset charset, std::string_view bytes, PlainNumber& out);
std::optional<std::string> write_number(const LayoutField& field, Charset charset, const PlainNumber& number, std::string& out);

}  // namespace busway
