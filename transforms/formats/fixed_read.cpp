#include "bus/pause.hpp"
#include "transforms/formats/fixed_number.hpp"
#include "transforms/formats/fixed_record.hpp"
#include "transforms/formats/utf8.hpp"

namespace busway {

namespace {

using Type = LayoutField::Type;
using Repeat = LayoutField::Repeat;

constexpr char hex_digits[] = "0123456789ABCDEF";

class RecordReader {
 public:
  RecordReader(Charset charset, std::string_view bytes, Arena& arena) : charset_(charset), bytes_(bytes), arena_(arena) {}

  bool group(const LayoutField& field, Node& out);
  bool at_end() const { return at_ == bytes_.size(); }
  std::size_t offset() const { return at_; }
  Error error() { return std::move(error_); }

 private:
  bool refuse(const LayoutField& field, std::size_t at, const std::string& why) {
    error_ = {.kind = ErrorKind::format,
              .text = "reading a fixed record: " + field.path + " at offset " + std::to_string(at) + " " + why,
              .position = static_cast<std::int64_t>(at)};
    return false;
  }
  bool one(const LayoutField& field, Node& out);
  bool text(const LayoutField& field, std::string_view bytes, Node& out);
  bool repeated(const LayoutField& field, std::uint32_t count, Node& out);
  bool count_of(const LayoutField& field, const LayoutField& counter, const Node& value, std::uint32_t& count);

  Charset charset_;
  std::string_view bytes_;
  std::size_t at_ = 0;
  Arena& arena_;
  Error error_;
};

bool RecordReader::text(const LayoutField& field, std::string_view bytes, Node& out) {
  std::size_t at = at_ - field.length;
  if (field.pad_left) {
    while (!bytes.empty() && bytes.front() == field.pad) bytes.remove_prefix(1), ++at;
  } else {
    while (!bytes.empty() && bytes.back() == field.pad) bytes.remove_suffix(1);
  }
  std::string decoded;
  std::size_t bad = decode_charset(charset_, bytes, decoded);
  if (bad != std::string_view::npos) {
    return refuse(field, at + bad, "has a byte that is no character of " + std::string(name_of(charset_)));
  }
  out = Node::string(arena_.copy(decoded));
  return true;
}

// One occurrence. `nothing` for what leaves no member.
bool RecordReader::one(const LayoutField& field, Node& out) {
  pause_if_due();
  if (field.type == Type::group) return group(field, out);
  std::size_t start = at_;
  if (bytes_.size() - at_ < field.length) {
    return refuse(field, start,
                  "is cut off: " + std::to_string(field.length) + " bytes are needed, " + std::to_string(bytes_.size() - at_) +
                      " are left");
  }
  std::string_view bytes = bytes_.substr(at_, field.length);
  at_ += field.length;
  if (field.value) {
    std::string expected;
    write_literal(charset_, field, *field.value, expected);
    if (bytes != expected) return refuse(field, start, "does not hold '" + printable(*field.value) + "'");
  }
  if (field.type == Type::filler || field.name.empty()) {
    out = Node();
    return true;
  }
  if (field.blank != LayoutField::Blank::keep && bytes.find_first_not_of(field.pad) == std::string_view::npos) {
    out = field.blank == LayoutField::Blank::null ? Node::null() : Node();
    return true;
  }
  switch (field.type) {
    case Type::text: return text(field, bytes, out);
    case Type::bytes: {
      std::string hex;
      for (char c : bytes) {
        hex += hex_digits[static_cast<unsigned char>(c) >> 4];
        hex += hex_digits[static_cast<unsigned char>(c) & 15];
      }
      out = Node::string(arena_.copy(hex));
      return true;
    }
    case Type::date: {
      std::string decoded;
      std::size_t bad = decode_charset(charset_, bytes, decoded);
      auto iso = bad == std::string_view::npos ? field.pattern.to_iso(decoded) : std::nullopt;
      if (!iso) return refuse(field, start, "is not a date or time: '" + printable(decoded) + "'");
      out = Node::string(arena_.copy(*iso));
      return true;
    }
    default: {
      PlainNumber number;
      if (auto refused = read_number(field, charset_, bytes, number)) return refuse(field, start, *refused);
      out = Node::number_text(arena_.copy(number_text_of(number, field.decimals)));
      return true;
    }
  }
}

bool RecordReader::repeated(const LayoutField& field, std::uint32_t count, Node& out) {
  // The bytes that are left bound what is laid out, whatever a counter says.
  if (field.length != 0 && count > (bytes_.size() - at_) / field.length) {
    return refuse(field, at_,
                  "is cut off: there are bytes for " + std::to_string((bytes_.size() - at_) / field.length) + " of its " +
                      std::to_string(count) + " occurrences");
  }
  auto* items = arena_.array<Node>(count);
  for (std::uint32_t i = 0; i < count; ++i) {
    if (!one(field, items[i])) return false;
    if (items[i].is_nothing()) items[i] = Node::null();
  }
  out = Node::array({items, count});
  return true;
}

bool RecordReader::count_of(const LayoutField& field, const LayoutField& counter, const Node& value, std::uint32_t& count) {
  PlainNumber number;
  std::uint64_t wanted = 0;
  bool good = !to_plain(value, 0, number) && !number.negative && number.digits.size() < 10;
  if (good && !number.digits.empty()) wanted = std::stoull(number.digits);
  if (!good || wanted < field.least || wanted > field.most) {
    return refuse(counter, at_,
                  "counts " + printable(value.is_string() || value.has_number_text() ? value.text() : "nothing") + " of '" +
                      field.name + "', which occurs " + std::to_string(field.least) + " to " + std::to_string(field.most) +
                      " times");
  }
  count = static_cast<std::uint32_t>(wanted);
  return true;
}

bool RecordReader::group(const LayoutField& field, Node& out) {
  auto* members = arena_.array<Member>(field.fields.size());
  auto* values = arena_.array<Node>(field.fields.size());
  std::size_t filled = 0;
  for (std::size_t i = 0; i < field.fields.size(); ++i) {
    const LayoutField& child = field.fields[i];
    values[i] = Node();
    switch (child.repeat) {
      case Repeat::once:
        if (!one(child, values[i])) return false;
        break;
      case Repeat::fixed:
        if (!repeated(child, child.most, values[i])) return false;
        break;
      case Repeat::counted: {
        std::uint32_t count = 0;
        if (!count_of(child, field.fields[child.counter], values[child.counter], count) || !repeated(child, count, values[i]))
          return false;
        break;
      }
      case Repeat::rest: {
        std::size_t left = bytes_.size() - at_;
        std::size_t count = child.length == 0 ? 0 : left / child.length;
        if (count < child.least || count > child.most) {
          return refuse(child, at_,
                        "occurs " + std::to_string(count) + " times in the bytes that are left, " + std::to_string(child.least) +
                            " to " + std::to_string(child.most) + " are allowed");
        }
        if (!repeated(child, static_cast<std::uint32_t>(count), values[i])) return false;
        break;
      }
    }
    if (!child.name.empty() && !values[i].is_nothing()) members[filled++] = {Node::string(child.name), values[i]};
  }
  out = Node::object({members, filled});
  return true;
}

}  // namespace

Result<Node> read_record(const Layout& layout, const LayoutRecord& record, std::string_view bytes, Arena& arena) {
  RecordReader reader(layout.charset, bytes, arena);
  Node out;
  if (!reader.group(record.body, out)) return std::unexpected(reader.error());
  if (!reader.at_end()) {
    std::size_t left = bytes.size() - reader.offset();
    return fail(ErrorKind::format,
                "reading a fixed record: " + std::to_string(left) + " bytes follow the end of " + record.name + " at offset " +
                    std::to_string(reader.offset()),
                {}, static_cast<std::int64_t>(reader.offset()));
  }
  return out;
}

}  // namespace busway
