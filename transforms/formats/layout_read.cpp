#include <algorithm>

#include "transforms/formats/fixed_record.hpp"
#include "transforms/formats/layout.hpp"
#include "transforms/formats/layout_declaration.hpp"
#include "transforms/formats/utf8.hpp"

namespace busway {

namespace {

using Type = LayoutField::Type;
using Blank = LayoutField::Blank;
using Repeat = LayoutField::Repeat;

constexpr int deepest = 16;

// The place of a key's value, or of the mapping itself.
Position place(const ConfigNode& node, std::string_view key) {
  const ConfigNode::Entry* entry = node.find(key);
  return entry == nullptr ? node.at : entry->value.at;
}

class LayoutReader {
 public:
  LayoutReader(CheckContext& check, Layout& layout, LayoutFieldDeclaration::Order order)
      : check_(check), layout_(layout), order_(order) {}

  bool record(const std::string& name, const ConfigNode& node);
  bool selector(const LayoutSelectorDeclaration& declared, const ConfigNode& node);

 private:
  // Where in a group the next field begins; unknown behind a field that occurs a variable number of times.
  struct Cursor {
    std::int64_t offset = 0;
    bool known = true;
  };
  bool refuse(std::string id, const Position& at, std::string text) {
    check_.findings.error(std::move(id), at, std::move(text));
    return false;
  }
  bool group(const ConfigNode& list, LayoutField& out, int depth);
  bool field(const ConfigNode& node, LayoutField& parent, Cursor& cursor, int depth);
  bool number(const LayoutFieldDeclaration& declared, const ConfigNode& node, LayoutField& out);
  bool shape(const LayoutFieldDeclaration& declared, const ConfigNode& node, LayoutField& out);
  bool sizes(const LayoutFieldDeclaration& declared, const ConfigNode& node, LayoutField& out);
  bool occurs(const LayoutFieldDeclaration& declared, const ConfigNode& node, LayoutField& parent, LayoutField& out);
  bool literals(const LayoutFieldDeclaration& declared, const ConfigNode& node, LayoutField& out);
  static bool is_variable(const LayoutField& field);
  void filler(LayoutField& parent, std::int64_t length) {
    LayoutField gap;
    gap.type = Type::filler;
    gap.path = parent.path + ".filler";
    gap.length = static_cast<std::uint32_t>(length);
    gap.pad = *byte_of(layout_.charset, ' ');
    parent.fields.push_back(std::move(gap));
  }

  CheckContext& check_;
  Layout& layout_;
  LayoutFieldDeclaration::Order order_;
};

bool is_number(Type type) {
  return type == Type::number || type == Type::decimal || type == Type::zoned || type == Type::packed || type == Type::binary;
}

bool LayoutReader::is_variable(const LayoutField& field) {
  if (field.least != field.most) return true;
  return std::any_of(field.fields.begin(), field.fields.end(), is_variable);
}

// The keys that only numbers have.
bool LayoutReader::number(const LayoutFieldDeclaration& declared, const ConfigNode& node, LayoutField& out) {
  bool numeric = is_number(out.type);
  auto only = [&](std::string_view key, bool given, bool allowed, std::string_view types) {
    if (!given || allowed) return true;
    return refuse("BW4011", place(node, key), "'" + std::string(key) + "' is for " + std::string(types) + " only");
  };
  bool place_of_its_own = out.type == Type::number || out.type == Type::decimal || out.type == Type::zoned;
  if (!only("decimals", declared.decimals.has_value(), numeric, "numbers") ||
      !only("signed", declared.is_signed.has_value(), numeric, "numbers") ||
      !only("digits", declared.digits.has_value(), out.type == Type::packed || out.type == Type::binary,
            "packed and binary numbers") ||
      !only("order", declared.order != LayoutFieldDeclaration::Order::unset, out.type == Type::binary, "binary numbers") ||
      !only("sign", declared.sign.has_value(), place_of_its_own, "number, decimal and zoned fields")) {
    return false;
  }
  out.decimals = static_cast<std::uint32_t>(declared.decimals.value_or(0));
  out.digits = static_cast<std::uint32_t>(declared.digits.value_or(0));
  out.is_signed = declared.is_signed.value_or(declared.sign.has_value());
  out.sign_trailing = out.type == Type::zoned;
  if (declared.sign) {
    if (*declared.sign != "leading" && *declared.sign != "trailing") {
      return refuse("BW1014", place(node, "sign"), "'" + *declared.sign + "' is not one of leading, trailing");
    }
    out.sign_trailing = *declared.sign == "trailing";
    if (!out.is_signed) return refuse("BW4011", place(node, "sign"), "'sign' says where the sign stands, but 'signed' is false");
  }
  auto order = declared.order == LayoutFieldDeclaration::Order::unset ? order_ : declared.order;
  out.little_endian = order == LayoutFieldDeclaration::Order::little;
  return true;
}

// Padding, alignment and the pattern of dates.
bool LayoutReader::shape(const LayoutFieldDeclaration& declared, const ConfigNode& node, LayoutField& out) {
  bool display = out.type == Type::number || out.type == Type::decimal;
  bool padded = display || out.type == Type::text || out.type == Type::filler || out.type == Type::date;
  std::string pad = declared.pad.value_or(display ? "0" : " ");
  std::string byte;
  if (declared.pad && !padded)
    return refuse("BW4011", place(node, "pad"), "'pad' is for text, number, decimal, date and filler fields only");
  if (encode_charset(layout_.charset, pad, byte) != std::string::npos || byte.size() != 1) {
    return refuse("BW4011", place(node, "pad"), "'pad' is one character that " + std::string(name_of(layout_.charset)) + " has");
  }
  out.pad = byte[0];
  // Blank zoned fields hold spaces, blank binary ones zeros.
  if (out.type == Type::zoned) out.pad = *byte_of(layout_.charset, ' ');
  if (out.type == Type::binary || out.type == Type::packed || out.type == Type::bytes) out.pad = '\0';
  out.pad_left =
      declared.align == LayoutFieldDeclaration::Side::unset ? display : declared.align == LayoutFieldDeclaration::Side::right;
  if (declared.align != LayoutFieldDeclaration::Side::unset && !display && out.type != Type::text) {
    return refuse("BW4011", place(node, "align"), "'align' is for text, number and decimal fields only");
  }
  if (display && pad == "0" && !out.pad_left) {
    return refuse("BW4011", place(node, "align"), "a number that stands left needs a pad that is no digit: `pad: ' '`");
  }
  if (display && (pad == "-" || pad == "+" || pad == "." || (pad >= "1" && pad <= "9"))) {
    return refuse("BW4011", place(node, "pad"), "'" + pad + "' cannot fill up a number");
  }
  if (out.type == Type::date) {
    if (declared.format.empty())
      return refuse("BW1006", node.at, "'format' is required for a date: YYYYMMDD, YYDDD, hhmmss, ...");
    auto pattern = DatePattern::parse(declared.format);
    if (!pattern) {
      return refuse("BW4011", place(node, "format"),
                    "'" + declared.format + "' is no whole date or time; it is made of YYYY YY MM DD DDD hh mm ss");
    }
    out.pattern = std::move(*pattern);
  } else if (!declared.format.empty()) {
    return refuse("BW4011", place(node, "format"), "'format' is for dates only");
  }
  return true;
}

bool LayoutReader::sizes(const LayoutFieldDeclaration& declared, const ConfigNode& node, LayoutField& out) {
  std::int64_t length = declared.length.value_or(0);
  if (!declared.length && out.type == Type::date) length = static_cast<std::int64_t>(out.pattern.width());
  if (!declared.length && out.type == Type::packed && out.digits != 0) length = out.digits / 2 + 1;
  if (length == 0) return refuse("BW1006", node.at, "'length' is required here: the field's bytes");
  if (out.type == Type::date && length != static_cast<std::int64_t>(out.pattern.width())) {
    return refuse("BW4012", place(node, "length"),
                  "the format has " + std::to_string(out.pattern.width()) + " characters, the field " + std::to_string(length));
  }
  if (out.type == Type::binary && length > 8) return refuse("BW4012", place(node, "length"), "a binary number has 1 to 8 bytes");
  if (out.type == Type::packed && out.digits > 2 * length - 1) {
    return refuse("BW4012", place(node, "digits"),
                  std::to_string(length) + " bytes hold " + std::to_string(2 * length - 1) + " packed digits at most");
  }
  bool display = out.type == Type::number || out.type == Type::decimal;
  std::int64_t least =
      display ? (out.is_signed ? 1 : 0) +
                    (out.type == Type::decimal && out.decimals != 0 ? out.decimals + 2 : std::max<std::int64_t>(1, out.decimals))
              : 1;
  if (length < least)
    return refuse("BW4012", place(node, "length"), "such a number needs " + std::to_string(least) + " bytes at least");
  if (is_number(out.type) && length > 1000) return refuse("BW4012", place(node, "length"), "a number has 1000 bytes at most");
  out.length = static_cast<std::uint32_t>(length);
  return true;
}

bool LayoutReader::occurs(const LayoutFieldDeclaration& declared, const ConfigNode& node, LayoutField& parent, LayoutField& out) {
  const ConfigNode::Entry* entry = node.find("occurs");
  if (entry == nullptr) return true;
  LayoutOccursDeclaration limits;
  if (!entry->value.is_map()) {
    std::int64_t count = 0;
    Constraints bounds;
    at_least(1)(bounds);
    at_most(most_layout_occurrences)(bounds);
    if (!read_value(declared.occurs, bounds, check_, count)) return false;
    out.repeat = Repeat::fixed;
    out.least = out.most = static_cast<std::uint32_t>(count);
    return true;
  }
  if (!layout_occurs_fields().read(entry->value, check_, limits)) return false;
  if (limits.min > limits.max) return refuse("BW4014", place(entry->value, "min"), "'min' is more than 'max'");
  if (out.name.empty()) return refuse("BW4014", entry->value.at, "what occurs a varying number of times needs a name");
  out.least = static_cast<std::uint32_t>(limits.min);
  out.most = static_cast<std::uint32_t>(limits.max);
  if (limits.by.empty()) {
    out.repeat = Repeat::rest;
    return true;
  }
  out.repeat = Repeat::counted;
  for (std::size_t i = 0; i < parent.fields.size(); ++i) {
    LayoutField& counter = parent.fields[i];
    if (counter.name != limits.by) continue;
    Position at = place(entry->value, "by");
    if (counter.repeat != Repeat::once || !(is_number(counter.type) || counter.type == Type::text) || counter.decimals != 0) {
      return refuse("BW4014", at, "'" + limits.by + "' is no whole number that stands once");
    }
    if (counter.counts)
      return refuse("BW4014", at, "'" + limits.by + "' counts '" + parent.fields[counter.counted].name + "' already");
    counter.counts = true;
    counter.counted = static_cast<std::uint32_t>(parent.fields.size());
    out.counter = static_cast<std::uint32_t>(i);
    return true;
  }
  return refuse("BW4014", place(entry->value, "by"), "no field '" + limits.by + "' stands before this one in the same list");
}

bool LayoutReader::literals(const LayoutFieldDeclaration& declared, const ConfigNode& node, LayoutField& out) {
  auto fits = [&](std::string_view key, const std::string& text) {
    std::string bytes;
    auto refused = write_literal(layout_.charset, out, text, bytes);
    return !refused || refuse("BW4015", place(node, key), "'" + printable(text) + "' " + *refused);
  };
  if (declared.value && declared.fallback)
    return refuse("BW4015", place(node, "default"), "a field that always holds one value needs no default");
  if (declared.value && declared.blank != Blank::keep)
    return refuse("BW4015", place(node, "blank"), "a field that always holds one value is never blank");
  if (declared.value && !fits("value", *declared.value)) return false;
  if (declared.fallback && !fits("default", *declared.fallback)) return false;
  out.value = declared.value;
  out.fallback = declared.fallback;
  out.blank = declared.blank;
  return true;
}

bool LayoutReader::field(const ConfigNode& node, LayoutField& parent, Cursor& cursor, int depth) {
  LayoutFieldDeclaration declared;
  if (!layout_field_fields().read(node, check_, declared)) return false;
  using Kind = LayoutFieldDeclaration::Kind;
  LayoutField out;
  out.name = declared.name;
  out.path = parent.path + "." + (declared.name.empty() ? "filler" : declared.name);
  bool is_group = node.find("fields") != nullptr;
  for (const LayoutField& other : parent.fields) {
    if (!out.name.empty() && other.name == out.name)
      return refuse("BW4013", place(node, "name"), "'" + out.name + "' stands twice in this list");
  }
  if (declared.at) {
    if (!cursor.known)
      return refuse("BW4012", place(node, "at"), "'at' cannot be known behind a field that occurs a varying number of times");
    std::int64_t gap = *declared.at - cursor.offset;
    if (gap < 0) {
      return refuse("BW4012", place(node, "at"),
                    "the field before ends at " + std::to_string(cursor.offset) + ", this one would begin inside it");
    }
    if (gap > 0) filler(parent, gap);
    cursor.offset += gap;
  }
  if (is_group) {
    if (out.name.empty()) return refuse("BW1006", node.at, "a group needs a 'name'");
    for (std::string_view key : {"length", "type", "pad", "align", "decimals", "digits", "signed", "sign", "order", "format",
                                 "value", "default", "blank"}) {
      if (node.find(key) != nullptr)
        return refuse("BW4011", place(node, key), "a group has no '" + std::string(key) + "' of its own");
    }
    out.type = Type::group;
    if (!group(declared.fields, out, depth + 1)) return false;
  } else {
    constexpr Type types[] = {Type::text,   Type::text,   Type::number, Type::decimal, Type::zoned,
                              Type::packed, Type::binary, Type::date,   Type::bytes,   Type::filler};
    out.type = types[static_cast<std::size_t>(declared.type)];
    if (declared.type == Kind::unset && out.name.empty()) out.type = Type::filler;
    if (out.type == Type::filler && !out.name.empty())
      return refuse("BW4011", place(node, "name"), "a filler has no name: it is no member of the document");
    if (out.name.empty() && out.type != Type::filler)
      return refuse("BW1006", node.at, "'name' is required here: the member it becomes");
    if (!number(declared, node, out) || !shape(declared, node, out) || !sizes(declared, node, out) ||
        !literals(declared, node, out))
      return false;
  }
  if (!occurs(declared, node, parent, out)) return false;
  if (out.repeat == Repeat::rest && is_variable(out) && std::any_of(out.fields.begin(), out.fields.end(), is_variable)) {
    return refuse("BW4014", place(node, "occurs"), "what takes all that is left must have one length");
  }
  if (!parent.fields.empty() && parent.fields.back().repeat == Repeat::rest) {
    return refuse("BW4014", node.at, "nothing can stand behind a field that takes all that is left");
  }
  std::int64_t most = static_cast<std::int64_t>(out.length) * out.most;
  if (most > longest_layout_record) return refuse("BW4012", node.at, "the record would be longer than 64 MiB");
  cursor.known = cursor.known && !is_variable(out);
  cursor.offset += static_cast<std::int64_t>(out.length) * out.least;
  parent.fields.push_back(std::move(out));
  return cursor.offset <= longest_layout_record || refuse("BW4012", node.at, "the record would be longer than 64 MiB");
}

bool LayoutReader::group(const ConfigNode& list, LayoutField& out, int depth) {
  if (depth > deepest) return refuse("BW4011", list.at, "groups nest deeper than " + std::to_string(deepest) + " levels");
  if (!list.is_list() || list.items.empty())
    return refuse("BW1005", list.at, "expected a list of fields, found " + std::string(list.kind_name()));
  Cursor cursor;
  bool good = true;
  for (const ConfigNode& item : list.items) good = field(item, out, cursor, depth) && good;
  out.length = static_cast<std::uint32_t>(cursor.offset);
  return good;
}

bool LayoutReader::record(const std::string& name, const ConfigNode& node) {
  LayoutRecordDeclaration declared;
  if (!layout_record_fields().read(node, check_, declared)) return false;
  LayoutRecord out{.name = name, .body = {}};
  out.body.type = Type::group;
  out.body.path = name;
  if (!group(declared.fields, out.body, 1)) return false;
  if (declared.length) {
    std::int64_t gap = *declared.length - static_cast<std::int64_t>(out.body.length);
    if (is_variable(out.body))
      return refuse("BW4012", place(node, "length"),
                    "a record with fields that occur a varying number of times has no one length");
    if (gap < 0) return refuse("BW4012", place(node, "length"), "the fields take " + std::to_string(out.body.length) + " bytes");
    if (gap > 0) filler(out.body, gap);
    out.body.length = static_cast<std::uint32_t>(*declared.length);
  }
  layout_.records.push_back(std::move(out));
  return true;
}

bool LayoutReader::selector(const LayoutSelectorDeclaration& declared, const ConfigNode& node) {
  LayoutSelector out;
  const ConfigNode::Entry* values = node.find("values");
  for (const auto& [text, record] : declared.values) {
    auto index = layout_.find(record);
    if (index) {
      out.values.emplace_back(text, *index);
      continue;
    }
    std::vector<std::string_view> names;
    for (const LayoutRecord& known : layout_.records) names.push_back(known.name);
    return refuse("BW4017", place(values->value, text), "there is no record '" + record + "'" + did_you_mean(record, names));
  }
  if (out.values.empty()) return refuse("BW4016", place(node, "values"), "the selector has no values");
  if (declared.field.empty() != (declared.at && declared.length) ||
      (!declared.field.empty() && (declared.at || declared.length))) {
    return refuse("BW4016", node.at, "a selector names a 'field', or its 'at' and 'length'");
  }
  out.at = static_cast<std::uint32_t>(declared.at.value_or(0));
  out.length = static_cast<std::uint32_t>(declared.length.value_or(0));
  bool first = true;
  for (const auto& [text, index] : out.values) {
    if (declared.field.empty()) break;
    std::uint32_t at = 0;
    const LayoutField* found = nullptr;
    for (const LayoutField& field : layout_.records[index].body.fields) {
      if (field.name == declared.field) {
        found = &field;
        break;
      }
      if (is_variable(field)) break;
      at += field.length * field.least;
    }
    if (found == nullptr || found->repeat != Repeat::once || found->type == Type::group) {
      return refuse("BW4016", place(node, "field"),
                    "the record '" + layout_.records[index].name + "' has no field '" + declared.field + "' at a fixed place");
    }
    if (!first && (at != out.at || found->length != out.length)) {
      return refuse("BW4016", place(node, "field"), "'" + declared.field + "' does not stand at the same place in every record");
    }
    out.at = at;
    out.length = found->length;
    first = false;
  }
  layout_.selector = std::move(out);
  return true;
}

}  // namespace

std::optional<std::size_t> Layout::find(std::string_view record) const {
  for (std::size_t i = 0; i < records.size(); ++i) {
    if (records[i].name == record) return i;
  }
  return std::nullopt;
}

std::optional<Layout> read_layout(const ConfigNode& file, CheckContext& check) {
  LayoutDeclaration declared;
  if (!layout_fields().read(file, check, declared)) return std::nullopt;
  Layout layout;
  auto charset = charset_named(declared.charset);
  // The fields of a record are cut by bytes.
  if (!charset || is_wide(*charset)) {
    check.findings.error("BW4010", place(file, "charset"),
                         "'" + printable(declared.charset) +
                             "' is not one of ascii, iso-8859-1, -2 or -15, windows-1250 to -1252, utf-8, cp037, cp500, cp1047");
    return std::nullopt;
  }
  layout.charset = *charset;
  if (!declared.records.is_map() || declared.records.entries.empty()) {
    check.findings.error("BW1005", place(file, "records"),
                         "expected a mapping of records, found " + std::string(declared.records.kind_name()));
    return std::nullopt;
  }
  LayoutReader reader(check, layout, declared.order);
  bool good = true;
  for (const ConfigNode::Entry& entry : declared.records.entries) good = reader.record(entry.key.text, entry.value) && good;
  if (!good) return std::nullopt;
  if (declared.selector && !reader.selector(*declared.selector, file.find("selector")->value)) return std::nullopt;
  return layout;
}

}  // namespace busway
