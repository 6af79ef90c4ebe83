#include "transforms/formats/csv_rows.hpp"

#include <algorithm>

#include "transforms/formats/utf8.hpp"

namespace busway {

namespace {

constexpr std::string_view doing = "reading CSV";

bool ends_with_cr(std::string_view text, CsvDialect::LineEnd line_end) {
  if (line_end == CsvDialect::LineEnd::any) return text.find('\n') == std::string_view::npos;
  return line_end == CsvDialect::LineEnd::cr;
}

}  // namespace

CsvRows::CsvRows(std::string_view text, const CsvDialect& dialect, Arena& arena)
    : text_(text), dialect_(dialect), arena_(arena), cr_ends_(ends_with_cr(text, dialect.line_end)), fields_(arena) {
  stop_chars_[0] = dialect.delimiter.front();
  stop_chars_[1] = cr_ends_ ? '\r' : '\n';
  std::size_t stops = 2;
  if (!cr_ends_ && dialect.line_end != CsvDialect::LineEnd::lf) stop_chars_[stops++] = '\r';
  stops_ = {stop_chars_, stops};
  for (std::int64_t line = 0; line < dialect.skip_lines && at_ < text_.size(); ++line) skip_line();
}

// 0: no line ends here.
std::size_t CsvRows::line_end_length(std::size_t at) const {
  using LineEnd = CsvDialect::LineEnd;
  if (at == text_.size()) return 0;
  if (cr_ends_) return text_[at] == '\r' ? 1 : 0;
  if (text_[at] == '\n') return dialect_.line_end == LineEnd::crlf ? 0 : 1;
  bool pair = dialect_.line_end != LineEnd::lf && text_.substr(at, 2) == "\r\n";
  return pair ? 2 : 0;
}

bool CsvRows::at_line_end() const {
  return at_ == text_.size() || line_end_length(at_) != 0;
}

void CsvRows::skip_line() {
  while (at_ < text_.size() && line_end_length(at_) == 0) ++at_;
  at_ += line_end_length(at_);
}

bool CsvRows::skip_what_is_no_row() {
  if (!dialect_.comment.empty() && text_.substr(at_).starts_with(dialect_.comment)) {
    skip_line();
    return true;
  }
  if (dialect_.skip_empty_lines && at_line_end() && at_ < text_.size()) {
    at_ += line_end_length(at_);
    return true;
  }
  return false;
}

std::size_t CsvRows::end_of_plain_field() const {
  std::size_t at = at_;
  while (true) {
    at = std::min(text_.find_first_of(stops_, at), text_.size());
    if (at == text_.size() || line_end_length(at) != 0 || text_.substr(at).starts_with(dialect_.delimiter)) return at;
    ++at;
  }
}

// An escape and what it stands for.
bool CsvRows::escapes(std::size_t at) const {
  if (text_[at] != dialect_.escape.front() || at + 1 >= text_.size()) return false;
  return text_[at + 1] == dialect_.quote.front() || text_[at + 1] == dialect_.escape.front();
}

Result<CsvField> CsvRows::read_quoted() {
  const char marks[2] = {dialect_.quote.front(), dialect_.escape.front()};
  const std::size_t opened = at_;
  std::size_t pairs = 0;
  for (++at_;;) {
    at_ = text_.find_first_of(marks, at_, sizeof marks);
    if (at_ == std::string_view::npos) return refuse_text(doing, text_, opened, "the quote that starts here never ends");
    if (escapes(at_)) {
      ++pairs;
      at_ += 2;
    } else if (text_[at_] == marks[0]) {
      break;
    } else {
      ++at_;
    }
  }
  std::string_view value = text_.substr(opened + 1, at_ - opened - 1);
  if (pairs != 0) value = unescaped(opened + 1, at_, pairs);
  ++at_;
  // Blanks behind a quoted field are about, and mean nothing.
  std::size_t closed = at_;
  while (at_ < text_.size() && text_[at_] == ' ' && !text_.substr(at_).starts_with(dialect_.delimiter)) ++at_;
  if (!at_line_end() && !text_.substr(at_).starts_with(dialect_.delimiter))
    return refuse_text(doing, text_, closed, "behind a closing quote must stand a delimiter or the end of the line");
  return CsvField{value, true};
}

std::string_view CsvRows::unescaped(std::size_t from, std::size_t to, std::size_t pairs) {
  std::size_t size = to - from - pairs;
  char* out = arena_.array<char>(size);
  for (char* next = out; from < to; ++from) {
    if (escapes(from)) ++from;
    *next++ = text_[from];
  }
  return {out, size};
}

Result<std::optional<std::span<const CsvField>>> CsvRows::next() {
  while (skip_what_is_no_row()) {
  }
  if (at_ == text_.size()) return std::nullopt;
  row_at_ = at_;
  fields_.shrink(0);
  while (true) {
    if (!dialect_.quote.empty() && at_ < text_.size() && text_[at_] == dialect_.quote.front()) {
      auto field = read_quoted();
      if (!field) return std::unexpected(field.error());
      fields_.push(*field);
    } else {
      std::size_t end = end_of_plain_field();
      fields_.push({text_.substr(at_, end - at_), false});
      at_ = end;
    }
    if (at_line_end()) break;
    at_ += dialect_.delimiter.size();
  }
  at_ += line_end_length(at_);
  return fields_.items();
}

}  // namespace busway
