#include "transforms/formats/csv.hpp"

#include "transforms/formats/charset_field.hpp"
#include "transforms/formats/csv_read.hpp"

namespace busway {

namespace {

constexpr std::string_view byte_order_mark = "\xEF\xBB\xBF";

// CsvOptions as they are declared.
struct CsvConfig {
  std::string delimiter = ",";
  std::string quote = "\"";
  std::string escape{};
  std::string comment{};
  CsvDialect::LineEnd line_end = CsvDialect::LineEnd::any;
  bool skip_empty_lines = true;
  std::int64_t skip_lines = 0;
  bool header = true;
  std::vector<std::string> columns{};
  bool typed = false;
  bool ragged = false;
  Charset charset = Charset::utf_8;
};

class CsvFormat final : public Format {
 public:
  explicit CsvFormat(CsvOptions options) : options_(std::move(options)), content_type_(labelled("text/csv", options_.charset)) {}
  std::string_view name() const override { return "csv"; }
  std::string_view content_type() const override { return content_type_; }

  Result<Node> read(std::string_view bytes, Arena& arena) const override {
    auto text = text_from(options_.charset, bytes, arena, "reading CSV");
    if (!text) return std::unexpected(text.error());
    if (text->starts_with(byte_order_mark)) text->remove_prefix(byte_order_mark.size());
    return read_csv(*text, options_, arena);
  }

  Result<void> write(const Node& document, std::string& out) const override {
    if (options_.charset == Charset::utf_8) return write_csv(document, options_, out);
    std::string text;
    if (auto written = write_csv(document, options_, text); !written) return written;
    return append_in(options_.charset, text, out, "writing CSV");
  }

 private:
  CsvOptions options_;
  std::string content_type_;
};

std::unique_ptr<const Format> make_csv(CsvConfig config, const ConfigNode& node, CheckContext& check, const FormatContext&) {
  auto wrong = [&](const char* key, const std::string& why) {
    const ConfigNode* at = &node;
    if (const ConfigNode::Entry* entry = node.find(key)) at = &entry->value;
    check.findings.error("BW4003", at->at, why);
    return nullptr;
  };
  auto ends_line = [](const std::string& text) { return text.find_first_of("\r\n") != std::string::npos; };
  if (config.delimiter.empty() || config.delimiter.size() > 8 || ends_line(config.delimiter))
    return wrong("delimiter", "the delimiter must be one to eight characters within a line");
  if (config.quote.size() > 1 || ends_line(config.quote))
    return wrong("quote", "the quote must be one ASCII character, or empty");
  if (config.escape.empty()) config.escape = config.quote;
  if (config.escape.size() > 1 || ends_line(config.escape)) return wrong("escape", "the escape must be one ASCII character");
  if (!config.quote.empty() &&
      (config.delimiter.find(config.quote) != std::string::npos || config.delimiter.find(config.escape) != std::string::npos))
    return wrong("delimiter", "delimiter, quote and escape must be told apart");
  if (ends_line(config.comment)) return wrong("comment", "what starts a comment must lie within a line");
  CsvOptions options{.dialect = {.delimiter = std::move(config.delimiter),
                                 .quote = std::move(config.quote),
                                 .escape = std::move(config.escape),
                                 .comment = std::move(config.comment),
                                 .line_end = config.line_end,
                                 .skip_empty_lines = config.skip_empty_lines,
                                 .skip_lines = config.skip_lines},
                     .header = config.header,
                     .columns = std::move(config.columns),
                     .typed = config.typed,
                     .ragged = config.ragged,
                     .charset = config.charset};
  return std::make_unique<CsvFormat>(std::move(options));
}

}  // namespace

FormatType csv_format() {
  using LineEnd = CsvDialect::LineEnd;
  return {
      .name = "csv",
      .summary = "Rows of fields between delimiters (RFC 4180 and its kin).",
      .doc =
          "An array with an object for each row, its members named by the first line; without a header, and without `columns`, "
          "an array "
          "of arrays. Fields are texts: `typed` makes numbers, true, false and null of what is not quoted. A field that starts "
          "with the "
          "quote ends with it; a quote further in is a character like any other. A quote that never ends, something behind a "
          "closing "
          "one and a row that does not have a field for each column are errors with their line.",
      .content_types = {"text/csv"},
      .format = role<CsvConfig, const Format, FormatContext>(
          {{"delimiter", &CsvConfig::delimiter, "What stands between two fields.", shorthand()},
           {"header", &CsvConfig::header, "The first row names the columns."},
           {"columns", &CsvConfig::columns,
            "The columns' names: those of a text without a header, those that a header must have, and the order they are written "
            "in."},
           {"quote", &CsvConfig::quote,
            "What a field with a delimiter or a line end in it stands between; empty: nothing is quoted."},
           {"escape", &CsvConfig::escape, "What stands before a quote within quotes; the quote itself when left out."},
           {"typed", &CsvConfig::typed, "Unquoted numbers, `true`, `false` and empty fields (null) are not texts."},
           {"ragged", &CsvConfig::ragged, "A row may be short: the missing fields are left out."},
           {"comment", &CsvConfig::comment, "Lines that start with it are left out."},
           {"line_end", &CsvConfig::line_end,
            "How lines end. `any` reads CR LF and LF, or CR alone in a text without LF, and writes CR LF.",
            one_of<LineEnd>({{"any", LineEnd::any}, {"lf", LineEnd::lf}, {"crlf", LineEnd::crlf}, {"cr", LineEnd::cr}})},
           {"skip_empty_lines", &CsvConfig::skip_empty_lines, "Empty lines are no rows."},
           {"skip_lines", &CsvConfig::skip_lines, "So many lines in front are left out, the header not among them.", at_least(0),
            at_most(1000)},
           charset_field(&CsvConfig::charset)},
          make_csv),
      .examples = {{"As it is", "csv"},
                   {"From a spreadsheet of the continent", "csv: { delimiter: ';', charset: windows-1252 }"},
                   {"Columns that only the partner's manual names", "csv: { header: false, columns: [sku, qty], typed: true }"}}};
}

}  // namespace busway
