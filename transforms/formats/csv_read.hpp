#pragma once

#include <string>
#include <vector>

#include "transforms/formats/charset.hpp"
#include "transforms/formats/csv_rows.hpp"

namespace busway {

// What the `csv` format is told.
struct CsvOptions {
  CsvDialect dialect{};
  bool header = true;
  std::vector<std::string> columns{};  // their names where no header says them; the order they are written in
  bool typed = false;
  bool ragged = false;
  Charset charset = Charset::utf_8;
};

// Rows as an array: of objects when columns have names (the header's or the declared ones), else of arrays. `text` is valid
// UTF-8. Errors: kind `format`, with line and column.
Result<Node> read_csv(std::string_view text, const CsvOptions& options, Arena& arena);

// An array of objects or of arrays as rows, in UTF-8. Errors: kind `format`, naming the row.
Result<void> write_csv(const Node& document, const CsvOptions& options, std::string& out);

}  // namespace busway
