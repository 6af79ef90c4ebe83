#include <algorithm>
#include <cstdint>
#include <string>
#include <vector>

#include "adapters/zmq/parts.hpp"
#include "bus/arena.hpp"
#include "bus/assert.hpp"

namespace {

using busway::zmq::Envelope;
using busway::zmq::FrameList;
using busway::zmq::Parts;

// Each frame is its length in a byte and so many bytes; lengths that no byte holds are made of the last ones.
std::vector<std::string> frames_of(std::string_view input) {
  std::vector<std::string> out;
  while (!input.empty() && out.size() < 200) {
    auto length = static_cast<std::size_t>(static_cast<unsigned char>(input.front()));
    input.remove_prefix(1);
    std::string_view bytes = input.substr(0, length);
    input.remove_prefix(bytes.size());
    out.emplace_back(bytes);
    if (length == 254) out.back().resize(256 + bytes.size(), 'e');
    if (length == 255) out.back().resize(8 * 1024 - 100 + bytes.size(), 'h');
  }
  return out;
}

Parts parts_of(std::size_t count, std::size_t body) {
  std::vector<std::string> names;
  for (std::size_t i = 0; i < count; ++i) names.push_back(i == body ? "body" : "part-" + std::to_string(i));
  return Parts(std::move(names));
}

}  // namespace

// What sockets of others send: an envelope is taken within its bounds or not at all, and the frames that a message was read from
// are those that it is written to, behind that envelope.
extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  if (size < 2) return 0;
  Envelope envelope{.delimited = (data[0] & 1) != 0, .count = (data[0] >> 1) % (Envelope::most + 1)};
  std::size_t count = 1 + data[1] % 32;
  Parts parts = parts_of(count, (data[1] >> 5) % count);
  std::vector<std::string> kept = frames_of({reinterpret_cast<const char*>(data) + 2, size - 2});
  std::vector<std::string_view> frames(kept.begin(), kept.end());

  auto taken = envelope.size(frames);
  if (!taken) return 0;
  BUSWAY_ASSERT(*taken <= frames.size() && *taken <= Envelope::most + 1);
  std::span<const std::string_view> back(frames.data(), *taken);
  for (std::string_view frame : back) BUSWAY_ASSERT(frame.size() <= Envelope::most_bytes);
  if (envelope.delimited) BUSWAY_ASSERT(!back.empty() && back.back().empty());

  std::span<const std::string_view> message = std::span<const std::string_view>(frames).subspan(*taken);
  busway::Arena arena;
  busway::Headers headers(arena);
  auto body = parts.read(message, headers);
  if (!body) {
    BUSWAY_ASSERT(!body.error().text.empty());
    return 0;
  }
  FrameList answer;
  for (std::string_view frame : back) answer.push_back(frame);
  parts.write(*body, headers, answer);
  BUSWAY_ASSERT(std::ranges::equal(answer.all(), frames));
  return 0;
}
