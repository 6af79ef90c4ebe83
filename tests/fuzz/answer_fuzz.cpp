#include <algorithm>
#include <cstdint>
#include <string>

#include "adapters/http/answer.hpp"
#include "bus/assert.hpp"
#include "bus/worker.hpp"

namespace {

using namespace busway;
using namespace busway::http;

// One answer, read in pieces of at most `step`, as text.
std::string read_answer(std::string_view stream, std::size_t step, bool head_request, Worker& worker) {
  Exchange exchange(worker);
  AnswerReader reader(head_request, 4096, exchange.arena());
  while (!reader.whole() && !stream.empty()) {
    std::span<char> room = reader.room();
    BUSWAY_ASSERT(!room.empty());
    std::size_t size = stream.copy(room.data(), std::min(room.size(), step));
    stream.remove_prefix(size);
    if (!reader.took(size)) return "garbage";
  }
  if (!reader.whole() && !reader.ended()) return "cut";
  Response response = reader.take(exchange);
  std::string text = std::to_string(response.status);
  for (const Header& header : response.headers.all()) text += "|" + std::string(header.name) + ":" + std::string(header.value);
  return text + "\n" + std::string(response.body);
}

}  // namespace

// However a service's bytes are cut into reads, the same answer comes out of them.
extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  static Worker worker(0, Worker::ClockKind::manual);
  std::string_view stream(reinterpret_cast<const char*>(data), size);
  for (bool head_request : {false, true}) {
    std::string answer = read_answer(stream, SIZE_MAX, head_request, worker);
    BUSWAY_ASSERT(answer == read_answer(stream, 1, head_request, worker));
    BUSWAY_ASSERT(answer == read_answer(stream, 1 + size % 11, head_request, worker));
  }
  return 0;
}
