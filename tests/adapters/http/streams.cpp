#include "tests/adapters/http/streams.hpp"

#include <algorithm>

#include "adapters/http/answer.hpp"
#include "adapters/http/body.hpp"
#include "adapters/http/head.hpp"
#include "bus/worker.hpp"

namespace http_test {

using namespace busway;
using namespace busway::http;

Seen read_requests(std::string_view stream, std::size_t cut) {
  Seen seen;
  Buffer input;
  input.reserve(Buffer::usual);
  std::size_t given = 0;
  HeadScanner scanner(HeadScanner::Side::request);
  auto more = [&](std::span<char> room) {
    std::size_t until = cut == 0 ? given + 1 : given < cut ? cut : stream.size();
    std::size_t size = std::min({until - given, stream.size() - given, room.size()});
    stream.substr(given, size).copy(room.data(), size);
    given += size;
    return size;
  };
  auto refuse = [&](Refusal refusal) {
    seen.refused = refusal.status;
    seen.reason = refusal.reason;
    return seen;
  };
  while (true) {
    if (!scanner.scan(input.view())) {
      if (scanner.refusal()) return refuse(scanner.refusal());
      if (given == stream.size()) return seen;
      input.grew(more(input.head_room()));
      continue;
    }
    RequestHead head;
    if (Refusal refusal = head.read(input.view().substr(scanner.begin(), scanner.end() - scanner.begin())))
      return refuse(refusal);
    seen.closes = !head.persistent();
    std::string message(head.method);
    message += " " + std::string(head.target);
    for (const FieldLine& field : head.fields) message += " | " + std::string(field.name) + ": " + std::string(field.value);
    bool persistent = head.persistent();
    BodyGatherer body(head.framing, 1 << 20, input, scanner.end());
    while (!body.whole() && !body.refusal() && given < stream.size()) body.took(more(body.room()));
    if (body.refusal()) return refuse(body.refusal());
    if (!body.whole()) return seen;
    seen.messages.push_back(message + " -> " + std::string(body.body()));
    if (!persistent) return seen;
    input.drop_front(body.next());
    scanner.reset();
  }
}

Seen read_answers(std::string_view stream, std::size_t cut, bool ends, bool head_request) {
  Seen seen;
  Worker worker(0, Worker::ClockKind::manual);
  Exchange exchange(worker);
  std::size_t given = 0;
  AnswerReader reader(head_request, 1 << 20, exchange.arena());
  while (!reader.whole() && given < stream.size()) {
    std::span<char> room = reader.room();
    std::size_t until = cut == 0 ? given + 1 : given < cut ? cut : stream.size();
    std::size_t size = std::min({until - given, stream.size() - given, room.size()});
    stream.substr(given, size).copy(room.data(), size);
    given += size;
    if (auto took = reader.took(size); !took) {
      seen.refused = 1;
      seen.reason = took.error().text;
      return seen;
    }
  }
  if (!reader.whole() && (!ends || !reader.ended())) return seen;
  bool reusable = reader.reusable();
  Response response = reader.take(exchange);
  std::string message = std::to_string(response.status);
  for (const Header& field : response.headers.all()) message += " | " + std::string(field.name) + ": " + std::string(field.value);
  seen.messages.push_back(message + " -> " + std::string(response.body));
  seen.reusable = reusable;
  return seen;
}

}  // namespace http_test
