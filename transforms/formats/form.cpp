#include "transforms/formats/form.hpp"

#include <algorithm>
#include <vector>

#include "bus/pause.hpp"
#include "bus/spare.hpp"
#include "transforms/formats/charset_field.hpp"
#include "transforms/formats/key_index.hpp"
#include "transforms/formats/scalar_text.hpp"
#include "transforms/formats/utf8.hpp"

namespace busway {

namespace {

constexpr std::string_view doing = "reading a form";

struct FormConfig {
  std::int64_t fields = 1000;
  Charset charset = Charset::utf_8;
};

int hex_value(char c) {
  if (c >= '0' && c <= '9') return c - '0';
  c = static_cast<char>(c | 0x20);
  return c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

bool is_plain(unsigned char c) {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '*' || c == '-' || c == '.' ||
         c == '_';
}

void append_encoded(std::string_view text, std::string& out) {
  constexpr char digits[] = "0123456789ABCDEF";
  for (char c : text) {
    auto byte = static_cast<unsigned char>(c);
    if (is_plain(byte)) {
      out += c;
    } else if (c == ' ') {
      out += '+';
    } else {
      out += '%';
      out += digits[byte >> 4];
      out += digits[byte & 15];
    }
  }
}

// One name or value. Fails at the offset it answers.
struct Decoded {
  std::string_view text;
  std::size_t bad = std::string_view::npos;
  std::string_view why;
};
Decoded decode(std::string_view text, Charset charset, Arena& arena) {
  char* out = arena.array<char>(text.size());
  std::size_t size = 0;
  PauseByBytes pause;
  for (std::size_t at = 0; at < text.size(); ++at) {
    pause.at(at);
    auto c = static_cast<unsigned char>(text[at]);
    if (c <= 0x20 || c >= 0x7F) return {{}, at, "this character must be written as %XX"};
    if (c == '+') {
      out[size++] = ' ';
    } else if (c != '%') {
      out[size++] = text[at];
    } else {
      int high = at + 2 < text.size() ? hex_value(text[at + 1]) : -1;
      int low = at + 2 < text.size() ? hex_value(text[at + 2]) : -1;
      if (high < 0 || low < 0) return {{}, at, "'%' must be followed by two hex digits"};
      out[size++] = static_cast<char>(static_cast<unsigned char>(high << 4 | low));
      at += 2;
    }
  }
  std::string_view decoded(out, size);
  if (charset == Charset::utf_8) {
    if (find_invalid_utf8(decoded) != std::string_view::npos) return {{}, 0, "the text is not valid UTF-8"};
    return {decoded, std::string_view::npos, {}};
  }
  std::string converted;
  if (decode_charset(charset, decoded, converted) != std::string_view::npos)
    return {{}, 0, "the text has a byte that is no character of its set"};
  return {arena.copy(converted), std::string_view::npos, {}};
}

class FormFormat final : public Format {
 public:
  explicit FormFormat(const FormConfig& config) : most_(static_cast<std::size_t>(config.fields)), charset_(config.charset) {}
  std::string_view name() const override { return "form"; }
  std::string_view content_type() const override { return "application/x-www-form-urlencoded"; }

  Result<Node> read(std::string_view bytes, Arena& arena) const override;
  Result<void> write(const Node& document, std::string& out) const override;

 private:
  std::size_t most_;
  Charset charset_;
};

Result<Node> FormFormat::read(std::string_view bytes, Arena& arena) const {
  struct Field {
    std::string_view name;
    std::string_view value;
    std::uint32_t member = 0;
  };
  std::size_t count = bytes.empty() ? 0 : static_cast<std::size_t>(std::count(bytes.begin(), bytes.end(), '&')) + 1;
  if (count > most_) return fail(ErrorKind::format, "reading a form: it has more than " + std::to_string(most_) + " fields");
  std::vector<Field> fields;
  std::vector<std::uint32_t> repeats;  // of each member
  Spare<KeyIndex> spare;
  KeyIndex& names = *spare;
  names.start(count);
  std::size_t at = 0;
  while (at < bytes.size()) {
    pause_if_due();
    std::size_t end = std::min(bytes.find('&', at), bytes.size());
    std::string_view piece = bytes.substr(at, end - at);
    // `a=1&&b=2` has an empty piece, which every reader skips.
    if (!piece.empty()) {
      std::size_t equals = std::min(piece.find('='), piece.size());
      Decoded name = decode(piece.substr(0, equals), charset_, arena);
      if (name.bad != std::string_view::npos) return refuse_text(doing, bytes, at + name.bad, name.why);
      std::size_t value_at = std::min(equals + 1, piece.size());
      Decoded value = decode(piece.substr(value_at), charset_, arena);
      if (value.bad != std::string_view::npos) return refuse_text(doing, bytes, at + value_at + value.bad, value.why);
      Field field{.name = name.text, .value = value.text};
      std::uint32_t found = names.add(name.text, static_cast<std::uint32_t>(repeats.size()));
      if (found == KeyIndex::none) {
        field.member = static_cast<std::uint32_t>(repeats.size());
        repeats.push_back(1);
      } else {
        field.member = found;
        ++repeats[found];
      }
      fields.push_back(field);
    }
    at = end + 1;
  }
  auto* members = arena.array<Member>(repeats.size());
  std::vector<Node*> next(repeats.size(), nullptr);
  for (const Field& field : fields) {
    Member& member = members[field.member];
    Node*& slot = next[field.member];
    if (slot == nullptr) {
      member.key = Node::string(field.name);
      slot = &member.value;
      if (repeats[field.member] > 1) {
        slot = arena.array<Node>(repeats[field.member]);
        member.value = Node::array({slot, repeats[field.member]});
      }
    }
    *slot++ = Node::string(field.value);
  }
  return Node::object({members, repeats.size()});
}

Result<void> FormFormat::write(const Node& document, std::string& out) const {
  if (!document.is_object()) {
    return fail(ErrorKind::format,
                "writing a form: the document is " + std::string(busway::name_of(document.kind())) + ", an object is needed");
  }
  bool first = true;
  auto field = [&](std::string_view name, const Node& value) -> Result<void> {
    pause_if_due();
    char buffer[40];
    auto text = scalar_text(value, buffer);
    if (!text) {
      return fail(ErrorKind::format, "writing a form: " + printable(name) + " is " + std::string(busway::name_of(value.kind())) +
                                         ", a text, a number or a boolean is needed");
    }
    if (find_invalid_utf8(name) != std::string_view::npos || find_invalid_utf8(*text) != std::string_view::npos) {
      return fail(ErrorKind::format, "writing a form: " + printable(name) + " is not valid Unicode (half of a surrogate pair)");
    }
    if (!first) out += '&';
    first = false;
    auto put = [&](std::string_view part) -> Result<void> {
      if (charset_ == Charset::utf_8) {
        append_encoded(part, out);
        return {};
      }
      std::string converted;
      if (auto written = append_in(charset_, part, converted, "writing a form"); !written) return written;
      append_encoded(converted, out);
      return {};
    };
    if (auto written = put(name); !written) return written;
    out += '=';
    return put(*text);
  };
  for (const Member& member : document.members()) {
    if (!member.value.is_array()) {
      if (auto written = field(member.key.text(), member.value); !written) return written;
      continue;
    }
    for (const Node& item : member.value.items()) {
      if (auto written = field(member.key.text(), item); !written) return written;
    }
  }
  return {};
}

std::unique_ptr<const Format> make_form(FormConfig config, const ConfigNode&, CheckContext&, const FormatContext&) {
  return std::make_unique<FormFormat>(config);
}

}  // namespace

FormatType form_format() {
  return {.name = "form",
          .summary = "HTML forms (application/x-www-form-urlencoded).",
          .doc =
              "An object of texts; a name that stands several times is an array. `%XX` is decoded strictly: broken escapes, raw "
              "control "
              "characters and invalid UTF-8 are errors.",
          .content_types = {"application/x-www-form-urlencoded"},
          .format = role<FormConfig, const Format, FormatContext>(
              {{"fields", &FormConfig::fields, "The most fields a form may have.", at_least(1), at_most(100'000)},
               charset_field(&FormConfig::charset, false)},
              make_form),
          .examples = {{"As it is", "form"}, {"From pages of the nineties", "form: { charset: windows-1252 }"}}};
}

}  // namespace busway
