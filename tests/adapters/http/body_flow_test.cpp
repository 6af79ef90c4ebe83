#include "adapters/http/body_flow.hpp"

#include <doctest/doctest.h>

#include <algorithm>
#include <string>

using namespace busway;
using namespace busway::http;

namespace {

struct Passed {
  std::string body;
  std::string after;
  int status = 0;
  bool whole = false;
  bool operator==(const Passed&) const = default;
};

// All of it gathered.
Passed gathered(Framing framing, const std::string& wire, std::uint64_t limit) {
  Passed out;
  Buffer input;
  input.append("HEAD");
  input.reserve(wire.size() + 100);
  input.append(wire);
  BodyGatherer body(framing, limit, input, 4);
  if (framing.kind == Framing::Kind::until_close) body.ended();
  out.whole = body.whole();
  out.status = body.refusal().status;
  if (out.whole) {
    out.body = body.body();
    out.after = input.view().substr(body.next());
  }
  return out;
}

// The first `first` bytes of the wire gathered, the rest flowing in pieces of `step`; nothing when all was gathered by then.
Passed flowed(Framing framing, const std::string& wire, std::size_t first, std::size_t step, std::uint64_t limit) {
  Passed out;
  Buffer input;
  input.append("HEAD");
  input.reserve(Buffer::usual);
  input.append(wire.substr(0, first));
  BodyGatherer body(framing, limit, input, 4);
  out.status = body.refusal().status;
  if (out.status != 0 || body.whole()) return gathered(framing, wire, limit);
  out.body = body.body();
  BodyFlow flow = body.flow();
  CHECK(flow.passed() == out.body.size());
  std::string_view left = std::string_view(wire).substr(std::min(first, wire.size()));
  std::string piece(step, '\0');
  while (!left.empty() && !flow.whole() && !flow.refusal()) {
    std::span<char> room = flow.room(piece);
    std::size_t size = left.copy(room.data(), room.size());
    left.remove_prefix(size);
    out.body += flow.took(room.first(size));
    if (flow.whole()) out.after = std::string(flow.after()) + std::string(left);
  }
  flow.ended();
  out.whole = flow.whole();
  out.status = flow.refusal().status;
  if (!out.whole) out.body.clear();
  return out;
}

void same(Framing framing, const std::string& wire, std::uint64_t limit = 1 << 20) {
  Passed whole = gathered(framing, wire, limit);
  for (std::size_t first : {0, 1, 2, 3, 5, 17, 100, 4000}) {
    for (std::size_t step : {1, 2, 3, 7, 1000}) {
      Passed other = flowed(framing, wire, first, step, limit);
      CHECK_MESSAGE(other == whole, wire.substr(0, 60) << " from " << first << " in steps of " << step);
    }
  }
}

}  // namespace

TEST_CASE("a body that flows is the body that is gathered") {
  const Framing chunks{Framing::Kind::chunked, 0};
  std::string data;
  for (int i = 0; i < 3000; ++i) data += static_cast<char>('a' + i % 26);
  same({Framing::Kind::length, 3000}, data);
  same({Framing::Kind::length, 3000}, data + "GET / HTTP/1.1\r\n");
  same({Framing::Kind::length, 3001}, data);
  same({Framing::Kind::until_close, 0}, data);
  same({Framing::Kind::until_close, 0}, data, 2999);
  same(chunks, "bb8\r\n" + data + "\r\n0\r\n\r\n");
  same(chunks, "bb8;a=\"b\"\r\n" + data + "\r\n5\r\nhello\r\n0\r\nT: 1\r\n\r\nGET / HTTP/1.1\r\n");
  std::string ones;
  for (int i = 0; i < 300; ++i) ones += "1\r\nx\r\n";
  same(chunks, ones + "0\r\n\r\n");
  same(chunks, ones + "0\r\n\r\n", 299);
  same(chunks, ones + "0\r\n\r\n", 300);
  same(chunks, ones + "g\r\n");
  same(chunks, ones + "2\r\nxyz\r\n0\r\n\r\n");
  same(chunks, "bb8\r\n" + data + "\r\n0\r\n\n");
  // Refused as soon as the size says so, not when the bytes have come.
  same(chunks, ones + "ffffff\r\n", 1000);
}
