#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>

#include "bus/error.hpp"

namespace busway::tcp {

// How messages are told apart on a byte stream. A plain value; what the fields mean:
//
// - length_prefix: `offset` bytes of header, then the length in `bytes` bytes, then the rest. The payload is header + rest,
//   without the length. The length counts the rest; with `counts_itself` it counts the whole frame (header, length and rest),
//   as TPKT (RFC 1006, 6), Diameter (RFC 6733, 3) and OPC UA do.
// - delimiter: the payload, then the delimiter. The first delimiter ends the frame, so a payload cannot hold it.
// - stx_etx: STX (02), the payload, ETX (03). Neither byte may be in the payload.
// - mllp: VT (0B), the payload, FS CR (1C 0D): HL7's minimal lower layer protocol. Neither VT nor FS may be in the payload.
// - fixed_length: exactly `fixed_length` bytes, nothing around them.
// - close: everything until the peer ends its side of the connection; one message a connection and direction.
struct Framing {
  enum class Kind : std::uint8_t { length_prefix, delimiter, stx_etx, mllp, fixed_length, close };
  enum class Order : std::uint8_t { big, little };

  Kind kind = Kind::delimiter;
  std::size_t bytes = 2;  // 1 to 8
  Order order = Order::big;
  bool counts_itself = false;
  std::size_t offset = 0;
  std::string delimiter = "\n";
  std::size_t fixed_length = 0;
  std::size_t max_frame = 1024 * 1024;  // bytes of payload
};

// One whole frame at the front of a buffer.
struct Frame {
  std::string_view payload;  // into the buffer
  std::size_t consumed = 0;  // bytes of the buffer that were this frame
};

// Writes payloads as frames. Immutable, safe from any thread.
class Framer {
 public:
  explicit Framer(Framing framing) : framing_(std::move(framing)) {}
  const Framing& framing() const { return framing_; }
  // The frame ends only with the sending side of the connection.
  bool ends_with_connection() const { return framing_.kind == Framing::Kind::close; }
  // No undecided buffer is ever longer than this: what a reader must be able to hold.
  std::size_t most_buffered() const;
  // Appends to `out`; nothing after an error. Errors: kind `mapping`: the payload is longer than max_frame or than the length
  // can say, has not the fixed length, or holds the bytes that end a frame.
  Result<void> encode(std::string_view payload, std::string& out) const;

 private:
  Framing framing_;
};

// Takes frames off the front of a growing buffer; looks at no byte twice. `framer` outlives it.
//
// next() is given all bytes not yet consumed. It answers a frame, or nothing: more bytes are needed. After a frame the caller
// drops `consumed` bytes; the payload is gone with them. `ended`: no more bytes will come. A frame over max_frame is refused as
// soon as its bytes say so, before the rest is read. Errors: kind `garbage`, code "limit" for a frame over max_frame; the stream
// cannot be read on.
class FrameDecoder {
 public:
  explicit FrameDecoder(const Framer& framer) : framing_(&framer.framing()) {}
  // The header before a length is moved up to the rest, so the buffer's bytes change where the frame was.
  Result<std::optional<Frame>> next(std::span<char> buffer, bool ended);

 private:
  using Found = Result<std::optional<Frame>>;
  Found next_length_prefix(std::span<char> buffer) const;
  Found next_delimiter(std::string_view buffer);
  Found next_enclosed(std::string_view buffer, char start, std::string_view end);
  std::unexpected<Error> over_limit(std::uint64_t size) const;

  const Framing* framing_;
  std::size_t scanned_ = 0;  // bytes of the buffer known to hold no end
};

}  // namespace busway::tcp
