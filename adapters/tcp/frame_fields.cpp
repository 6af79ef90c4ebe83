#include "adapters/tcp/frame_fields.hpp"

#include <utility>

namespace busway::tcp {

namespace {

constexpr std::size_t longest_delimiter = 16;

int hex_digit(char c) {
  if (c >= '0' && c <= '9') return c - '0';
  if (c >= 'a' && c <= 'f') return c - 'a' + 10;
  if (c >= 'A' && c <= 'F') return c - 'A' + 10;
  return -1;
}

constexpr std::pair<std::string_view, std::string_view> named[] = {
    {"lf", "\n"}, {"crlf", "\r\n"}, {"cr", "\r"}, {"nul", std::string_view("\0", 1)}, {"etx", "\x03"}, {"eot", "\x04"}};

}  // namespace

Fields<FrameConfig> frame_fields() {
  using Prefix = FrameConfig::LengthPrefix;
  return {
      {"kind", &FrameConfig::kind, "A frame without options, written `frame: mllp` for short.",
       one_of<FrameConfig::Word>(
           {{"stx_etx", FrameConfig::Word::stx_etx}, {"mllp", FrameConfig::Word::mllp}, {"close", FrameConfig::Word::close}}),
       shorthand()},
      {"length_prefix", &FrameConfig::length_prefix, "A binary length, then as many bytes; a number alone is `bytes`.",
       Fields<Prefix>{{"bytes", &Prefix::bytes, "Bytes the length takes.", at_least(1), at_most(8), shorthand()},
                      {"order", &Prefix::order, "Order of the length's bytes.",
                       one_of<Framing::Order>({{"big", Framing::Order::big}, {"little", Framing::Order::little}})},
                      {"counts_itself", &Prefix::counts_itself,
                       "The length counts the whole frame, with itself and what stands before it; otherwise only what follows."},
                      {"offset", &Prefix::offset, "Bytes of header before the length; they are the beginning of the payload.",
                       at_least(0), at_most(1024)}}},
      {"delimiter", &FrameConfig::delimiter,
       "What ends a frame: lf, crlf, cr, nul, etx, eot, bytes in hex such as 0x1c0d, or text."},
      {"fixed_length", &FrameConfig::fixed_length, "Bytes of every frame.", at_least(1), at_most(std::int64_t{1} << 30)},
  };
}

Result<std::string> read_delimiter(std::string_view text) {
  for (const auto& [name, bytes] : named) {
    if (text == name) return std::string(bytes);
  }
  std::string out(text);
  if (text.starts_with("0x")) {
    std::string_view digits = text.substr(2);
    out.clear();
    for (std::size_t i = 0; i + 1 < digits.size(); i += 2) {
      int high = hex_digit(digits[i]);
      int low = hex_digit(digits[i + 1]);
      if (high < 0 || low < 0) break;
      out += static_cast<char>(high * 16 + low);
    }
    if (out.size() * 2 != digits.size()) {
      return fail(ErrorKind::config, "'" + std::string(text) + "' is no bytes in hex; write two digits a byte, such as 0x0d0a");
    }
  }
  if (out.empty() || out.size() > longest_delimiter) {
    return fail(ErrorKind::config,
                "a delimiter has 1 to " + std::to_string(longest_delimiter) + " bytes, this one " + std::to_string(out.size()));
  }
  return out;
}

std::optional<Framing> read_framing(const FrameConfig& config, ByteSize max_frame, const ConfigNode& node, CheckContext& check) {
  const Position& at = node.place_under("frame");
  int given = (config.kind != FrameConfig::Word::none) + config.length_prefix.has_value() + config.delimiter.has_value() +
              config.fixed_length.has_value();
  if (given != 1) {
    check.findings.error("BW5020", at,
                         (given == 0 ? std::string("the frame has no kind") : std::string("the frame has more than one kind")) +
                             "; write one of length_prefix, delimiter, fixed_length, stx_etx, mllp and close");
    return std::nullopt;
  }
  Framing framing;
  framing.max_frame = static_cast<std::size_t>(max_frame.bytes);
  if (config.length_prefix) {
    framing.kind = Framing::Kind::length_prefix;
    framing.bytes = static_cast<std::size_t>(config.length_prefix->bytes);
    framing.order = config.length_prefix->order;
    framing.counts_itself = config.length_prefix->counts_itself;
    framing.offset = static_cast<std::size_t>(config.length_prefix->offset);
  } else if (config.delimiter) {
    framing.kind = Framing::Kind::delimiter;
    auto bytes = read_delimiter(*config.delimiter);
    if (!bytes) {
      check.findings.error("BW5021", at, bytes.error().text);
      return std::nullopt;
    }
    framing.delimiter = std::move(*bytes);
  } else if (config.fixed_length) {
    framing.kind = Framing::Kind::fixed_length;
    framing.fixed_length = static_cast<std::size_t>(*config.fixed_length);
  } else {
    framing.kind = config.kind == FrameConfig::Word::stx_etx ? Framing::Kind::stx_etx
                   : config.kind == FrameConfig::Word::mllp  ? Framing::Kind::mllp
                                                             : Framing::Kind::close;
  }
  std::size_t least = framing.kind == Framing::Kind::fixed_length ? framing.fixed_length : framing.offset;
  if (least > framing.max_frame) {
    check.findings.error(
        "BW1007", at,
        "a frame of " + std::to_string(least) + " bytes can never pass max_frame, which is " + std::to_string(framing.max_frame));
    return std::nullopt;
  }
  return framing;
}

}  // namespace busway::tcp
