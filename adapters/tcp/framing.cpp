#include "adapters/tcp/framing.hpp"

#include <algorithm>
#include <cstring>

namespace busway::tcp {

namespace {

constexpr char stx = 0x02;
constexpr char etx = 0x03;
constexpr char vt = 0x0B;
constexpr char fs = 0x1C;

std::string hex_byte(char byte) {
  constexpr std::string_view digits = "0123456789abcdef";
  auto value = static_cast<unsigned char>(byte);
  return {'0', 'x', digits[value >> 4], digits[value & 15]};
}

std::unexpected<Error> cannot_send(std::string why) {
  return fail(ErrorKind::mapping, "framing a message: " + std::move(why));
}
std::unexpected<Error> violation(std::string why) {
  return fail(ErrorKind::garbage, "reading a frame: " + std::move(why));
}

}  // namespace

std::size_t Framer::most_buffered() const {
  switch (framing_.kind) {
    case Framing::Kind::length_prefix: return framing_.max_frame + framing_.bytes + framing_.offset;
    case Framing::Kind::delimiter: return framing_.max_frame + framing_.delimiter.size();
    case Framing::Kind::stx_etx: return framing_.max_frame + 2;
    case Framing::Kind::mllp: return framing_.max_frame + 3;
    case Framing::Kind::fixed_length: return framing_.fixed_length;
    case Framing::Kind::close: break;
  }
  return framing_.max_frame + 1;
}

Result<void> Framer::encode(std::string_view payload, std::string& out) const {
  if (payload.size() > framing_.max_frame) {
    return cannot_send(std::to_string(payload.size()) + " bytes are over the limit of " + std::to_string(framing_.max_frame));
  }
  switch (framing_.kind) {
    case Framing::Kind::length_prefix: {
      if (payload.size() < framing_.offset) {
        return cannot_send("a payload begins with " + std::to_string(framing_.offset) + " bytes of header, this one has " +
                           std::to_string(payload.size()));
      }
      std::uint64_t length = framing_.counts_itself ? payload.size() + framing_.bytes : payload.size() - framing_.offset;
      if (framing_.bytes < 8 && (length >> (8 * framing_.bytes)) != 0) {
        return cannot_send("a length of " + std::to_string(length) + " does not fit " + std::to_string(framing_.bytes) +
                           " bytes");
      }
      char prefix[8];
      for (std::size_t i = 0; i < framing_.bytes; ++i) {
        std::size_t place = framing_.order == Framing::Order::big ? framing_.bytes - 1 - i : i;
        prefix[i] = static_cast<char>(length >> (8 * place) & 0xFF);
      }
      out.reserve(out.size() + payload.size() + framing_.bytes);
      out.append(payload, 0, framing_.offset).append(prefix, framing_.bytes).append(payload, framing_.offset);
      return {};
    }
    case Framing::Kind::delimiter: {
      std::size_t start = out.size();
      out += payload;
      out += framing_.delimiter;
      // Also the payload's last bytes and the delimiter's first may make a delimiter.
      if (out.find(framing_.delimiter, start) == start + payload.size()) return {};
      out.resize(start);
      return cannot_send("the payload holds the delimiter");
    }
    case Framing::Kind::stx_etx:
    case Framing::Kind::mllp: {
      bool mllp = framing_.kind == Framing::Kind::mllp;
      char start = mllp ? vt : stx;
      char end = mllp ? fs : etx;
      for (char byte : payload) {
        if (byte == start || byte == end)
          return cannot_send("the payload holds the byte " + hex_byte(byte) + " that marks a frame");
      }
      out += start;
      out += payload;
      out += end;
      if (mllp) out += '\r';
      return {};
    }
    case Framing::Kind::fixed_length:
      if (payload.size() != framing_.fixed_length) {
        return cannot_send("a frame has " + std::to_string(framing_.fixed_length) + " bytes, this payload has " +
                           std::to_string(payload.size()));
      }
      out += payload;
      return {};
    case Framing::Kind::close: out += payload; return {};
  }
  return cannot_send("unknown framing");
}

std::unexpected<Error> FrameDecoder::over_limit(std::uint64_t size) const {
  return fail(
      ErrorKind::garbage,
      "reading a frame: at least " + std::to_string(size) + " bytes, over the limit of " + std::to_string(framing_->max_frame),
      "limit");
}

FrameDecoder::Found FrameDecoder::next(std::span<char> buffer, bool ended) {
  std::string_view bytes(buffer.data(), buffer.size());
  Found found{std::nullopt};
  switch (framing_->kind) {
    case Framing::Kind::length_prefix: found = next_length_prefix(buffer); break;
    case Framing::Kind::delimiter: found = next_delimiter(bytes); break;
    case Framing::Kind::stx_etx: found = next_enclosed(bytes, stx, {&etx, 1}); break;
    case Framing::Kind::mllp: found = next_enclosed(bytes, vt, "\x1C\r"); break;
    case Framing::Kind::fixed_length:
      if (bytes.size() >= framing_->fixed_length) found = Frame{bytes.substr(0, framing_->fixed_length), framing_->fixed_length};
      break;
    case Framing::Kind::close:
      if (bytes.size() > framing_->max_frame) return over_limit(bytes.size());
      if (ended && !bytes.empty()) found = Frame{bytes, bytes.size()};
      break;
  }
  if (found && *found) scanned_ = 0;
  return found;
}

FrameDecoder::Found FrameDecoder::next_length_prefix(std::span<char> buffer) const {
  const Framing& framing = *framing_;
  std::size_t head = framing.offset + framing.bytes;
  if (buffer.size() < head) return std::nullopt;
  std::uint64_t rest = 0;
  for (std::size_t i = 0; i < framing.bytes; ++i) {
    std::size_t place = framing.order == Framing::Order::big ? i : framing.bytes - 1 - i;
    rest = rest << 8 | static_cast<unsigned char>(buffer[framing.offset + place]);
  }
  if (framing.counts_itself) {
    if (rest < head) {
      return violation("its length says " + std::to_string(rest) + ", less than the " + std::to_string(head) +
                       " bytes up to its end");
    }
    rest -= head;
  }
  if (rest > framing.max_frame || rest + framing.offset > framing.max_frame) return over_limit(rest);
  auto size = static_cast<std::size_t>(rest);
  if (buffer.size() - head < size) return std::nullopt;
  std::memmove(buffer.data() + framing.bytes, buffer.data(), framing.offset);
  return Frame{{buffer.data() + framing.bytes, framing.offset + size}, head + size};
}

FrameDecoder::Found FrameDecoder::next_delimiter(std::string_view buffer) {
  std::string_view delimiter = framing_->delimiter;
  std::size_t from = scanned_ - std::min(scanned_, delimiter.size() - 1);
  std::size_t at = buffer.find(delimiter, from);
  scanned_ = buffer.size();
  if (at != std::string_view::npos) {
    if (at > framing_->max_frame) return over_limit(at);
    return Frame{buffer.substr(0, at), at + delimiter.size()};
  }
  if (buffer.size() >= framing_->max_frame + delimiter.size()) return over_limit(buffer.size() - delimiter.size() + 1);
  return std::nullopt;
}

FrameDecoder::Found FrameDecoder::next_enclosed(std::string_view buffer, char start, std::string_view end) {
  if (buffer.empty()) return std::nullopt;
  if (buffer[0] != start) return violation("it begins with " + hex_byte(buffer[0]) + " instead of " + hex_byte(start));
  const char marks[] = {start, end[0]};
  std::size_t at = buffer.find_first_of({marks, 2}, std::max<std::size_t>(scanned_, 1));
  scanned_ = std::min(at, buffer.size());
  std::size_t size = scanned_ - std::min<std::size_t>(scanned_, 1);
  if (size > framing_->max_frame) return over_limit(size);
  if (at == std::string_view::npos) return std::nullopt;
  if (buffer[at] == start) return violation("a second " + hex_byte(start) + " before the end of the first frame");
  if (buffer.size() - at < end.size()) return std::nullopt;
  if (buffer.substr(at, end.size()) != end) return violation(hex_byte(end[0]) + " is followed by " + hex_byte(buffer[at + 1]));
  return Frame{buffer.substr(1, size), at + end.size()};
}

}  // namespace busway::tcp
