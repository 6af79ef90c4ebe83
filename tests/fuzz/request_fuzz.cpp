#include <algorithm>
#include <cstdint>
#include <string>
#include <vector>

#include "adapters/http/body.hpp"
#include "adapters/http/head.hpp"
#include "bus/assert.hpp"

namespace {

using namespace busway;
using namespace busway::http;

// Every request of the stream, read in pieces of at most `step`, as text; then how it ended.
std::vector<std::string> read_requests(std::string_view stream, std::size_t step) {
  std::vector<std::string> out;
  Buffer input;
  HeadScanner scanner(HeadScanner::Side::request);
  auto feed = [&](std::span<char> room) {
    BUSWAY_ASSERT(!room.empty());
    std::size_t size = stream.copy(room.data(), std::min(room.size(), step));
    stream.remove_prefix(size);
    return size;
  };
  auto refused = [&](Refusal refusal) {
    BUSWAY_ASSERT(refusal.status >= 400 && refusal.status < 600);
    out.push_back("refused " + std::to_string(refusal.status));
    return out;
  };
  while (true) {
    if (!scanner.scan(input.view())) {
      if (scanner.refusal()) return refused(scanner.refusal());
      if (stream.empty()) return out;
      input.grew(feed(input.head_room()));
      continue;
    }
    RequestHead head;
    if (Refusal refusal = head.read(input.view().substr(scanner.begin(), scanner.end() - scanner.begin())))
      return refused(refusal);
    std::string text =
        std::string(head.method) + " " + std::string(head.path) + "?" + std::string(head.query) + " " + std::string(head.host);
    for (const FieldLine& field : head.fields) text += "|" + std::string(field.name) + ":" + std::string(field.value);
    bool stays = head.persistent();
    BodyGatherer body(head.framing, 4096, input, scanner.end());
    while (!body.whole() && !body.refusal() && !stream.empty()) body.took(feed(body.room()));
    if (body.refusal()) return refused(body.refusal());
    if (!body.whole()) return out;
    out.push_back(text + "\n" + std::string(body.body()));
    if (!stays) return out;
    input.drop_front(body.next());
    scanner.reset();
  }
}

}  // namespace

// However a stream is cut into reads, the same requests come out of it.
extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  std::string_view stream(reinterpret_cast<const char*>(data), size);
  std::vector<std::string> requests = read_requests(stream, SIZE_MAX);
  BUSWAY_ASSERT(requests == read_requests(stream, 1));
  BUSWAY_ASSERT(requests == read_requests(stream, 1 + size % 11));
  return 0;
}
