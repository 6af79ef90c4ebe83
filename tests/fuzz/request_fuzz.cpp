#include <algorithm>
#include <cstdint>
#include <string>
#include <utility>
#include <vector>

#include "adapters/http/body.hpp"
#include "adapters/http/grammar.hpp"
#include "adapters/http/head.hpp"
#include "adapters/http/head_writer.hpp"
#include "bus/assert.hpp"

namespace {

using namespace busway;
using namespace busway::http;

// A second opinion on a head that was taken, by the letter of RFC 9112, 2.2, 5 and 6.3 and with nothing of the reader's: whoever
// stands behind us finds the same lines, and one way to frame the body.
void check_by_the_letter(std::string_view head) {
  constexpr std::string_view token = "!#$%&'*+-.^_`|~0123456789abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ";
  std::size_t lengths = 0;
  std::size_t codings = 0;
  std::size_t hosts = 0;
  BUSWAY_ASSERT(head.ends_with("\r\n\r\n"));
  head.remove_suffix(2);
  bool first = true;
  bool old = false;
  while (!head.empty()) {
    std::size_t end = head.find("\r\n");
    std::string line(head.substr(0, end));
    head.remove_prefix(end + 2);
    for (char c : line) BUSWAY_ASSERT(c == '\t' || (static_cast<unsigned char>(c) >= 0x20 && c != 0x7F));
    if (std::exchange(first, false)) {
      BUSWAY_ASSERT(std::count(line.begin(), line.end(), ' ') == 2);
      old = line.ends_with(" HTTP/1.0");
      BUSWAY_ASSERT(old || line.ends_with(" HTTP/1.1"));
      continue;
    }
    std::size_t colon = line.find(':');
    BUSWAY_ASSERT(colon != std::string::npos && colon > 0 && line.find_first_not_of(token) == colon);
    std::string name = line.substr(0, colon);
    for (char& c : name) c = c == '_' ? '-' : c >= 'A' && c <= 'Z' ? static_cast<char>(c + 0x20) : c;
    lengths += name == "content-length";
    codings += name == "transfer-encoding";
    hosts += line.substr(0, colon).find('_') == std::string::npos && name == "host";
  }
  BUSWAY_ASSERT(lengths + codings <= 1 && hosts <= 1 && (old || hosts == 1) && !(old && codings > 0));
}

// What was taken can be passed on, and is read as the same request by whoever follows our rules.
void check_passed_on(const RequestHead& head, std::string_view body) {
  std::vector<Header> headers;
  for (const FieldLine& field : head.fields) headers.push_back({field.name, field.value});
  Buffer out;
  out.reserve(64 * 1024);
  auto written = write_head({.method = head.method,
                             .target = head.path == "*" ? head.path : head.target,
                             .host = head.host.empty() ? "a" : head.host,
                             .headers = headers,
                             .length = body.size()},
                            out);
  if (!written) return;
  HeadScanner scanner(HeadScanner::Side::request);
  if (!scanner.scan(out.view())) {
    BUSWAY_ASSERT(scanner.refusal().status == 431 || scanner.refusal().status == 414);
    return;
  }
  BUSWAY_ASSERT(scanner.end() == out.size());
  RequestHead again;
  Refusal refusal = again.read(out.view().substr(scanner.begin(), scanner.end() - scanner.begin()));
  if (refusal.status == 431) return;  // a field more than it came with
  BUSWAY_ASSERT(!refusal && again.method == head.method && again.path == head.path && again.query == head.query);
  BUSWAY_ASSERT(again.framing.kind != Framing::Kind::chunked && again.framing.length == body.size());
}

// What routing does with a target that was taken.
void check_target(const RequestHead& head) {
  std::string plain;
  decode_percent(head.path, true, plain);
  BUSWAY_ASSERT(equals_decoded(head.path, plain) && plain.size() <= head.path.size());
  std::string encoded;
  encode_target(plain, encoded);
  std::size_t query = encoded.find('?');
  BUSWAY_ASSERT(is_encoded_text(std::string_view(encoded).substr(0, query), false));
  BUSWAY_ASSERT(query == std::string::npos || is_encoded_text(std::string_view(encoded).substr(query + 1), true));
}

// Inputs are short, and bodies that leave the input buffer are not: the byte 0x1F, which no head may hold, stands for 4 KiB of
// one.
std::string unfold(std::string_view input) {
  constexpr std::size_t most = 64 * 1024;
  std::string out;
  for (char c : input) {
    if (c == 0x1F && out.size() < most) {
      out.append(4096, 'x');
    } else {
      out += c;
    }
  }
  return out;
}

// Every request of the stream, read in pieces of at most `step`, as text; then how it ended.
std::vector<std::string> read_requests(std::string_view stream, std::size_t step, HeadLimits limits = {}) {
  std::vector<std::string> out;
  Buffer input;
  HeadScanner scanner(HeadScanner::Side::request, limits);
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
    std::string bytes(input.view().substr(scanner.begin(), scanner.end() - scanner.begin()));
    if (Refusal refusal = head.read(bytes, limits)) return refused(refusal);
    check_by_the_letter(bytes);
    check_target(head);
    std::string text =
        std::string(head.method) + " " + std::string(head.path) + "?" + std::string(head.query) + " " + std::string(head.host);
    for (const FieldLine& field : head.fields) text += "|" + std::string(field.name) + ":" + std::string(field.value);
    bool stays = head.persistent();
    BodyGatherer body(head.framing, 40'000, input, scanner.end());
    while (!body.whole() && !body.refusal() && !stream.empty()) body.took(feed(body.room()));
    if (body.refusal()) return refused(body.refusal());
    if (!body.whole()) return out;
    check_passed_on(head, body.body());
    out.push_back(text + "\n" + std::string(body.body()));
    if (!stays) return out;
    input.drop_front(body.next());
    scanner.reset();
  }
}

}  // namespace

// However a stream is cut into reads, the same requests come out of it.
extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  std::string stream = unfold({reinterpret_cast<const char*>(data), size});
  std::vector<std::string> requests = read_requests(stream, SIZE_MAX);
  std::size_t smallest = stream.size() > 4096 ? 61 : 1;
  BUSWAY_ASSERT(requests == read_requests(stream, smallest));
  BUSWAY_ASSERT(requests == read_requests(stream, 1 + size % 11));
  HeadLimits small{.line = 48, .head = 160, .fields = 4};
  BUSWAY_ASSERT(read_requests(stream, SIZE_MAX, small) == read_requests(stream, smallest, small));
  return 0;
}
