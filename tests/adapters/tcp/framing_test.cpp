#include "adapters/tcp/framing.hpp"

#include <doctest/doctest.h>

#include <vector>

#include "adapters/tcp/frame_buffer.hpp"
#include "adapters/tcp/frame_fields.hpp"

namespace busway::tcp {
namespace {

using Kind = Framing::Kind;

// A framing with two payloads it can carry, their bytes on the wire, and the payload limit that the first just meets.
struct Case {
  std::string name;
  Framing framing;
  std::string first;
  std::string second;
  std::string wire;
};

std::string bytes(std::initializer_list<int> values) {
  std::string out;
  for (int value : values) out += static_cast<char>(value);
  return out;
}

std::vector<Case> cases() {
  std::vector<Case> out;
  auto prefix = [](std::size_t size, Framing::Order order, bool itself, std::size_t offset) {
    Framing framing;
    framing.kind = Kind::length_prefix;
    framing.bytes = size;
    framing.order = order;
    framing.counts_itself = itself;
    framing.offset = offset;
    return framing;
  };
  using enum Framing::Order;
  out.push_back({"1 byte", prefix(1, big, false, 0), "hello", "", bytes({5}) + "hello" + bytes({0})});
  out.push_back({"2 bytes big", prefix(2, big, false, 0), "hello", "x", bytes({0, 5}) + "hello" + bytes({0, 1}) + "x"});
  out.push_back({"2 bytes little", prefix(2, little, false, 0), "hello", "x", bytes({5, 0}) + "hello" + bytes({1, 0}) + "x"});
  out.push_back({"4 bytes, counts itself", prefix(4, big, true, 0), "hello", "x",
                 bytes({0, 0, 0, 9}) + "hello" + bytes({0, 0, 0, 5}) + "x"});
  out.push_back({"8 bytes little", prefix(8, little, false, 0), "hello", "x",
                 bytes({5, 0, 0, 0, 0, 0, 0, 0}) + "hello" + bytes({1, 0, 0, 0, 0, 0, 0, 0}) + "x"});
  out.push_back(
      {"header before the length", prefix(2, big, false, 2), "HHbody", "HH", "HH" + bytes({0, 4}) + "bodyHH" + bytes({0, 0})});
  out.push_back({"whole frame counted (TPKT)", prefix(2, big, true, 2), bytes({3, 0}) + "body", bytes({3, 0}) + "b",
                 bytes({3, 0, 0, 8}) + "body" + bytes({3, 0, 0, 5}) + "b"});
  out.push_back({"3 bytes behind 1 (Diameter)", prefix(3, big, true, 1), bytes({1}) + "abc", bytes({1}),
                 bytes({1, 0, 0, 7}) + "abc" + bytes({1, 0, 0, 4})});
  auto plain = [](Kind kind) {
    Framing framing;
    framing.kind = kind;
    return framing;
  };
  auto delimited = [](std::string delimiter) {
    Framing framing;
    framing.kind = Kind::delimiter;
    framing.delimiter = std::move(delimiter);
    return framing;
  };
  out.push_back({"lf", delimited("\n"), "hello", "", "hello\n\n"});
  out.push_back({"crlf", delimited("\r\n"), "a\rb\n", "x\r", "a\rb\n\r\nx\r\r\n"});
  out.push_back({"three bytes", delimited("aab"), "a", "caa", "aaabcaaaab"});
  out.push_back({"stx_etx", plain(Kind::stx_etx), "hello", "", bytes({2}) + "hello" + bytes({3, 2, 3})});
  out.push_back({"mllp", plain(Kind::mllp), "MSH|\rPID|\r", "x",
                 bytes({11}) + "MSH|\rPID|\r" + bytes({28, 13, 11}) + "x" + bytes({28, 13})});
  Framing fixed = plain(Kind::fixed_length);
  fixed.fixed_length = 4;
  out.push_back({"fixed_length", fixed, "abcd", "efgh", "abcdefgh"});
  return out;
}

// Feeds `wire` in two reads cut at `cut` and gives the payloads, "!" + text for an error.
std::vector<std::string> read_all(const Framer& framer, const std::string& wire, std::size_t cut, std::size_t step = 0) {
  std::vector<std::string> out;
  std::string storage;
  FrameBuffer buffer(storage, framer.most_buffered());
  FrameDecoder decoder(framer);
  std::size_t at = 0;
  while (at < wire.size()) {
    std::size_t want = step != 0 ? std::min(step, wire.size() - at) : at < cut ? cut - at : wire.size() - at;
    std::span<char> room = buffer.room();
    REQUIRE(!room.empty());
    want = std::min(want, room.size());
    std::copy_n(wire.data() + at, want, room.data());
    buffer.filled(want);
    at += want;
    while (true) {
      auto found = decoder.next(buffer.bytes(), at == wire.size());
      if (!found) {
        out.push_back("!" + found.error().code);
        return out;
      }
      if (!*found) break;
      out.emplace_back((*found)->payload);
      buffer.consume((*found)->consumed);
    }
  }
  if (!buffer.empty()) out.push_back("?");
  return out;
}

std::string written(const Framing& framing, std::string_view payload) {
  std::string out;
  auto done = Framer(framing).encode(payload, out);
  if (!done) {
    CHECK(out.empty());
    CHECK(done.error().kind == ErrorKind::mapping);
    return "!" + done.error().text;
  }
  return out;
}

TEST_CASE("every framing writes what it reads, wherever the stream is cut") {
  for (const Case& each : cases()) {
    CAPTURE(each.name);
    Framer framer(each.framing);
    std::string wire;
    REQUIRE(framer.encode(each.first, wire));
    std::size_t first_size = wire.size();
    REQUIRE(framer.encode(each.second, wire));
    CHECK(wire == each.wire);
    std::vector<std::string> both = {each.first, each.second};
    for (std::size_t cut = 0; cut <= wire.size(); ++cut) {
      CAPTURE(cut);
      CHECK(read_all(framer, wire, cut) == both);
      // A frame that never ends is no frame.
      std::string part = wire.substr(0, cut);
      std::vector<std::string> whole;
      if (cut >= first_size) whole.push_back(each.first);
      if (cut >= wire.size()) whole.push_back(each.second);
      if (cut != 0 && cut != first_size && cut != wire.size()) whole.push_back("?");
      CHECK(read_all(framer, part, part.size()) == whole);
    }
    for (std::size_t step = 1; step < 5; ++step) CHECK(read_all(framer, wire, 0, step) == both);
  }
}

TEST_CASE("a frame over the limit is refused at every cut, one at the limit is not") {
  for (Case each : cases()) {
    if (each.framing.kind == Kind::fixed_length) continue;
    CAPTURE(each.name);
    std::string wire;
    REQUIRE(Framer(each.framing).encode(each.first, wire));
    each.framing.max_frame = each.first.size();
    CHECK(written(each.framing, each.first) == wire);
    for (std::size_t cut = 0; cut <= wire.size(); ++cut)
      CHECK(read_all(Framer(each.framing), wire, cut) == std::vector<std::string>{each.first});
    each.framing.max_frame = each.first.size() - 1;
    CHECK(written(each.framing, each.first).starts_with("!framing a message: "));
    for (std::size_t cut = 0; cut <= wire.size(); ++cut) {
      CAPTURE(cut);
      CHECK(read_all(Framer(each.framing), wire, cut) == std::vector<std::string>{"!limit"});
    }
    for (std::size_t step = 1; step < 4; ++step)
      CHECK(read_all(Framer(each.framing), wire, 0, step) == std::vector<std::string>{"!limit"});
  }
}

TEST_CASE("a length over the limit is refused before its bytes come") {
  Framing framing;
  framing.kind = Kind::length_prefix;
  framing.bytes = 8;
  framing.max_frame = 100;
  CHECK(read_all(Framer(framing), bytes({255, 255, 255, 255, 255, 255, 255, 255}), 0, 1) == std::vector<std::string>{"!limit"});
  framing.bytes = 4;
  CHECK(read_all(Framer(framing), bytes({0, 0, 0, 101}), 0, 1) == std::vector<std::string>{"!limit"});
  framing.counts_itself = true;
  CHECK(read_all(Framer(framing), bytes({0, 0, 0, 3}), 0, 1) == std::vector<std::string>{"!"});
  CHECK(read_all(Framer(framing), bytes({0, 0, 0, 4}), 0, 1) == std::vector<std::string>{""});
}

TEST_CASE("a delimiter or an end that never comes is refused as soon as the limit is certain") {
  for (Kind kind : {Kind::delimiter, Kind::stx_etx, Kind::mllp, Kind::close}) {
    Framing framing;
    framing.kind = kind;
    framing.delimiter = "\r\n";
    framing.max_frame = 1000;
    Framer framer(framing);
    std::string flood = std::string(kind == Kind::stx_etx ? "\x02"
                                    : kind == Kind::mllp  ? "\x0B"
                                                          : "") +
                        std::string(framer.most_buffered(), 'x');
    CHECK(read_all(framer, flood, 0, 7) == std::vector<std::string>{"!limit"});
  }
}

TEST_CASE("a payload that would end its own frame is not sent") {
  Framing framing;
  framing.kind = Kind::delimiter;
  framing.delimiter = "\n\n";
  CHECK(written(framing, "a\n") == "!framing a message: the payload holds the delimiter");
  CHECK(written(framing, "a\n\nb").starts_with("!"));
  CHECK(written(framing, "a\nb") == "a\nb\n\n");
  framing.kind = Kind::stx_etx;
  CHECK(written(framing, "a\x03") == "!framing a message: the payload holds the byte 0x03 that marks a frame");
  CHECK(written(framing, "a\x02").starts_with("!"));
  framing.kind = Kind::mllp;
  CHECK(written(framing, "a\x1C").starts_with("!"));
  CHECK(written(framing, "a\x0B").starts_with("!"));
  framing.kind = Kind::length_prefix;
  framing.bytes = 1;
  CHECK(written(framing, std::string(255, 'x')).size() == 256);
  CHECK(written(framing, std::string(256, 'x')) == "!framing a message: a length of 256 does not fit 1 bytes");
  framing.offset = 3;
  CHECK(written(framing, "ab") == "!framing a message: a payload begins with 3 bytes of header, this one has 2");
  framing.kind = Kind::fixed_length;
  framing.fixed_length = 80;
  CHECK(written(framing, "abc") == "!framing a message: a frame has 80 bytes, this payload has 3");
  CHECK(written(framing, std::string(81, 'x')) == "!framing a message: a frame has 80 bytes, this payload has 81");
}

TEST_CASE("bytes that no frame begins or ends with are refused") {
  Framing framing;
  framing.kind = Kind::stx_etx;
  CHECK(read_all(Framer(framing), "x\x03", 0, 1) == std::vector<std::string>{"!"});
  CHECK(read_all(Framer(framing), "\x02x\x02", 0, 1) == std::vector<std::string>{"!"});
  framing.kind = Kind::mllp;
  CHECK(read_all(Framer(framing), "\x0Bx\x1C\n", 0, 1) == std::vector<std::string>{"!"});
  CHECK(read_all(Framer(framing), "\x0Bx\x0B", 0, 1) == std::vector<std::string>{"!"});
}

TEST_CASE("framing by the end of the connection") {
  Framing framing;
  framing.kind = Kind::close;
  framing.max_frame = 5;
  Framer framer(framing);
  CHECK(written(framing, "hello") == "hello");
  CHECK(written(framing, "hello!").starts_with("!"));
  for (std::size_t cut = 0; cut <= 5; ++cut) CHECK(read_all(framer, "hello", cut) == std::vector<std::string>{"hello"});
  for (std::size_t cut = 0; cut <= 6; ++cut) CHECK(read_all(framer, "hello!", cut) == std::vector<std::string>{"!limit"});
}

TEST_CASE("delimiters as they are written") {
  CHECK(*read_delimiter("crlf") == "\r\n");
  CHECK(*read_delimiter("nul") == std::string(1, '\0'));
  CHECK(*read_delimiter("0x1c0d") == "\x1C\r");
  CHECK(*read_delimiter("0X") == "0X");
  CHECK(*read_delimiter("||") == "||");
  CHECK(*read_delimiter("\r\n") == "\r\n");
  for (std::string_view wrong : {"0x1", "0x", "0xzz", "0x1czz", "", "12345678901234567"}) {
    CAPTURE(wrong);
    CHECK(!read_delimiter(wrong));
  }
}

}  // namespace
}  // namespace busway::tcp
