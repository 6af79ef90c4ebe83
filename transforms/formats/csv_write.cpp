#include "bus/pause.hpp"
#include "transforms/formats/csv_read.hpp"
#include "transforms/formats/number_grammar.hpp"
#include "transforms/formats/scalar_text.hpp"
#include "transforms/formats/utf8.hpp"

namespace busway {

namespace {

class CsvWriter {
 public:
  CsvWriter(const CsvOptions& options, std::string& out) : options_(options), out_(out) {
    using LineEnd = CsvDialect::LineEnd;
    line_end_ = options.dialect.line_end == LineEnd::lf ? "\n" : options.dialect.line_end == LineEnd::cr ? "\r" : "\r\n";
  }

  Result<void> write(const Node& document) {
    if (!document.is_array())
      return refuse("the document is " + std::string(name_of(document.kind())) + ", an array of rows is needed");
    std::span<const Node> rows = document.items();
    std::vector<std::string_view> columns(options_.columns.begin(), options_.columns.end());
    if (columns.empty() && !rows.empty() && rows.front().is_object()) {
      for (const Member& member : rows.front().members()) columns.push_back(member.key.text());
    }
    if (options_.header && !columns.empty()) {
      for (std::size_t i = 0; i < columns.size(); ++i) {
        if (auto written = write_field(Node::string(columns[i]), i == 0, columns.size() == 1); !written) return written;
      }
      out_ += line_end_;
    }
    for (const Node& row : rows) {
      ++row_;
      pause_if_due();
      auto written = row.is_object() ? write_object(row, columns) : row.is_array() ? write_items(row.items()) : no_row(row);
      if (!written) return written;
      out_ += line_end_;
    }
    return {};
  }

 private:
  std::unexpected<Error> refuse(const std::string& why) const {
    return fail(ErrorKind::format, "writing CSV: " + (row_ == 0 ? "" : "row " + std::to_string(row_) + ": ") + why);
  }
  Result<void> no_row(const Node& row) const {
    return refuse("it is " + std::string(name_of(row.kind())) + ", an object or an array is needed");
  }

  Result<void> write_object(const Node& row, const std::vector<std::string_view>& columns) {
    std::size_t known = 0;
    for (std::size_t i = 0; i < columns.size(); ++i) {
      // Rows mostly have their members in the columns' order.
      std::span<const Member> members = row.members();
      bool in_place = i < members.size() && members[i].key.text() == columns[i];
      Node value = in_place ? members[i].value : row.member(columns[i]);
      known += value.is_nothing() ? 0 : 1;
      if (value.is_nothing() && !options_.ragged) return refuse("it has no " + printable(columns[i]));
      if (auto written = write_field(value, i == 0, columns.size() == 1); !written) return written;
    }
    if (known == row.size()) return {};
    for (const Member& member : row.members()) {
      bool column = false;
      for (std::string_view name : columns) column = column || name == member.key.text();
      if (!column) return refuse("there is no column for " + printable(member.key.text()));
    }
    return {};
  }

  Result<void> write_items(std::span<const Node> items) {
    for (std::size_t i = 0; i < items.size(); ++i) {
      if (auto written = write_field(items[i], i == 0, items.size() == 1); !written) return written;
    }
    return {};
  }

  // `alone`: the only field of its row, which an empty text would make an empty line.
  Result<void> write_field(const Node& value, bool first, bool alone) {
    if (!first) out_ += options_.dialect.delimiter;
    if (value.is_nothing() || value.is_null()) return {};
    char buffer[40];
    auto text = scalar_text(value, buffer);
    if (!text) return refuse("a field is " + std::string(name_of(value.kind())) + ", a text, a number or a boolean is needed");
    if (find_invalid_utf8(*text) != std::string_view::npos)
      return refuse("a field is not valid Unicode (half of a surrogate pair)");
    bool looks_typed =
        options_.typed && value.is_string() && (text->empty() || *text == "true" || *text == "false" || is_number_text(*text));
    if (!looks_typed && !needs_quotes(*text, first, alone)) {
      out_ += *text;
      return {};
    }
    if (options_.dialect.quote.empty()) return refuse(printable(*text) + " must be quoted, and this dialect has no quotes");
    write_quoted(*text);
    return {};
  }

  bool needs_quotes(std::string_view text, bool first, bool alone) const {
    const CsvDialect& dialect = options_.dialect;
    if (text.empty()) return alone;
    if (first && !dialect.comment.empty() && text.starts_with(dialect.comment)) return true;
    return text.find(dialect.delimiter) != std::string_view::npos || text.find_first_of("\r\n") != std::string_view::npos ||
           (!dialect.quote.empty() && text.find(dialect.quote) != std::string_view::npos) || text.front() == ' ' ||
           text.back() == ' ';
  }

  void write_quoted(std::string_view text) {
    const CsvDialect& dialect = options_.dialect;
    out_ += dialect.quote;
    for (char c : text) {
      if (c == dialect.quote.front() || c == dialect.escape.front()) out_ += dialect.escape;
      out_ += c;
    }
    out_ += dialect.quote;
  }

  const CsvOptions& options_;
  std::string& out_;
  std::string_view line_end_;
  std::size_t row_ = 0;
};

}  // namespace

Result<void> write_csv(const Node& document, const CsvOptions& options, std::string& out) {
  return CsvWriter(options, out).write(document);
}

}  // namespace busway
