#pragma once

#include <cstddef>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "bus/finding.hpp"

namespace busway::routes {

// The text of a configuration file, fit to be parsed: UTF-8 without a byte order mark, line ends as "\n", no control characters.
// Knows the line and column of every byte offset. Immutable.
class SourceText {
 public:
  static constexpr std::size_t max_size = 1024 * 1024;

  // Nothing after a finding (BW1001).
  static std::optional<SourceText> read(std::string_view bytes, const std::shared_ptr<const std::string>& file,
                                        Findings& findings);

  const std::string& text() const { return text_; }
  // 1-based line and column, the column in code points. Constant time.
  std::pair<int, int> place(std::size_t offset) const;
  // The line that holds the offset, without its end.
  std::string_view line_at(std::size_t offset) const;

 private:
  explicit SourceText(std::string text);
  std::size_t code_points_before(std::size_t offset) const;
  std::size_t line_start(std::size_t offset) const;

  static constexpr std::size_t stride = 64;
  std::string text_;
  std::vector<std::size_t> line_starts_;
  std::vector<std::size_t> code_points_;  // before each multiple of stride
};

// Bytes of the UTF-8 sequence that starts with `lead`; 1 for what starts none.
inline std::size_t sequence_length(char lead) {
  auto c = static_cast<unsigned char>(lead);
  return c < 0xC0 ? 1 : c < 0xE0 ? 2 : c < 0xF0 ? 3 : 4;
}

}  // namespace busway::routes
