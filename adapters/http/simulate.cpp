#include "adapters/http/answer.hpp"
#include "adapters/http/grammar.hpp"
#include "adapters/http/head_writer.hpp"
#include "adapters/http/listener.hpp"
#include "bus/json_text.hpp"

namespace busway::http {

namespace {

constexpr std::string_view test_peer = "127.0.0.1:1";
constexpr std::string_view test_host = "localhost";

// What the test sends, as a client would put it on the wire.
Result<void> write_request(const TestRequest& request, const HttpInlet* inlet, std::string_view path, Arena& arena,
                           Buffer& wire) {
  std::string method(request.main.substr(0, request.main.find(' ')));
  if (method.starts_with('/')) method = "POST";
  std::vector<std::pair<std::string, std::string>> fields = request.headers;
  std::string body;
  if (inlet != nullptr) {
    if (auto written = inlet->write_test_request(request, arena, method, fields, body); !written) return written;
  } else if (request.bytes) {
    body = *request.bytes;
  } else if (request.body) {
    body = to_json(*request.body);
  }
  std::string target;
  encode_target(path, target);
  Headers headers(arena);
  for (const auto& [name, value] : fields) headers.add(arena.copy(name), arena.copy(value));
  RequestLines lines{.method = method,
                     .target = target,
                     .host = test_host,
                     .headers = headers.all(),
                     .content_type = {},
                     .length = std::nullopt};
  if (!body.empty() || (method != "GET" && method != "HEAD")) lines.length = body.size();
  if (auto written = write_head(lines, wire); !written) return written;
  wire.append(body);
  return {};
}

}  // namespace

Task<Result<TestReply>> HttpListener::simulate(Worker& worker, const TestRequest& request, Arena& arena) {
  std::size_t space = request.main.find(' ');
  std::string_view main = request.main;
  std::string_view path = space == std::string_view::npos ? main : trim_whitespace(main.substr(space));
  Trip trip(worker);
  // Which inlet writes the request: the one its first line leads to.
  RoutingTable::Asked asked{
      .method = space == std::string_view::npos ? std::string_view("POST") : main.substr(0, space),
      .path = path.substr(0, path.find('?')),
      .query = path.find('?') == std::string_view::npos ? std::string_view() : path.substr(path.find('?') + 1),
      .fields = {}};
  std::vector<FieldLine> fields;
  for (const auto& [name, value] : request.headers) fields.push_back({.name = name, .value = value, .known = known_field(name)});
  asked.fields = fields;
  Refusal refusal = serving_.routes.find(asked, trip.found);
  const HttpInlet* inlet = refusal || trip.found.inlets.empty() ? nullptr : trip.found.inlets.front();
  trip.reset(0);
  if (auto written = write_request(request, inlet, path, arena, trip.input); !written) co_return std::unexpected(written.error());

  HeadScanner scanner(HeadScanner::Side::request, serving_.limits);
  bool whole = scanner.scan(trip.input.view());
  refusal = scanner.refusal();
  if (whole && !refusal) refusal = trip.head.read(trip.input.view().substr(0, scanner.end()), serving_.limits);
  HttpReply reply(trip.exchange.arena());
  Buffer spilled;
  if (whole && !refusal) {
    trip.arrive(test_peer, serving_.tls != nullptr);
    refusal = trip.match(serving_.routes, reply);
    if (!refusal) {
      BodyGatherer body(trip.head.framing, trip.max_body(), trip.input, scanner.end());
      refusal = body.refusal();
      if (!refusal) co_await trip.serve(body.body(), reply);
      spilled = body.take_spilled();
    }
  }
  TestReply out;
  if (refusal) {
    trip.refuse(refusal, reply);
  } else {
    // Where inlets share a place, the first has chosen among them.
    const Route* taken = trip.exchange.route != nullptr ? trip.exchange.route : &trip.found.inlets.front()->route();
    out.route = taken->name();
  }
  trip.frame(reply, false);
  std::string_view body = trip.body_of(reply);

  // What a client makes of the reply's bytes.
  Buffer wire;
  wire.append(trip.output.view());
  wire.append(body);
  AnswerReader reader(trip.head_only, UINT64_MAX - 1, trip.exchange.arena());
  for (std::string_view rest = wire.view(); !rest.empty() && !reader.whole();) {
    std::span<char> room = reader.room();
    std::size_t size = rest.copy(room.data(), room.size());
    rest.remove_prefix(size);
    if (auto took = reader.took(size); !took) co_return std::unexpected(took.error());
  }
  if (!reader.whole()) co_return fail(ErrorKind::internal, "reading the reply: it ends too early");
  Response seen = reader.take(trip.exchange);
  out.status = seen.status;
  for (const Header& header : seen.headers.all()) out.headers.emplace_back(header.name, header.value);
  out.bytes = seen.body;
  if (const Failure* failure = trip.exchange.failure(); failure != nullptr && trip.exchange.ending == Exchange::Ending::failed)
    out.failure = kept(*failure, arena);
  HttpReply kept(arena);
  kept.status = seen.status;
  kept.content_type = arena.copy(seen.content_type);
  kept.body = arena.copy(seen.body);
  if (kept.body.empty()) co_return std::move(out);
  if (!refusal) {
    auto read = trip.found.inlets.front()->read_test_reply(kept, arena);
    if (read)
      out.body = *read;
    else
      out.note = read.error().text;
  } else {
    out.body = Node::string(kept.body);
  }
  co_return std::move(out);
}

}  // namespace busway::http
