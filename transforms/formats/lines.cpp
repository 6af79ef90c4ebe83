#include "transforms/formats/lines.hpp"

#include <algorithm>

#include "bus/pause.hpp"
#include "transforms/formats/charset_field.hpp"
#include "transforms/formats/json.hpp"
#include "transforms/formats/scalar_text.hpp"
#include "transforms/formats/utf8.hpp"

namespace busway {

namespace {

enum class LineEnd : std::uint8_t { lf, crlf };

// Cuts a text into lines: LF or CR LF, the last one may go without.
class Lines {
 public:
  explicit Lines(std::string_view text) : text_(text) {}
  bool next(std::string_view& line) {
    if (at_ >= text_.size()) return false;
    std::size_t end = std::min(text_.find('\n', at_), text_.size());
    line = text_.substr(at_, end - at_);
    begin_ = at_;
    at_ = end + 1;
    if (line.ends_with('\r')) line.remove_suffix(1);
    return true;
  }
  std::size_t begin() const { return begin_; }

 private:
  std::string_view text_;
  std::size_t at_ = 0;
  std::size_t begin_ = 0;
};

// An empty line costs 16 times its byte, more than a body may.
bool too_many(std::size_t lines, std::size_t bytes) {
  constexpr std::size_t always = 64UL * 1024;
  return lines * sizeof(Node) > std::max(always, 10 * bytes);
}

Result<std::span<const Node>> items_of(const Node& document, std::string_view doing) {
  if (document.is_array()) return document.items();
  return fail(ErrorKind::format,
              std::string(doing) + ": the document is " + std::string(name_of(document.kind())) + ", an array is needed");
}

struct LinesConfig {
  LineEnd line_end = LineEnd::lf;
  Charset charset = Charset::utf_8;
};

class LinesFormat final : public Format {
 public:
  explicit LinesFormat(const LinesConfig& config) : config_(config), content_type_(labelled("text/plain", config.charset)) {}
  std::string_view name() const override { return "lines"; }
  std::string_view content_type() const override { return content_type_; }

  Result<Node> read(std::string_view bytes, Arena& arena) const override {
    auto text = text_from(config_.charset, bytes, arena, "reading lines");
    if (!text) return std::unexpected(text.error());
    Collector<Node> found(arena);
    Lines lines(*text);
    for (std::string_view line; lines.next(line);) {
      if (too_many(found.size() + 1, text->size()))
        return refuse_text("reading lines", *text, lines.begin(),
                           "so many short lines would take more than ten times their size in memory");
      pause_if_due();
      found.push(Node::string(line));
    }
    return Node::array(found.items());
  }

  Result<void> write(const Node& document, std::string& out) const override {
    if (!is_wide(config_.charset)) return write_in(config_.charset, document, out);
    // As a whole, so that one byte order mark stands at its begin.
    std::string text;
    if (auto written = write_in(Charset::utf_8, document, text); !written) return written;
    return append_in(config_.charset, text, out, "writing lines");
  }

 private:
  Result<void> write_in(Charset charset, const Node& document, std::string& out) const {
    constexpr std::string_view doing = "writing lines";
    auto items = items_of(document, doing);
    if (!items) return std::unexpected(items.error());
    for (std::size_t i = 0; i < items->size(); ++i) {
      const Node& item = (*items)[i];
      pause_if_due();
      char buffer[40];
      auto line = scalar_text(item, buffer);
      auto refuse = [&](const std::string& why) {
        return fail(ErrorKind::format, std::string(doing) + ": item " + std::to_string(i + 1) + " " + why);
      };
      if (!line) return refuse("is " + std::string(name_of(item.kind())) + ", a text, a number or a boolean is needed");
      if (line->find_first_of("\r\n") != std::string_view::npos) return refuse("holds a line end");
      if (auto written = append_in(charset, *line, out, doing); !written) return written;
      if (auto written = append_in(charset, config_.line_end == LineEnd::lf ? "\n" : "\r\n", out, doing); !written)
        return written;
    }
    return {};
  }

  LinesConfig config_;
  std::string content_type_;
};

class NdjsonFormat final : public Format {
 public:
  explicit NdjsonFormat(const JsonOptions& options) : options_(options) {}
  std::string_view name() const override { return "ndjson"; }
  std::string_view content_type() const override { return "application/x-ndjson"; }

  Result<Node> read(std::string_view bytes, Arena& arena) const override {
    Collector<Node> found(arena);
    Lines lines(bytes);
    std::size_t number = 0;
    for (std::string_view line; lines.next(line);) {
      ++number;
      if (line.find_first_not_of(" \t") == std::string_view::npos) continue;
      auto document = read_json(line, arena, options_);
      if (!document) return document.error().while_doing("reading line " + std::to_string(number));
      found.push(*document);
    }
    return Node::array(found.items());
  }

  Result<void> write(const Node& document, std::string& out) const override {
    auto items = items_of(document, "writing JSON lines");
    if (!items) return std::unexpected(items.error());
    for (const Node& item : *items) {
      if (auto written = write_json_by(options_, item, out); !written) return written;
      out += '\n';
    }
    return {};
  }

 private:
  JsonOptions options_;
};

std::unique_ptr<const Format> make_lines(LinesConfig config, const ConfigNode&, CheckContext&, const FormatContext&) {
  return std::make_unique<LinesFormat>(config);
}

std::unique_ptr<const Format> make_ndjson(JsonOptions options, const ConfigNode&, CheckContext&, const FormatContext&) {
  return std::make_unique<NdjsonFormat>(options);
}

}  // namespace

FormatType lines_format() {
  return {.name = "lines",
          .summary = "A text of lines.",
          .doc =
              "An array of texts, one a line, read with LF or CR LF. Numbers and booleans are written as their text; what holds "
              "a line "
              "end is an error.",
          .content_types = {},
          .format = role<LinesConfig, const Format, FormatContext>(
              {{"line_end", &LinesConfig::line_end, "How lines that are written end.",
                one_of<LineEnd>({{"lf", LineEnd::lf}, {"crlf", LineEnd::crlf}})},
               charset_field(&LinesConfig::charset)},
              make_lines),
          .examples = {{"As it is", "lines"}, {"For a system of the eighties", "lines: { line_end: crlf, charset: cp037 }"}}};
}

FormatType ndjson_format() {
  return {.name = "ndjson",
          .summary = "JSON texts, one a line.",
          .doc =
              "An array with a document for each line; empty lines are none. Each line is read as strictly as the `json` format "
              "does.",
          .content_types = {"application/x-ndjson", "application/jsonl"},
          .format = role<JsonOptions, const Format, FormatContext>(json_fields(), make_ndjson),
          .examples = {{"As it is", "ndjson"}}};
}

}  // namespace busway
