#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>

#include "bus/document.hpp"
#include "bus/error.hpp"

namespace busway {

// How rows and fields are told apart (RFC 4180 and its kin).
struct CsvDialect {
  enum class LineEnd : std::uint8_t { any, lf, crlf, cr };
  std::string delimiter = ",";
  std::string quote = "\"";   // one character, or empty: nothing is quoted
  std::string escape = "\"";  // in front of a quote within a quoted field; usually the quote itself
  std::string comment{};      // lines that start so are left out; empty: none are
  LineEnd line_end = LineEnd::any;
  bool skip_empty_lines = true;
  std::int64_t skip_lines = 0;  // in front of everything else
};

struct CsvField {
  std::string_view text;
  bool quoted = false;
};

// Reads rows one after the other, so that memory is bound by the longest of them. A field is quoted when it starts with the
// quote; a quote further in is a character like any other. `any` takes CR LF and LF, or CR alone in a text without a LF.
class CsvRows {
 public:
  // `text` is valid UTF-8 and outlives the rows; unescaped fields live in `arena`.
  CsvRows(std::string_view text, const CsvDialect& dialect, Arena& arena);

  // The fields of the next row, until the next call; nullopt behind the last. Errors: kind `format`, with line and column.
  Result<std::optional<std::span<const CsvField>>> next();
  // Where the row that next() gave last begins.
  std::size_t row_at() const { return row_at_; }

 private:
  bool at_line_end() const;
  void skip_line();
  bool skip_what_is_no_row();
  std::size_t end_of_plain_field() const;
  bool escapes(std::size_t at) const;
  Result<CsvField> read_quoted();
  std::string_view unescaped(std::size_t from, std::size_t to, std::size_t pairs);
  std::size_t line_end_length(std::size_t at) const;

  std::string_view text_;
  const CsvDialect& dialect_;
  Arena& arena_;
  bool cr_ends_;
  std::string_view stops_;  // what a plain field may end before
  char stop_chars_[3] = {};
  std::size_t at_ = 0;
  std::size_t row_at_ = 0;
  Collector<CsvField> fields_;
};

}  // namespace busway
