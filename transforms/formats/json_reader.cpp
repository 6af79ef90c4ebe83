#include "transforms/formats/json_reader.hpp"

#include <cstring>

#include "bus/pause.hpp"
#include "transforms/formats/utf8.hpp"

namespace busway {

namespace {

constexpr std::uint32_t few_keys = 12;  // up to here comparing each with each is faster than an index

// Nodes that a text of `size` bytes holds at the most: an item takes two bytes with what parts it from the next, a member five.
constexpr std::size_t most_nodes(std::size_t size) {
  return size / 2 + 2;
}

}  // namespace

JsonReader::JsonReader(char* text, std::size_t size, Arena& arena, const JsonOptions& options, Workbench& bench)
    : at_(text), begin_(text), end_(text + size), arena_(arena), options_(options), bench_(bench) {}

bool JsonReader::refuse(const char* at, std::string_view why) {
  error_offset_ = static_cast<std::size_t>(at - begin_);
  error_ = why;
  return false;
}

bool JsonReader::refuse_here(std::string_view why) {
  return refuse(at_, at_ != end_ && *at_ == '\0' ? "a NUL character" : why);
}

bool JsonReader::refuse_depth() {
  return refuse(at_, "arrays and objects nest deeper than " + std::to_string(options_.depth) + " levels");
}

bool JsonReader::refuse_double(std::string_view key) {
  return refuse(key.data(), "the key '" + printable(key) + "' stands twice in this object");
}

void JsonReader::choose_layout() {
  auto size = static_cast<std::size_t>(end_ - begin_);
  if (!bench_.nodes) bench_.nodes.reset(new std::byte[most_nodes(gathered) * sizeof(Node)]);
  top_ = reinterpret_cast<Node*>(bench_.nodes.get());
  limit_ = top_ + most_nodes(gathered);
  if (size > gathered) {
    bench_.scan.run({begin_, size}, static_cast<std::size_t>(options_.depth));
    layout_ = bench_.scan.nodes() > most_nodes(size) ? Layout::nowhere : Layout::counted;  // `{,,,,` asks for more
    if (layout_ == Layout::counted) {
      std::size_t bytes = bench_.scan.nodes() * sizeof(Node);
      laid_ = static_cast<std::byte*>(arena_.allocate(bytes, alignof(Node)));
      laid_end_ = laid_ + bytes;
    }
  }
  if (bench_.frames.size() < static_cast<std::size_t>(options_.depth))
    bench_.frames.resize(static_cast<std::size_t>(options_.depth));
  frames_ = bench_.frames.data();
}

bool JsonReader::run() {
  choose_layout();
  PauseByBytes pause;
  skip_space();
  if (at_ == end_) return refuse(at_, "there is no value");
  for (;;) {
    // A value begins here.
    Node value;
    switch (*at_) {
      case '"':
        if (!string(value)) return false;
        break;
      case '{':
      case '[': {
        if (!open()) return false;
        skip_space();
        char shut = frames_[depth_ - 1].shut;
        if (*at_ != shut) {
          if (shut == '}' && !key()) return false;
          continue;
        }
        ++at_;
        if (!close(value)) return false;
        break;
      }
      case 't':
        if (!literal("true")) return false;
        value = Node::boolean(true);
        break;
      case 'f':
        if (!literal("false")) return false;
        value = Node::boolean(false);
        break;
      case 'n':
        if (!literal("null")) return false;
        value = Node::null();
        break;
      default:
        if (!number(value)) return false;
    }
    // It goes to its container, and closes what ends here.
    for (;;) {
      skip_space();
      if (depth_ == 0) {
        root_ = value;
        return at_ == end_ || refuse_here("something follows the value");
      }
      if (!push(value)) return false;
      char shut = frames_[depth_ - 1].shut;
      if (*at_ == ',') {
        ++at_;
        pause.at(static_cast<std::size_t>(at_ - begin_));
        skip_space();
        if (shut == '}' && !key()) return false;
        break;
      }
      if (*at_ != shut) return refuse_here(shut == '}' ? "expected ',' or '}'" : "expected ',' or ']'");
      ++at_;
      if (!close(value)) return false;
    }
  }
}

bool JsonReader::literal(std::string_view word) {
  if (std::memcmp(at_, word.data(), word.size()) != 0) return refuse_here("this is not a JSON value");
  at_ += word.size();
  return true;
}

bool JsonReader::open() {
  if (depth_ == static_cast<std::size_t>(options_.depth)) return refuse_depth();
  Frame& frame = frames_[depth_++];
  bool object = *at_++ == '{';
  frame.shut = object ? '}' : ']';
  if (layout_ == Layout::counted) {
    frame.above = top_;
    frame.above_limit = limit_;
    std::size_t bytes = std::size_t{bench_.scan.next_count()} * (object ? sizeof(Member) : sizeof(Node));
    if (bytes > static_cast<std::size_t>(laid_end_ - laid_)) return refuse(at_, "this is not a JSON value");
    top_ = reinterpret_cast<Node*>(laid_);
    laid_ += bytes;
    limit_ = reinterpret_cast<Node*>(laid_);
  }
  frame.first = top_;
  return true;
}

// The bracket that closes the innermost container is behind at_; `value` becomes the container.
bool JsonReader::close(Node& value) {
  const Frame& frame = frames_[--depth_];
  if (layout_ == Layout::nowhere) {
    value = Node::null();
    return true;
  }
  Node* nodes = frame.first;
  auto count = static_cast<std::uint32_t>(top_ - nodes);
  bool object = frame.shut == '}';
  if (object && count > 2) {
    std::uint32_t members = count / 2;
    if (!unique(reinterpret_cast<Member*>(nodes), members)) return false;
    count = members * 2;
  }
  if (layout_ == Layout::gather) {
    top_ = nodes;
    auto* kept = arena_.array<Node>(count);
    for (std::uint32_t i = 0; i < count; ++i) kept[i] = nodes[i];
    nodes = kept;
  } else {
    top_ = frame.above;
    limit_ = frame.above_limit;
  }
  value = object ? Node::object({reinterpret_cast<const Member*>(nodes), count / 2}) : Node::array({nodes, count});
  return true;
}

bool JsonReader::key() {
  if (*at_ != '"') return refuse_here("expected a key in double quotes");
  Node name;
  if (!string(name)) return false;
  skip_space();
  if (*at_ != ':') return refuse_here("expected ':' behind the key");
  ++at_;
  skip_space();
  return push(name);
}

bool JsonReader::full(const Node& node) {
  // Counts are exact up to the first mistake of grammar, and no mistake comes this far.
  if (layout_ != Layout::nowhere) return refuse(at_, "this is not a JSON value");
  top_ = reinterpret_cast<Node*>(bench_.nodes.get());
  return push(node);
}

// Handles a key that stands twice. Most objects are told by a filter of 64 bits: no bit twice, no key twice.
bool JsonReader::unique(Member* members, std::uint32_t& count) {
  if (count > few_keys) return drop_doubles(members, count);
  std::uint64_t seen = 0;
  for (std::uint32_t i = 0; i < count; ++i) {
    std::string_view key = members[i].key.text();
    // A key's bytes stand between two quotes, so there is one to look at even when it is empty.
    unsigned mix = static_cast<unsigned>(key.size()) + static_cast<unsigned char>(key.data()[0]) * 5U +
                   static_cast<unsigned char>(key.data()[key.size() / 2]);
    std::uint64_t bit = std::uint64_t{1} << (mix & 63U);
    if ((seen & bit) != 0) return drop_doubles(members, count);
    seen |= bit;
  }
  return true;
}

// Compares: a key that stands twice is refused, or its last value moves to the first one's place.
bool JsonReader::drop_doubles(Member* members, std::uint32_t& count) {
  bool indexed = count > few_keys;
  if (indexed) bench_.keys.start(count);
  std::uint32_t kept = 0;
  for (std::uint32_t i = 0; i < count; ++i) {
    std::string_view key = members[i].key.text();
    std::uint32_t first = KeyIndex::none;
    if (indexed) {
      pause_if_due();
      first = bench_.keys.add(key, kept);
    } else {
      for (std::uint32_t j = 0; j < kept && first == KeyIndex::none; ++j) {
        if (members[j].key.text() == key) first = j;
      }
    }
    if (first == KeyIndex::none) {
      members[kept++] = members[i];
      continue;
    }
    if (options_.duplicate_keys == JsonOptions::DuplicateKeys::refuse) return refuse_double(key);
    members[first].value = members[i].value;
  }
  count = kept;
  return true;
}

}  // namespace busway
