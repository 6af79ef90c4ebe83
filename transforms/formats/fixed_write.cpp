#include "bus/number_text.hpp"
#include "bus/pause.hpp"
#include "transforms/formats/fixed_number.hpp"
#include "transforms/formats/fixed_record.hpp"
#include "transforms/formats/utf8.hpp"

namespace busway {

namespace {

using Type = LayoutField::Type;
using Repeat = LayoutField::Repeat;
using Refusal = std::optional<std::string>;

int hex_value(char c) {
  if (c >= '0' && c <= '9') return c - '0';
  c = static_cast<char>(c | 0x20);
  return c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

// Appends one scalar's bytes, padded to the field's length.
Refusal write_scalar(Charset charset, const LayoutField& field, const Node& value, std::string& out) {
  switch (field.type) {
    case Type::text:
    case Type::filler: {
      char buffer[40];
      std::string_view text;
      if (value.is_string()) {
        text = value.text();
      } else if (value.is_number()) {
        text = number_to_text(value, buffer);
      } else {
        return "is " + std::string(name_of(value.kind())) + ", a text is needed";
      }
      std::string bytes;
      std::size_t bad = encode_charset(charset, text, bytes);
      if (bad != std::string_view::npos) {
        return "has a character that " + std::string(name_of(charset)) + " lacks: '" +
               printable(text.substr(bad, std::max<std::size_t>(1, utf8_sequence(text.substr(bad))))) + "'";
      }
      if (bytes.size() > field.length) {
        return "is too long: " + std::to_string(bytes.size()) + " bytes, the field has " + std::to_string(field.length);
      }
      std::size_t gap = field.length - bytes.size();
      if (field.pad_left) out.append(gap, field.pad);
      out += bytes;
      if (!field.pad_left) out.append(gap, field.pad);
      return std::nullopt;
    }
    case Type::bytes: {
      std::string_view hex = value.is_string() ? value.text() : std::string_view();
      if (!value.is_string() || hex.size() != 2U * field.length)
        return "needs " + std::to_string(2 * field.length) + " hex digits";
      for (std::size_t i = 0; i < hex.size(); i += 2) {
        int high = hex_value(hex[i]);
        int low = hex_value(hex[i + 1]);
        if (high < 0 || low < 0) return "is not written in hex digits";
        out += static_cast<char>(static_cast<unsigned char>(high << 4 | low));
      }
      return std::nullopt;
    }
    case Type::date: {
      auto text = value.is_string() ? field.pattern.from_iso(value.text()) : std::nullopt;
      if (!text) return "is not a date or time that the field holds (ISO 8601 is needed)";
      encode_charset(charset, *text, out);
      return std::nullopt;
    }
    default: {
      PlainNumber number;
      if (auto refused = to_plain(value, field.decimals, number)) return refused;
      return write_number(field, charset, number, out);
    }
  }
}

class RecordWriter {
 public:
  RecordWriter(Charset charset, std::string& out) : charset_(charset), out_(out) {}

  bool group(const LayoutField& field, const Node& value);
  Error error() { return std::move(error_); }

 private:
  bool refuse(const LayoutField& field, const std::string& why) {
    error_ = {.kind = ErrorKind::format, .text = "writing a fixed record: " + field.path + " " + why};
    return false;
  }
  bool one(const LayoutField& field, const Node& value);
  bool member(const LayoutField& parent, const LayoutField& field, const Node& object);
  bool refuse_unknown(const LayoutField& field, const Node& object);

  Charset charset_;
  std::string& out_;
  Error error_;
};

bool RecordWriter::refuse_unknown(const LayoutField& field, const Node& object) {
  for (const Member& member : object.members()) {
    bool known = false;
    for (const LayoutField& child : field.fields) known = known || (!child.name.empty() && child.name == member.key.text());
    if (!known) return refuse(field, "has no field '" + printable(member.key.text()) + "'");
  }
  return true;
}

bool RecordWriter::one(const LayoutField& field, const Node& value) {
  pause_if_due();
  if (field.type == Type::group) return group(field, value);
  std::size_t start = out_.size();
  if (value.is_nothing() || value.is_null()) {
    LayoutField::Blank wanted = value.is_null() ? LayoutField::Blank::null : LayoutField::Blank::missing;
    if (field.value || field.name.empty()) {
      // Below.
    } else if (value.is_nothing() && field.fallback) {
      write_literal(charset_, field, *field.fallback, out_);
      return true;
    } else if (field.blank == wanted) {
      out_.append(field.length, field.pad);
      return true;
    } else {
      return refuse(field, value.is_null() ? "is null, and the field has `blank: null` for that only"
                                           : "has no value, and the layout no default");
    }
  }
  if (field.value) {
    write_literal(charset_, field, *field.value, out_);
    if (value.is_nothing()) return true;
    std::string given;
    if (write_scalar(charset_, field, value, given) || out_.compare(start, std::string::npos, given) != 0) {
      return refuse(field, "always holds '" + printable(*field.value) + "', the document has another value");
    }
    return true;
  }
  if (field.name.empty()) {
    out_.append(field.length, field.pad);
    return true;
  }
  if (auto refused = write_scalar(charset_, field, value, out_)) return refuse(field, *refused);
  // What looks blank would be read back as null or as nothing.
  if (field.blank != LayoutField::Blank::keep && out_.find_first_not_of(field.pad, start) == std::string::npos) {
    return refuse(field, "would be written as blank, which means " +
                             std::string(field.blank == LayoutField::Blank::null ? "null" : "no value"));
  }
  return true;
}

bool RecordWriter::member(const LayoutField& parent, const LayoutField& field, const Node& object) {
  Node value = field.name.empty() ? Node() : object.member(field.name);
  if (field.repeat == Repeat::once) {
    if (!field.counts) return one(field, value);
    // A counter is what the array has; a document that names another number is wrong.
    const LayoutField& counted = parent.fields[field.counted];
    Node array = object.member(counted.name);
    std::string text = std::to_string(array.is_array() ? array.size() : 0);
    Node count = Node::number_text(text);
    if (!value.is_nothing()) {
      PlainNumber given;
      PlainNumber actual;
      if (to_plain(value, 0, given) || to_plain(count, 0, actual) || given.negative || given.digits != actual.digits) {
        return refuse(field, "does not count the " + text + " items of '" + counted.name + "'");
      }
    }
    return one(field, count);
  }
  if (field.name.empty()) {
    for (std::uint32_t i = 0; i < field.most; ++i) {
      if (!one(field, value)) return false;
    }
    return true;
  }
  if (value.is_nothing() && field.least == 0) return true;
  if (!value.is_array()) return refuse(field, "needs an array");
  if (value.size() < field.least || value.size() > field.most) {
    return refuse(field, "has " + std::to_string(value.size()) + " items, the layout allows " +
                             (field.least == field.most ? "exactly " : std::to_string(field.least) + " to ") +
                             std::to_string(field.most));
  }
  for (const Node& item : value.items()) {
    // In an array null stands for what is left out elsewhere.
    bool blank = item.is_null() && field.blank == LayoutField::Blank::missing;
    if (!one(field, blank ? Node() : item)) return false;
  }
  return true;
}

bool RecordWriter::group(const LayoutField& field, const Node& value) {
  if (!value.is_object()) {
    return refuse(field,
                  value.is_nothing() ? "has no value" : "is " + std::string(name_of(value.kind())) + ", an object is needed");
  }
  if (!refuse_unknown(field, value)) return false;
  for (const LayoutField& child : field.fields) {
    if (!member(field, child, value)) return false;
  }
  return true;
}

}  // namespace

Result<void> write_record(const Layout& layout, const LayoutRecord& record, const Node& document, std::string& out) {
  RecordWriter writer(layout.charset, out);
  if (!writer.group(record.body, document)) return std::unexpected(writer.error());
  return {};
}

Refusal write_literal(Charset charset, const LayoutField& field, std::string_view literal, std::string& out) {
  return write_scalar(charset, field, Node::string(literal), out);
}

}  // namespace busway
