#include "transforms/formats/csv_read.hpp"

#include <algorithm>

#include "bus/number_grammar.hpp"
#include "bus/pause.hpp"
#include "transforms/formats/key_index.hpp"
#include "transforms/formats/utf8.hpp"

namespace busway {

namespace {

constexpr std::string_view doing = "reading CSV";

class CsvReader {
 public:
  CsvReader(std::string_view text, const CsvOptions& options, Arena& arena)
      : text_(text), options_(options), arena_(arena), rows_(text, options.dialect, arena), keys_(arena), found_(arena) {}

  Result<Node> read() {
    if (auto named = name_columns(); !named) return std::unexpected(named.error());
    while (true) {
      auto row = rows_.next();
      if (!row) return std::unexpected(row.error());
      if (!*row) break;
      if (!afford((*row)->size())) return refuse("its many small fields would take more than ten times its size in memory");
      pause_if_due();
      auto made = keys_.empty() ? Result<Node>(as_array(**row)) : as_object(**row);
      if (!made) return made;
      found_.push(*made);
    }
    return Node::array(found_.items());
  }

 private:
  std::unexpected<Error> refuse(const std::string& why) { return refuse_text(doing, text_, rows_.row_at(), why); }

  // What is built for a body stays within ten times its size; of a small one nobody asks.
  bool afford(std::size_t fields) {
    constexpr std::size_t always = 1024UL * 1024;
    spent_ += sizeof(Node) + fields * (keys_.empty() ? sizeof(Node) : sizeof(Member));
    return spent_ <= std::max(always, 10 * text_.size());
  }

  Result<void> name_columns() {
    if (!options_.header) {
      for (const std::string& column : options_.columns) keys_.push(Node::string(column));
      return {};
    }
    auto row = rows_.next();
    if (!row) return std::unexpected(row.error());
    if (!*row) return {};
    std::span<const CsvField> names = **row;
    KeyIndex known;
    known.start(names.size());
    for (std::size_t i = 0; i < names.size(); ++i) {
      if (names[i].text.empty()) return refuse("column " + std::to_string(i + 1) + " of the header has no name");
      if (known.add(names[i].text, 0) != KeyIndex::none) return refuse("the header names " + printable(names[i].text) + " twice");
      keys_.push(Node::string(names[i].text));
    }
    for (const std::string& column : options_.columns) {
      if (known.find(column) == KeyIndex::none) return refuse("the header has no column " + printable(column));
    }
    return {};
  }

  Result<Node> as_object(std::span<const CsvField> row) {
    bool fits = row.size() == keys_.size() || (options_.ragged && row.size() < keys_.size());
    if (!fits) {
      return refuse("the row has " + std::to_string(row.size()) + (row.size() == 1 ? " field" : " fields") + ", the header " +
                    std::to_string(keys_.size()));
    }
    auto* members = arena_.array<Member>(row.size());
    for (std::size_t i = 0; i < row.size(); ++i) members[i] = {keys_.items()[i], value_of(row[i])};
    return Node::object({members, row.size()});
  }

  Node as_array(std::span<const CsvField> row) {
    auto* items = arena_.array<Node>(row.size());
    for (std::size_t i = 0; i < row.size(); ++i) items[i] = value_of(row[i]);
    return Node::array({items, row.size()});
  }

  Node value_of(const CsvField& field) const {
    if (!options_.typed || field.quoted) return Node::string(field.text);
    if (field.text.empty()) return Node::null();
    if (field.text == "true" || field.text == "false") return Node::boolean(field.text == "true");
    return is_number_text(field.text) ? Node::number_text(field.text) : Node::string(field.text);
  }

  std::string_view text_;
  const CsvOptions& options_;
  Arena& arena_;
  CsvRows rows_;
  Collector<Node> keys_;
  Collector<Node> found_;
  std::size_t spent_ = 0;
};

}  // namespace

Result<Node> read_csv(std::string_view text, const CsvOptions& options, Arena& arena) {
  return CsvReader(text, options, arena).read();
}

}  // namespace busway
