#include <algorithm>
#include <set>

#include "bus/number_grammar.hpp"
#include "bus/pause.hpp"
#include "transforms/formats/csv_read.hpp"
#include "transforms/formats/key_index.hpp"
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
    if (columns.empty()) columns = columns_of(rows);
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
  // The members of the first row; where rows may be short, of all of them, in the order they come up in.
  std::vector<std::string_view> columns_of(std::span<const Node> rows) const {
    std::vector<std::string_view> columns;
    std::set<std::string_view> known;
    for (const Node& row : options_.ragged ? rows : rows.first(std::min<std::size_t>(rows.size(), 1))) {
      std::size_t at = 0;
      for (const Member& member : row.is_object() ? row.members() : std::span<const Member>()) {
        pause_if_due();
        std::string_view name = member.key.text();
        bool in_place = at < columns.size() && columns[at] == name;
        ++at;
        if (!in_place && known.insert(name).second) columns.push_back(name);
      }
    }
    return columns;
  }
  std::unexpected<Error> refuse(const std::string& why) const {
    return fail(ErrorKind::format, "writing CSV: " + (row_ == 0 ? "" : "row " + std::to_string(row_) + ": ") + why);
  }
  Result<void> no_row(const Node& row) const {
    return refuse("it is " + std::string(name_of(row.kind())) + ", an object or an array is needed");
  }

  Result<void> write_object(const Node& row, const std::vector<std::string_view>& columns) {
    std::span<const Member> members = row.members();
    // Rows mostly have their members in the columns' order.
    bool in_place = members.size() == columns.size() &&
                    std::equal(members.begin(), members.end(), columns.begin(),
                               [](const Member& member, std::string_view column) { return member.key.text() == column; });
    const Member* stray = in_place ? nullptr : place(members, columns);
    auto value_at = [&](std::size_t i) { return in_place ? &members[i].value : placed_[i]; };
    std::size_t count = columns.size();
    if (options_.ragged) {
      // A short row stays short.
      while (count > 1 && value_at(count - 1) == nullptr) --count;
    }
    for (std::size_t i = 0; i < count; ++i) {
      const Node* value = value_at(i);
      if (value == nullptr && !options_.ragged) return refuse("it has no " + printable(columns[i]));
      pause_if_due();
      if (auto written = write_field(value == nullptr ? Node() : *value, i == 0, count == 1); !written) return written;
    }
    if (stray != nullptr) return refuse("there is no column for " + printable(stray->key.text()));
    return {};
  }

  // Finds each column's value among members in any order. Answers one that belongs to none, or null.
  const Member* place(std::span<const Member> members, const std::vector<std::string_view>& columns) {
    if (!indexed_) {
      index_.start(columns.size());
      for (std::size_t i = 0; i < columns.size(); ++i) index_.add(columns[i], static_cast<std::uint32_t>(i));
      indexed_ = true;
    }
    placed_.assign(columns.size(), nullptr);
    const Member* stray = nullptr;
    for (const Member& member : members) {
      pause_if_due();
      std::uint32_t column = index_.find(member.key.text());
      if (column == KeyIndex::none) {
        stray = &member;
        continue;
      }
      if (!member.value.is_nothing()) placed_[column] = &member.value;
    }
    return stray;
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
    if (value.is_nothing() || value.is_null()) {
      // Nothing alone would be an empty line, which may be no row.
      if (!alone || !options_.dialect.skip_empty_lines) return {};
      if (options_.typed || options_.dialect.quote.empty()) return refuse("its only field is empty, and empty lines are no rows");
      write_quoted({});
      return {};
    }
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
    // The end of a text and the delimiter behind it must not read as an earlier delimiter.
    for (std::size_t size = 1; size < dialect.delimiter.size(); ++size) {
      if (text.ends_with(std::string_view(dialect.delimiter).substr(0, size))) return true;
    }
    if (first && text.starts_with("\xEF\xBB\xBF")) return true;  // a text's first character, not a byte order mark
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
  KeyIndex index_;  // of the columns, once a row asks
  bool indexed_ = false;
  std::vector<const Node*> placed_;
};

}  // namespace

Result<void> write_csv(const Node& document, const CsvOptions& options, std::string& out) {
  return CsvWriter(options, out).write(document);
}

}  // namespace busway
