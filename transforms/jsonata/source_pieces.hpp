#pragma once

#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "transforms/jsonata/ir.hpp"

namespace busway::jsonata {

// Which piece of a text an operation was made from, for people. The text outlives it.
class SourcePieces {
 public:
  explicit SourcePieces(std::string_view text);

  // From one code point of the text to another: all that the operation's parts were made from, to the end of the brackets that
  // opened there. Empty where nothing is known.
  std::pair<std::size_t, std::size_t> extent(const Op& op) const;
  // That piece on one line.
  std::string piece(const Op& op) const;
  std::size_t size() const { return points_.size(); }
  std::string_view point(std::size_t at) const { return points_[at]; }

 private:
  void widen(const Op& op, std::size_t& from, std::size_t& to) const;
  std::size_t begin_of(const Op& op, std::size_t end) const;

  std::vector<std::string_view> points_{};
};

}  // namespace busway::jsonata
