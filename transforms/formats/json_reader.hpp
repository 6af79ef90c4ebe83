#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "bus/byte_block.hpp"
#include "transforms/formats/json.hpp"
#include "transforms/formats/json_scan.hpp"
#include "transforms/formats/key_index.hpp"

namespace busway {

// The strict reader behind read_json() (RFC 8259): one pass over a private copy of the text, which is decoded in place and ends
// in zeros. Every method that can refuse answers false after refuse(). One text each.
//
// An array's items lie in one piece, so they are gathered until it closes and then moved to the arena. What a long text would
// gather is as large as its document: there the scan counts the items first, and each goes to its place at once.
class JsonReader {
 public:
  static constexpr std::size_t padding = 32;          // zeros behind the text, to stop at and for loads of a block
  static constexpr std::size_t gathered = 64 * 1024;  // texts up to this size are gathered

  // What is kept between texts (a Spare), so that reading allocates nothing but from the arena.
  struct Workbench;

  JsonReader(char* text, std::size_t size, Arena& arena, const JsonOptions& options, Workbench& bench);

  bool run();
  Node root() const { return root_; }
  // Where and why it was refused.
  std::size_t error_offset() const { return error_offset_; }
  const std::string& error() const { return error_; }

 private:
  // Where nodes go: gathered until their container closes, at once to the place that was counted, or, of a text that cannot be
  // JSON and is read only to find its mistake, nowhere.
  enum class Layout : std::uint8_t { gather, counted, nowhere };
  // An array or object that is not closed yet.
  struct Frame {
    Node* first = nullptr;
    Node* above = nullptr;  // counted: where its container goes on, and ends
    Node* above_limit = nullptr;
    char shut = 0;
  };

  // Out of line, so that what reads well pays for no string.
  [[gnu::cold, gnu::noinline]] bool refuse(const char* at, std::string_view why);
  [[gnu::cold, gnu::noinline]] bool refuse_depth();
  [[gnu::cold, gnu::noinline]] bool refuse_double(std::string_view key);
  [[gnu::cold, gnu::noinline]] bool refuse_here(std::string_view why);  // at_, where something else was expected
  void skip_space() {
    while (static_cast<unsigned char>(*at_) <= ' ' && (*at_ == ' ' || *at_ == '\n' || *at_ == '\r' || *at_ == '\t')) ++at_;
  }

  void choose_layout();
  bool literal(std::string_view word);
  bool open();
  bool close(Node& value);
  bool key();
  bool push(const Node& node) {
    if (top_ == limit_) return full(node);
    *top_++ = node;
    return true;
  }
  [[gnu::cold, gnu::noinline]] bool full(const Node& node);
  bool unique(Member* members, std::uint32_t& count);
  [[gnu::noinline]] bool drop_doubles(Member* members, std::uint32_t& count);

  // json_string.cpp
  bool string(Node& out) {
    // The opening quote is at at_, which moves behind the closing one. Most strings end before anything but plain ASCII is seen.
    char* from = at_ + 1;
    char* stop = plain_end(from);
    at_ = stop;
    if (*stop != '"') return string_rest(from, out);
    ++at_;
    out = Node::string({from, static_cast<std::size_t>(stop - from)});
    return true;
  }
  // The first byte from `at` on that ends the string, escapes, is a control character or no ASCII. The zeros behind the text are
  // such.
  static char* plain_end(char* at) {
    for (;;) {
      ByteBlock block = load_block(at);
      unsigned stops = bits_of((block < 0x20) | (block == '"') | (block == '\\'));
      if (stops != 0) return at + std::countr_zero(stops);
      at += sizeof block;
    }
  }
  [[gnu::noinline]] bool string_rest(char* from, Node& out);
  bool escape(char*& to);
  bool surrogate(int unit, char*& to);
  // json_number.cpp
  bool number(Node& out);

  char* at_;
  char* const begin_;
  char* const end_;
  Arena& arena_;
  const JsonOptions& options_;
  Workbench& bench_;
  Layout layout_ = Layout::gather;
  Node* top_ = nullptr;
  Node* limit_ = nullptr;
  Frame* frames_ = nullptr;
  std::size_t depth_ = 0;
  std::byte* laid_ = nullptr;  // counted: nodes not yet given to a container
  std::byte* laid_end_ = nullptr;
  Node root_;
  std::string error_;
  std::size_t error_offset_ = 0;
};

struct JsonReader::Workbench {
  JsonScan scan;
  std::vector<Frame> frames;
  KeyIndex keys;
  std::unique_ptr<std::byte[]> nodes;  // what is gathered
};

}  // namespace busway
