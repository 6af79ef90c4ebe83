#include "routes/source_text.hpp"

#include <algorithm>
#include <cstdint>

namespace busway::routes {

namespace {

// The code point at `offset` of well-formed UTF-8 (RFC 3629), or nothing.
std::optional<std::uint32_t> code_point(std::string_view text, std::size_t offset) {
  auto byte = [&](std::size_t i) { return static_cast<unsigned char>(text[offset + i]); };
  unsigned char lead = byte(0);
  if (lead < 0x80) return lead;
  std::size_t length = sequence_length(text[offset]);
  if (lead < 0xC2 || lead > 0xF4 || offset + length > text.size()) return std::nullopt;
  std::uint32_t value = lead & (0xFFU >> (length + 1));
  for (std::size_t i = 1; i < length; ++i) {
    if ((byte(i) & 0xC0) != 0x80) return std::nullopt;
    value = value << 6 | (byte(i) & 0x3FU);
  }
  bool overlong = (length == 3 && value < 0x800) || (length == 4 && value < 0x10000);
  if (overlong || value > 0x10FFFF || (value >= 0xD800 && value <= 0xDFFF)) return std::nullopt;
  return value;
}

// YAML 1.2, 5.1: what may stand in a file.
bool printable(std::uint32_t c) {
  return c == '\t' || c == '\n' || (c >= 0x20 && c < 0x7F) || c == 0x85 ||
         (c >= 0xA0 && c != 0xFEFF && c != 0xFFFE && c != 0xFFFF);
}

}  // namespace

std::optional<SourceText> SourceText::read(std::string_view bytes, const std::shared_ptr<const std::string>& file,
                                           Findings& findings) {
  if (bytes.size() > max_size) {
    findings.error("BW1001", {file, 0, 0}, "the file is larger than " + std::to_string(max_size / 1024) + "KiB");
    return std::nullopt;
  }
  std::size_t at = bytes.starts_with("\xEF\xBB\xBF") ? 3 : 0;
  std::string text;
  text.reserve(bytes.size());
  while (at < bytes.size()) {
    if (bytes[at] == '\r') {
      text.push_back('\n');
      at += at + 1 < bytes.size() && bytes[at + 1] == '\n' ? 2 : 1;
      continue;
    }
    auto c = code_point(bytes, at);
    if (!c || !printable(*c)) {
      std::size_t end = text.size();
      auto [line, column] = SourceText(std::move(text)).place(end);
      findings.error("BW1001", {file, line, column},
                     c ? "the file holds a control character here" : "the file is not UTF-8 here");
      return std::nullopt;
    }
    std::size_t length = sequence_length(bytes[at]);
    text.append(bytes.substr(at, length));
    at += length;
  }
  return SourceText(std::move(text));
}

SourceText::SourceText(std::string text) : text_(std::move(text)) {
  line_starts_.push_back(0);
  std::size_t count = 0;
  for (std::size_t i = 0; i < text_.size(); ++i) {
    if (i % stride == 0) code_points_.push_back(count);
    if ((static_cast<unsigned char>(text_[i]) & 0xC0) != 0x80) ++count;
    if (text_[i] == '\n') line_starts_.push_back(i + 1);
  }
}

std::size_t SourceText::code_points_before(std::size_t offset) const {
  if (code_points_.empty()) return 0;
  std::size_t block = std::min(offset / stride, code_points_.size() - 1);
  std::size_t count = code_points_[block];
  for (std::size_t i = block * stride; i < offset; ++i) {
    if ((static_cast<unsigned char>(text_[i]) & 0xC0) != 0x80) ++count;
  }
  return count;
}

std::size_t SourceText::line_start(std::size_t offset) const {
  return *(std::upper_bound(line_starts_.begin(), line_starts_.end(), offset) - 1);
}

std::pair<int, int> SourceText::place(std::size_t offset) const {
  offset = std::min(offset, text_.size());
  auto next = std::upper_bound(line_starts_.begin(), line_starts_.end(), offset);
  std::size_t column = code_points_before(offset) - code_points_before(*(next - 1)) + 1;
  return {static_cast<int>(next - line_starts_.begin()), static_cast<int>(column)};
}

std::string_view SourceText::line_at(std::size_t offset) const {
  std::size_t start = line_start(std::min(offset, text_.size()));
  std::size_t end = std::min(text_.find('\n', start), text_.size());
  return std::string_view(text_).substr(start, end - start);
}

}  // namespace busway::routes
