#include <algorithm>
#include <cstdint>
#include <string>

#include "adapters/http/body.hpp"
#include "bus/assert.hpp"

namespace {

using namespace busway::http;

struct Decoded {
  std::string data;
  std::size_t end = 0;  // of the body in the stream, when it is whole
  int refused = 0;
  bool operator==(const Decoded&) const = default;
};

Decoded decode(std::string_view stream, std::size_t step) {
  Decoded out;
  ChunkDecoder decoder;
  std::size_t at = 0;
  while (at < stream.size() && !decoder.done() && !decoder.refusal()) {
    std::string_view input = stream.substr(at, step);
    ChunkDecoder::Piece piece = decoder.next(input);
    BUSWAY_ASSERT(piece.consumed <= input.size());
    BUSWAY_ASSERT(piece.consumed > 0 || decoder.done() || decoder.refusal());
    out.data += piece.data;
    at += piece.consumed;
  }
  if (decoder.done()) out.end = at;
  if (decoder.refusal()) out.refused = decoder.refusal().status;
  return out;
}

// The same by the letter of RFC 9112, 7.1, for a body without extensions and trailer fields: false where it has them or is cut.
bool decode_plain(std::string_view stream, Decoded& out) {
  std::size_t at = 0;
  while (true) {
    std::size_t line = stream.find("\r\n", at);
    if (line == std::string_view::npos || line == at || line - at > 8) return false;
    std::size_t size = 0;
    for (char c : stream.substr(at, line - at)) {
      constexpr std::string_view digits = "0123456789abcdef";
      std::size_t digit = digits.find(c >= 'A' && c <= 'F' ? static_cast<char>(c | 0x20) : c);
      if (digit == std::string_view::npos) return false;
      size = size * 16 + digit;
    }
    at = line + 2;
    if (stream.size() - at < size + 2) return false;
    if (stream.substr(at + size, 2) != "\r\n") return false;
    out.data += stream.substr(at, size);
    at += size + 2;
    if (size == 0) {
      out.end = at;
      return true;
    }
  }
}

}  // namespace

// However a chunked body is cut, the same comes out of it, and what a plain reading takes comes out as that reading has it.
extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  std::string_view stream(reinterpret_cast<const char*>(data), size);
  Decoded whole = decode(stream, SIZE_MAX);
  BUSWAY_ASSERT(whole == decode(stream, 1));
  BUSWAY_ASSERT(whole == decode(stream, 1 + size % 11));
  if (Decoded plain; decode_plain(stream, plain)) BUSWAY_ASSERT(whole == plain);
  return 0;
}
