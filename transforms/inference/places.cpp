#include <algorithm>

#include "transforms/inference/interpreter.hpp"
#include "transforms/jsonata/facts.hpp"
#include "transforms/jsonata/text.hpp"

namespace busway::inference {

namespace {

using jsonata::Op;

std::int64_t points_in(std::string_view text) {
  return std::count_if(text.begin(), text.end(), [](char c) { return (static_cast<unsigned char>(c) & 0xC0) != 0x80; });
}

}  // namespace

Places::Places(std::string_view text) {
  for (std::size_t at = 0; at < text.size();) {
    std::size_t from = at;
    jsonata::next_code_point(text, at);
    points_.push_back(text.substr(from, at - from));
  }
}

// Where the token of an operation begins; positions are where it ends.
std::int64_t Places::token_start(const Op& op) const {
  if (op.position < 0) return -1;
  std::int64_t end = op.position;
  std::int64_t size = points_in(op.text);
  bool inside = end >= 1 && static_cast<std::size_t>(end) <= points_.size();
  std::string_view last = inside ? points_[static_cast<std::size_t>(end - 1)] : std::string_view();
  switch (op.kind) {
    case Op::Kind::root: size = 2; break;
    case Op::Kind::context: size = 1; break;
    case Op::Kind::local:
    case Op::Kind::free:
    case Op::Kind::builtin: size += 1; break;
    case Op::Kind::name:
      if (last == "`" || last == "\"" || last == "'") size += 2;
      break;
    case Op::Kind::literal:
      if (op.value.is_string()) {
        // Its text may have been written with escapes: look for the quote.
        std::int64_t at = end - 2;
        while (inside && at > 0) {
          if (points_[static_cast<std::size_t>(at)] == last) {
            std::int64_t escapes = 0;
            while (at - 1 - escapes >= 0 && points_[static_cast<std::size_t>(at - 1 - escapes)] == "\\") ++escapes;
            if (escapes % 2 == 0) break;
          }
          --at;
        }
        return std::max<std::int64_t>(at, 0);
      }
      break;
    case Op::Kind::array:
    case Op::Kind::object:
    case Op::Kind::block: size = 1; break;
    case Op::Kind::call: size = 1; break;
    default: break;
  }
  return std::max<std::int64_t>(end - size, 0);
}

std::int64_t Places::start_of(const Op& op) const {
  std::int64_t start = -1;
  auto take = [&start](std::int64_t at) {
    if (at >= 0 && (start < 0 || at < start)) start = at;
  };
  bool by_parts = op.kind == Op::Kind::path || op.kind == Op::Kind::call;
  if (!by_parts) take(token_start(op));
  // What stands to the left of an operation's own token.
  switch (op.kind) {
    case Op::Kind::array:
    case Op::Kind::object:
    case Op::Kind::block:
    case Op::Kind::lambda: return start;
    default: break;
  }
  if (op.left != nullptr) take(start_of(*op.left));
  if (op.kind == Op::Kind::path && op.list.size != 0) take(start_of(*op.list[0]));
  if (start < 0) take(token_start(op));
  return start;
}

}  // namespace busway::inference
