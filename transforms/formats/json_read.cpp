#include <algorithm>
#include <cstring>
#include <vector>

// SSE2 is the baseline of x86-64. The namespace keeps these instantiations apart from anyone else's RapidJSON with other
// settings. The library's SSE2 string scan lets 0x1A..0x1F pass; JsonScan has refused them before.
#if defined(__SSE2__)
#define RAPIDJSON_SSE2
#endif
#define RAPIDJSON_NAMESPACE busway_rapidjson
// The library adds to a null pointer while its stack is still empty; that is its own business, not a finding of ours.
#if defined(__clang__)
#pragma clang attribute push(__attribute__((no_sanitize("pointer-overflow"))), apply_to = function)
#endif
#include <rapidjson/error/error.h>
#include <rapidjson/reader.h>
#if defined(__clang__)
#pragma clang attribute pop
#endif

#include "bus/pause.hpp"
#include "bus/spare.hpp"
#include "transforms/formats/json.hpp"
#include "transforms/formats/json_scan.hpp"
#include "transforms/formats/key_index.hpp"
#include "transforms/formats/utf8.hpp"

namespace busway {

namespace {

namespace rj = busway_rapidjson;

// One array or object being filled. Its place in the arena was laid out by the scan's count.
struct Frame {
  std::byte* begin = nullptr;
  std::uint32_t count = 0;
  std::uint32_t filled = 0;
  std::uint32_t pause_at = 0;  // of `filled`: at its end, or where it is time to ask for a pause
  bool object = false;
};

constexpr std::uint32_t values_a_pause = 64;

std::string too_deep(std::int64_t depth) {
  return "arrays and objects nest deeper than " + std::to_string(depth) + " levels";
}

constexpr std::size_t few_keys = 12;  // up to here comparing each with each is faster than an index

// Takes RapidJSON's events and fills the tree; refuses what the library lets pass.
class TreeBuilder {
 public:
  TreeBuilder(const JsonOptions& options, JsonScan& scan, std::vector<Frame>& frames, KeyIndex& keys, std::byte* nodes,
              const char* text)
      : options_(options),
        scan_(scan),
        frames_(frames),
        keys_(keys),
        nodes_(nodes),
        nodes_end_(nodes + scan.nodes() * sizeof(Node)),
        text_(text) {
    frames_.clear();
    nodes_ += sizeof(Node);  // the root's, held in root_
  }

  bool Null() { return value(Node::null()); }
  bool Bool(bool v) { return value(Node::boolean(v)); }
  bool RawNumber(const char* at, rj::SizeType size, bool) { return value(Node::number_text({at, size})); }
  bool String(const char* at, rj::SizeType size, bool) { return value(Node::string({at, size})); }
  // Not called: numbers come as text.
  bool Int(int) { return false; }
  bool Uint(unsigned) { return false; }
  bool Int64(std::int64_t) { return false; }
  bool Uint64(std::uint64_t) { return false; }
  bool Double(double) { return false; }

  bool StartObject() { return start(true); }
  bool StartArray() { return start(false); }
  bool Key(const char* at, rj::SizeType size, bool) {
    Frame& frame = frames_.back();
    if (frame.filled == frame.count) return false;
    reinterpret_cast<Member*>(frame.begin)[frame.filled].key = Node::string({at, size});
    return true;
  }
  bool EndArray(rj::SizeType) {
    Frame frame = frames_.back();
    frames_.pop_back();
    return value(Node::array({reinterpret_cast<const Node*>(frame.begin), frame.filled}));
  }
  bool EndObject(rj::SizeType) {
    Frame frame = frames_.back();
    frames_.pop_back();
    auto* members = reinterpret_cast<Member*>(frame.begin);
    std::uint32_t count = frame.filled;
    if (count > 1 && !unique(members, count)) return false;
    return value(Node::object({members, count}));
  }

  Node root() const { return root_; }
  std::string_view error() const { return error_; }
  // Where error() stands; npos: where the parser stopped.
  std::size_t error_offset() const { return error_offset_; }

 private:
  bool start(bool object) {
    if (frames_.size() == static_cast<std::size_t>(options_.depth)) {
      error_ = too_deep(options_.depth);
      return false;
    }
    pause_if_due();
    std::uint32_t count = scan_.next_count();
    std::size_t bytes = count * (object ? sizeof(Member) : sizeof(Node));
    if (bytes > static_cast<std::size_t>(nodes_end_ - nodes_)) return false;
    std::uint32_t pause_at = std::min(count, values_a_pause);
    frames_.push_back({.begin = nodes_, .count = count, .filled = 0, .pause_at = pause_at, .object = object});
    nodes_ += bytes;
    return true;
  }

  // There is room for more values; asks for a pause.
  static bool goes_on(Frame& frame) {
    if (frame.filled == frame.count) return false;
    frame.pause_at += std::min(frame.count - frame.filled, values_a_pause);
    pause_if_due(64);
    return true;
  }

  bool value(Node node) {
    if (frames_.empty()) {
      root_ = node;
      return true;
    }
    Frame& frame = frames_.back();
    if (frame.filled == frame.pause_at && !goes_on(frame)) return false;
    if (frame.object) {
      reinterpret_cast<Member*>(frame.begin)[frame.filled++].value = node;
    } else {
      reinterpret_cast<Node*>(frame.begin)[frame.filled++] = node;
    }
    return true;
  }

  // Handles a key that stands twice: refused, or the last value moves to the first one's place.
  bool unique(Member* members, std::uint32_t& count) {
    bool indexed = count > few_keys;
    if (indexed) keys_.start(count);
    std::uint32_t kept = 0;
    for (std::uint32_t i = 0; i < count; ++i) {
      std::string_view key = members[i].key.text();
      std::uint32_t first = KeyIndex::none;
      if (indexed) {
        pause_if_due();
        first = keys_.add(key, kept);
      } else {
        for (std::uint32_t j = 0; j < kept && first == KeyIndex::none; ++j) {
          if (members[j].key.text() == key) first = j;
        }
      }
      if (first == KeyIndex::none) {
        members[kept++] = members[i];
        continue;
      }
      if (options_.duplicate_keys == JsonOptions::DuplicateKeys::refuse) {
        error_ = "the key '" + printable(key) + "' stands twice in this object";
        error_offset_ = static_cast<std::size_t>(key.data() - text_);
        return false;
      }
      members[first].value = members[i].value;
    }
    count = kept;
    return true;
  }

  const JsonOptions& options_;
  JsonScan& scan_;
  std::vector<Frame>& frames_;
  KeyIndex& keys_;
  std::byte* nodes_;
  std::byte* nodes_end_;
  const char* text_;
  Node root_;
  std::string error_;
  std::size_t error_offset_ = std::string_view::npos;
};

// Finds the mistake in a text that is known to have one, and builds nothing.
struct MistakeFinder : rj::BaseReaderHandler<rj::UTF8<>, MistakeFinder> {
  explicit MistakeFinder(std::int64_t depth) : left(depth) {}
  bool StartObject() { return pause_if_due(), left-- > 0; }
  bool StartArray() { return pause_if_due(), left-- > 0; }
  bool EndObject(rj::SizeType) { return ++left > 0; }
  bool EndArray(rj::SizeType) { return ++left > 0; }
  std::int64_t left;
};

std::string_view explain(rj::ParseErrorCode code) {
  switch (code) {
    case rj::kParseErrorDocumentEmpty: return "there is no value";
    case rj::kParseErrorDocumentRootNotSingular: return "something follows the value";
    case rj::kParseErrorObjectMissName: return "expected a key in double quotes";
    case rj::kParseErrorObjectMissColon: return "expected ':' behind the key";
    case rj::kParseErrorObjectMissCommaOrCurlyBracket: return "expected ',' or '}'";
    case rj::kParseErrorArrayMissCommaOrSquareBracket: return "expected ',' or ']'";
    case rj::kParseErrorStringUnicodeEscapeInvalidHex: return "expected four hex digits behind \\u";
    case rj::kParseErrorStringUnicodeSurrogateInvalid: return "half of a surrogate pair: this escape is no character by itself";
    case rj::kParseErrorStringEscapeInvalid: return "there is no such escape";
    case rj::kParseErrorStringMissQuotationMark: return "the string is not closed";
    case rj::kParseErrorStringInvalidEncoding: return "the text is not valid UTF-8";
    case rj::kParseErrorNumberTooBig: return "the number is too large for any reader (above 1e308)";
    case rj::kParseErrorNumberMissFraction: return "expected a digit behind the decimal point";
    case rj::kParseErrorNumberMissExponent: return "expected a digit in the exponent";
    default: return "this is not a JSON value";
  }
}

// Copies `text` and puts each lone surrogate's escape as its three bytes (WTF-8), which the parser passes through. Answers the
// size.
std::size_t copy_with_surrogates(std::string_view text, char* to) {
  char* out = to;
  std::size_t at = 0;
  auto unit_at = [&](std::size_t offset) -> int {
    if (offset + 6 > text.size() || text[offset] != '\\' || text[offset + 1] != 'u') return -1;
    int value = 0;
    for (char c : text.substr(offset + 2, 4)) {
      int digit = c >= '0' && c <= '9' ? c - '0' : (c | 0x20) >= 'a' && (c | 0x20) <= 'f' ? (c | 0x20) - 'a' + 10 : -1;
      if (digit < 0) return -1;
      value = value * 16 + digit;
    }
    return value;
  };
  while (at < text.size()) {
    pause_if_due();
    std::size_t escape = text.find('\\', at);
    if (escape == std::string_view::npos) escape = text.size();
    std::memcpy(out, text.data() + at, escape - at);
    out += escape - at;
    at = escape;
    if (at == text.size()) break;
    int unit = unit_at(at);
    std::size_t take = std::min<std::size_t>(2, text.size() - at);
    if (unit >= 0xD800 && unit <= 0xDFFF) {
      int second = unit < 0xDC00 ? unit_at(at + 6) : -1;
      if (second < 0xDC00 || second > 0xDFFF) {
        *out++ = static_cast<char>(0xE0 | (unit >> 12));
        *out++ = static_cast<char>(0x80 | ((unit >> 6) & 0x3F));
        *out++ = static_cast<char>(0x80 | (unit & 0x3F));
        at += 6;
        continue;
      }
      take = 12;
    }
    std::memcpy(out, text.data() + at, take);
    out += take;
    at += take;
  }
  return static_cast<std::size_t>(out - to);
}

// What a thread keeps between messages, so that reading allocates nothing but from the arena.
struct Workbench {
  JsonScan scan;
  std::vector<Frame> frames;
  KeyIndex keys;
  rj::Reader reader;
};

constexpr std::string_view doing = "reading JSON";

}  // namespace

Result<Node> read_json(std::string_view text, Arena& arena, const JsonOptions& options) {
  constexpr std::size_t largest = 0x7FFFFFFF;
  constexpr std::size_t padding = 32;  // a zero to end on, and room for 16-byte loads
  if (text.size() > largest) return fail(ErrorKind::format, "reading JSON: the text is larger than 2 GiB");
  if (text.starts_with("\xEF\xBB\xBF")) {
    return refuse_text(doing, text, 0, "the text begins with a byte order mark, which JSON does not allow");
  }
  Spare<Workbench> spare;
  Workbench& bench = *spare;

  char* copy = arena.array<char>(text.size() + padding);
  std::size_t size = text.size();
  if (options.lone_surrogates) {
    // Surrogates are let through as escapes alone: raw ones beside them would read back as a pair.
    if (std::size_t bad = find_invalid_utf8(text); bad != std::string_view::npos)
      return refuse_text(doing, text, bad, "the text is not valid UTF-8");
    size = copy_with_surrogates(text, copy);
  } else if (size != 0) {
    std::memcpy(copy, text.data(), size);
  }
  std::memset(copy + size, 0, text.size() + padding - size);
  // The parser decodes in place, so places are counted in the text as it came (or as it was with its surrogates put).
  std::string_view counted = size == text.size() ? text : std::string_view(copy, size);

  if (!bench.scan.run({copy, size}, static_cast<std::size_t>(options.depth), options.lone_surrogates)) {
    return refuse_text(doing, counted, bench.scan.error_offset(), bench.scan.error());
  }
  constexpr unsigned flags = rj::kParseInsituFlag | rj::kParseIterativeFlag | rj::kParseNumbersAsStringsFlag;
  // Every node takes two bytes of a good text at the least; `{,,,,` asks for more, and gets nothing.
  if (bench.scan.nodes() > size / 2 + 2) {
    MistakeFinder finder(options.depth);
    rj::InsituStringStream stream(copy);
    rj::ParseResult parsed = bench.reader.Parse<flags>(stream, finder);
    bench.scan.trim();
    std::size_t offset = parsed ? stream.Tell() : parsed.Offset();
    bool deep = parsed.Code() == rj::kParseErrorTermination;
    return refuse_text(doing, counted, offset, deep ? too_deep(options.depth) : std::string(explain(parsed.Code())));
  }
  auto* nodes = static_cast<std::byte*>(arena.allocate(bench.scan.nodes() * sizeof(Node), alignof(Node)));
  TreeBuilder builder(options, bench.scan, bench.frames, bench.keys, nodes, copy);
  rj::InsituStringStream stream(copy);
  rj::ParseResult parsed = bench.reader.Parse<flags>(stream, builder);
  bench.scan.trim();
  if (!parsed) {
    std::size_t offset = parsed.Offset();
    if (parsed.Code() == rj::kParseErrorTermination && !builder.error().empty()) {
      if (builder.error_offset() != std::string_view::npos) offset = builder.error_offset();
      return refuse_text(doing, counted, offset, builder.error());
    }
    return refuse_text(doing, counted, offset, explain(parsed.Code()));
  }
  if (stream.Tell() != size) return refuse_text(doing, counted, stream.Tell(), "a NUL character");
  return builder.root();
}

}  // namespace busway
