#include "transforms/jsonata/source_pieces.hpp"

#include <algorithm>

#include "transforms/jsonata/facts.hpp"
#include "transforms/jsonata/stack.hpp"
#include "transforms/jsonata/text.hpp"

namespace busway::jsonata {

SourcePieces::SourcePieces(std::string_view text) {
  for (std::size_t at = 0; at < text.size();) {
    std::size_t from = at;
    next_code_point(text, at);
    points_.emplace_back(text.substr(from, at - from));
  }
}

// Where the operation's own token begins, which ends at `end`.
std::size_t SourcePieces::begin_of(const Op& op, std::size_t end) const {
  std::string_view last = end > 0 && end <= points_.size() ? points_[end - 1] : std::string_view();
  bool quoted = op.kind == Op::Kind::literal && op.value.is_string() && (last == "\"" || last == "'");
  if (quoted || (op.kind == Op::Kind::name && last == "`")) {
    // Back to the mark that opened it, which has no backslash before it.
    for (std::size_t at = end - 1; at-- > 0;) {
      if (points_[at] == last && (at == 0 || points_[at - 1] != "\\")) return at;
    }
  }
  std::size_t size = count_code_points(op.text);
  bool dollar = op.kind == Op::Kind::local || op.kind == Op::Kind::free || op.kind == Op::Kind::builtin;
  if (op.kind == Op::Kind::root || op.kind == Op::Kind::context) size = op.kind == Op::Kind::root ? 2 : 1;
  return end - std::min(end, size + (dollar ? 1U : 0U));
}

// Positions are where a token ends, in code points.
void SourcePieces::widen(const Op& op, std::size_t& from, std::size_t& to) const {
  if (op.position >= 0) {
    auto end = static_cast<std::size_t>(op.position);
    if (op.kind != Op::Kind::call && op.kind != Op::Kind::path) from = std::min(from, begin_of(op, end));
    to = std::max(to, end);
  }
  if (stack_is_short(stack_floor())) return;
  each_part(op, [&](const Op& part, bool) { widen(part, from, to); });
}

std::pair<std::size_t, std::size_t> SourcePieces::extent(const Op& op) const {
  std::size_t from = points_.size();
  std::size_t to = 0;
  widen(op, from, to);
  if (from >= to) return {0, 0};
  int open = 0;
  std::string_view quote;
  std::size_t at = from;
  for (; at < points_.size() && (at < to || open > 0 || !quote.empty()); ++at) {
    std::string_view point = points_[at];
    if (!quote.empty()) {
      if (point == "\\") {
        ++at;
      } else if (point == quote) {
        quote = {};
      }
    } else if (point == "\"" || point == "'" || point == "`") {
      quote = point;
    } else if (point == "(" || point == "[" || point == "{") {
      ++open;
    } else if (point == ")" || point == "]" || point == "}") {
      --open;
    }
  }
  return {from, std::min(at, points_.size())};
}

std::string SourcePieces::piece(const Op& op) const {
  auto [from, to] = extent(op);
  std::string out;
  for (std::size_t at = from; at < to; ++at) {
    std::string_view point = points_[at];
    bool space = point == "\n" || point == "\t" || point == " ";
    if (!space || !out.ends_with(' ')) out += space ? " " : point;
  }
  return out;
}

}  // namespace busway::jsonata
