#include <algorithm>
#include <cstdint>
#include <string>
#include <vector>

#include "adapters/tcp/frame_buffer.hpp"
#include "adapters/tcp/framing.hpp"
#include "bus/assert.hpp"

namespace {

using busway::tcp::FrameBuffer;
using busway::tcp::FrameDecoder;
using busway::tcp::Framer;
using busway::tcp::Framing;

// The input's first four bytes choose a framing; the rest is the stream.
Framing framing_of(const std::uint8_t* data) {
  Framing framing;
  framing.kind = static_cast<Framing::Kind>(data[0] % 6);
  framing.bytes = 1 + data[1] % 8;
  framing.order = (data[1] & 8) != 0 ? Framing::Order::big : Framing::Order::little;
  framing.counts_itself = (data[1] & 16) != 0;
  framing.offset = data[2] % 5;
  framing.delimiter = std::string(1 + data[2] % 3, static_cast<char>(data[2]));
  framing.fixed_length = 1 + data[2] % 16;
  framing.max_frame = 16 + data[3];
  return framing;
}

std::vector<std::string> read_in_steps(const Framer& framer, std::string_view stream, std::size_t step) {
  std::vector<std::string> out;
  std::string storage;
  FrameBuffer buffer(storage, framer.most_buffered());
  FrameDecoder decoder(framer);
  while (!stream.empty()) {
    std::span<char> room = buffer.room();
    BUSWAY_ASSERT(!room.empty());
    std::size_t count = std::min({step, stream.size(), room.size()});
    std::copy_n(stream.data(), count, room.data());
    buffer.filled(count);
    stream.remove_prefix(count);
    while (true) {
      auto found = decoder.next(buffer.bytes(), stream.empty());
      if (!found) {
        out.push_back("error " + found.error().code);
        return out;
      }
      if (!*found) break;
      BUSWAY_ASSERT((*found)->payload.size() <= framer.framing().max_frame);
      out.emplace_back((*found)->payload);
      buffer.consume((*found)->consumed);
      if (framer.ends_with_connection()) return out;
    }
  }
  return out;
}

}  // namespace

// However a stream is cut into reads, the same frames come out; a frame written again reads back the same.
extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  if (size < 4) return 0;
  Framer framer(framing_of(data));
  std::string_view stream(reinterpret_cast<const char*>(data) + 4, size - 4);
  std::vector<std::string> whole = read_in_steps(framer, stream, SIZE_MAX);
  BUSWAY_ASSERT(whole == read_in_steps(framer, stream, 1));
  BUSWAY_ASSERT(whole == read_in_steps(framer, stream, 1 + size % 7));
  for (const std::string& payload : whole) {
    std::string wire;
    if (payload.starts_with("error ") || !framer.encode(payload, wire)) continue;
    if (wire.empty()) continue;
    BUSWAY_ASSERT(read_in_steps(framer, wire, SIZE_MAX) == std::vector<std::string>{payload});
  }
  return 0;
}
