#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "bus/check_context.hpp"
#include "transforms/formats/charset.hpp"
#include "transforms/formats/date_pattern.hpp"

namespace busway {

// One field of a record, as a layout file declares it (docs/layouts.md), checked and with every default decided.
struct LayoutField {
  enum class Type : std::uint8_t { text, number, decimal, zoned, packed, binary, date, bytes, filler, group };
  enum class Blank : std::uint8_t { keep, null, missing };
  enum class Repeat : std::uint8_t { once, fixed, counted, rest };

  std::string name;  // empty: a filler
  std::string path;  // "ANSWER.lines.qty", for messages
  Type type = Type::text;
  std::uint32_t length = 0;  // bytes of one occurrence; of a group: its least
  char pad = ' ';            // as a byte of the record
  bool pad_left = false;     // the value stands right
  bool is_signed = false;
  bool sign_trailing = false;
  bool little_endian = false;
  std::uint32_t decimals = 0;
  std::uint32_t digits = 0;  // the most a value may have; 0 for what has none
  DatePattern pattern;
  Blank blank = Blank::keep;
  std::optional<std::string> value;     // what it always holds
  std::optional<std::string> fallback;  // what is written when the document has no such member

  Repeat repeat = Repeat::once;
  std::uint32_t least = 1;
  std::uint32_t most = 1;
  std::uint32_t counter = 0;  // counted: the place of the counting field among its siblings
  bool counts = false;        // a sibling behind it is counted by it
  std::uint32_t counted = 0;  // then: that sibling's place

  std::vector<LayoutField> fields;  // of a group
};

struct LayoutRecord {
  std::string name;
  LayoutField body;  // the group of all its fields
};

// How bytes tell which record they are, and documents which record they become.
struct LayoutSelector {
  std::uint32_t at = 0;
  std::uint32_t length = 0;
  std::vector<std::pair<std::string, std::size_t>> values;  // text at that place -> record
};

struct Layout {
  Charset charset = Charset::ascii;
  std::vector<LayoutRecord> records;
  std::optional<LayoutSelector> selector;

  std::optional<std::size_t> find(std::string_view record) const;
};

// Reads a layout file's tree. Findings name the place in the file; nullopt after one.
std::optional<Layout> read_layout(const ConfigNode& file, CheckContext& check);

}  // namespace busway
