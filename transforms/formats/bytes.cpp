#include "transforms/formats/bytes.hpp"

#include <algorithm>
#include <array>

#include "bus/pause.hpp"
#include "transforms/formats/utf8.hpp"

namespace busway {

namespace {

constexpr char letters[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
constexpr std::array<std::int8_t, 256> make_values() {
  std::array<std::int8_t, 256> table{};
  table.fill(-1);
  for (std::size_t i = 0; i < 64; ++i) table[static_cast<unsigned char>(letters[i])] = static_cast<std::int8_t>(i);
  return table;
}
constexpr auto values = make_values();

struct BytesConfig {};

// RFC 4648, 4: with padding, nothing but the alphabet.
class BytesFormat final : public Format {
 public:
  std::string_view name() const override { return "bytes"; }
  std::string_view content_type() const override { return "application/octet-stream"; }

  Result<Node> read(std::string_view bytes, Arena& arena) const override {
    constexpr std::size_t largest = 0xBFFFFFFF;
    if (bytes.size() > largest) return fail(ErrorKind::format, "reading bytes: the body is larger than 3 GiB");
    std::size_t size = (bytes.size() + 2) / 3 * 4;
    char* out = arena.array<char>(size);
    std::size_t to = 0;
    PauseByBytes pause;
    for (std::size_t at = 0; at < bytes.size(); at += 3) {
      pause.at(at);
      std::size_t count = std::min<std::size_t>(3, bytes.size() - at);
      std::uint32_t group = 0;
      for (std::size_t i = 0; i < 3; ++i) group = (group << 8) | (i < count ? static_cast<unsigned char>(bytes[at + i]) : 0U);
      for (std::size_t i = 0; i < 4; ++i) out[to++] = i <= count ? letters[(group >> (18 - 6 * i)) & 63] : '=';
    }
    return Node::string({out, size});
  }

  Result<void> write(const Node& document, std::string& out) const override {
    if (!document.is_string()) {
      return fail(ErrorKind::format, "writing bytes: the document is " + std::string(busway::name_of(document.kind())) +
                                         ", a text in base64 is needed");
    }
    std::string_view text = document.text();
    auto refuse = [&](std::size_t at, std::string_view why) { return refuse_text("writing bytes", text, at, why); };
    if (text.size() % 4 != 0) return refuse(text.size(), "the base64 text is not a whole number of groups of four");
    PauseByBytes pause;
    for (std::size_t at = 0; at < text.size(); at += 4) {
      pause.at(at);
      bool last = at + 4 == text.size();
      std::size_t fill = !last ? 0 : text[at + 3] != '=' ? 0 : text[at + 2] != '=' ? 1 : 2;
      std::uint32_t group = 0;
      for (std::size_t i = 0; i < 4; ++i) {
        int value = i >= 4 - fill ? 0 : values[static_cast<unsigned char>(text[at + i])];
        if (value < 0) return refuse(at + i, "this is no letter of base64");
        group = (group << 6) | static_cast<std::uint32_t>(value);
      }
      if ((group & ((1U << (8 * fill)) - 1)) != 0)
        return refuse(at + 3 - fill, "the last letter of the base64 text holds bits beyond the last byte");
      for (std::size_t i = 0; i < 3 - fill; ++i) out += static_cast<char>(static_cast<unsigned char>(group >> (16 - 8 * i)));
    }
    return {};
  }
};

std::unique_ptr<const Format> make_bytes(BytesConfig, const ConfigNode&, CheckContext&, const FormatContext&) {
  return std::make_unique<BytesFormat>();
}

}  // namespace

FormatType bytes_format() {
  return {.name = "bytes",
          .summary = "Any body, as a text in base64.",
          .doc =
              "What has no other format. The document is a string in base64 (RFC 4648), so that every byte comes back. A route "
              "that hands a "
              "body on without reading it never converts it.",
          .content_types = {"application/octet-stream"},
          .format = role<BytesConfig, const Format, FormatContext>({}, make_bytes),
          .examples = {{"As it is", "bytes"}}};
}

}  // namespace busway
