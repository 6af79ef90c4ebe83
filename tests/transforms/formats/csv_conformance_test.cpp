// csv-spectrum, and Papa Parse's own cases as far as a dialect that can be declared covers them.
#include <doctest/doctest.h>

#include <filesystem>
#include <fstream>
#include <iterator>
#include <string>

#include "tests/transforms/formats/made_format.hpp"
#include "transforms/formats/csv.hpp"
#include "transforms/formats/json.hpp"

namespace busway {

namespace {

std::filesystem::path suite(const char* name) {
  return std::filesystem::path(BUSWAY_SOURCE_DIR) / "../shared/conformance" / name;
}

std::string content_of(const std::filesystem::path& path) {
  std::ifstream in(path, std::ios::binary);
  return {std::istreambuf_iterator<char>(in), {}};
}

std::string text_of(const Node& node) {
  std::string out;
  write_json(node, out);
  return out;
}

using Options = std::vector<std::pair<std::string, ConfigNode>>;

// Papa Parse's configuration as ours; or why it has none.
std::string translate(const Node& config, bool writing, Options& out) {
  auto text = [&](const char* theirs, const char* ours) {
    if (Node value = config.member(theirs); value.is_string()) out.emplace_back(ours, config_scalar(std::string(value.text())));
  };
  auto boolean = [](bool value) { return config_scalar(value ? "true" : "false", ConfigNode::Kind::boolean); };
  for (const char* own : {"fastMode", "preview", "quotes", "escapeFormulae"}) {
    if (!config.member(own).is_nothing()) return std::string(own) + " is Papa Parse's own";
  }
  Node skips = config.member("skipEmptyLines");
  if (skips.is_string()) return "skipEmptyLines: greedy is Papa Parse's own";
  if (writing && !skips.is_nothing()) return "skipEmptyLines of what is written is Papa Parse's own";
  if (config.member("dynamicTyping").is_object()) return "types a column are declared in a mapping or a schema";
  text("delimiter", "delimiter");
  text("quoteChar", "quote");
  text("escapeChar", "escape");
  text("comments", "comment");
  if (Node comments = config.member("comments"); comments.is_boolean() && comments.as_boolean())
    out.emplace_back("comment", config_scalar("#"));
  if (Node line_end = config.member("newline"); line_end.is_string()) {
    if (line_end.text() == "$") return "a line end that is none";
    out.emplace_back("line_end", config_scalar(line_end.text() == "\n" ? "lf" : line_end.text() == "\r" ? "cr" : "crlf"));
  }
  if (Node lines = config.member("skipFirstNLines"); lines.is_number())
    out.emplace_back("skip_lines", config_scalar(std::string(lines.text()), ConfigNode::Kind::number));
  if (Node typed = config.member("dynamicTyping"); !typed.is_nothing()) out.emplace_back("typed", boolean(true));
  Node header = config.member("header");
  out.emplace_back("header", boolean(header.is_boolean() ? header.as_boolean() : writing));
  if (!writing) out.emplace_back("skip_empty_lines", boolean(skips.is_boolean() && skips.as_boolean()));
  if (writing) out.emplace_back("ragged", boolean(true));
  if (Node columns = config.member("columns"); columns.is_array()) {
    std::vector<ConfigNode> names;
    for (const Node& name : columns.items()) names.push_back(config_scalar(std::string(name.text())));
    out.emplace_back("columns", config_list(std::move(names)));
  }
  return {};
}

// Cases whose answer here is another one by design.
struct Departure {
  std::string_view description;
  std::string_view reason;
};
constexpr Departure departures[] = {
    {"Input with only a commented line and blank line after", "a line end ends a line, it starts no further one"},
    {"One column input with empty fields", "a line end ends a line, it starts no further one"},
    {"Mixed slash n and slash r should choose first as precident", "a line end ends a line, it starts no further one"},
    {"Blank lines at end", "a line end ends a line, it starts no further one"},
    {"Empty lines", "a line end ends a line, it starts no further one"},
    {"Empty input string", "a text without rows is an empty array"},
    {"Skip empty lines, with empty input", "a text without rows is an empty array"},
    {"Duplicate header names with __proto__ field", "a header that names a column twice is refused"},
    {"Dynamic typing converts numeric literals and maintains precision", "a number keeps its text, however long"},
    {"Dynamic typing converts empty values into NULL", "a number keeps its text"},
    {"Dynamic typing converts boolean literals", "TRUE and FALSE are texts"},
    {"Pipe delimiter is guessed correctly when mixed with comas", "a delimiter is declared, never guessed"},
    {"Delimiter is guessed correctly when a quoted field holds newlines and other delimiter characters",
     "a delimiter is declared, never guessed"},
    {"With header row, with extra field in a row", "a member without a column is refused, not dropped"},
};
std::string_view departure_of(std::string_view description) {
  for (const Departure& departure : departures) {
    if (departure.description == description) return departure.reason;
  }
  return {};
}

}  // namespace

TEST_CASE("csv: csv-spectrum") {
  if (!std::filesystem::exists(suite("csv-spectrum"))) {
    MESSAGE("skipped: csv-spectrum is not beside the source");
    return;
  }
  FormatPtr csv = plain(csv_format());
  int cases = 0;
  for (const auto& entry : std::filesystem::directory_iterator(suite("csv-spectrum") / "csvs")) {
    std::string name = entry.path().stem().string();
    CAPTURE(name);
    if (name == "location_coordinates") {
      MESSAGE("not compared: the suite's JSON of " << name << " is another record than its CSV");
      continue;
    }
    Arena arena;
    std::string text = content_of(entry.path());
    std::string expected = content_of(suite("csv-spectrum") / "json" / (name + ".json"));
    auto read = csv->read(text, arena);
    auto want = read_json(expected, arena);
    REQUIRE(want);
    REQUIRE(read);
    CHECK(text_of(*read) == text_of(*want));
    ++cases;
  }
  CHECK(cases >= 8);
}

TEST_CASE("csv: Papa Parse's cases") {
  if (!std::filesystem::exists(suite("csv-papaparse"))) {
    MESSAGE("skipped: Papa Parse's cases are not beside the source");
    return;
  }
  int held = 0;
  for (const char* file : {"core", "parse", "unparse"}) {
    bool writing = std::string_view(file) == "unparse";
    Arena arena;
    std::string text = content_of(suite("csv-papaparse") / (std::string(file) + ".json"));
    auto cases = read_json(text, arena);
    REQUIRE(cases);
    for (const Node& one : cases->items()) {
      std::string description(one.member("description").text());
      CAPTURE(file);
      CAPTURE(description);
      Options options;
      std::string reason = translate(one.member("config"), writing, options);
      if (reason.empty()) reason = departure_of(description);
      if (reason.empty() && writing && !one.member("input").is_array()) reason = "Papa Parse's own form of a table";
      if (!reason.empty()) {
        MESSAGE("not covered: " << file << ": " << description << ": " << reason);
        continue;
      }
      FormatPtr csv = make_format(csv_format(), config_map(options)).format;
      REQUIRE(csv);
      Node expected = one.member("expected");
      if (writing) {
        std::string out;
        auto written = csv->write(one.member("input"), out);
        CHECK_MESSAGE(written, (written ? "" : written.error().text));
        // Papa Parse leaves the last line end out.
        if (out.ends_with('\n')) out.pop_back();
        if (out.ends_with('\r')) out.pop_back();
        CHECK(out == expected.text());
      } else {
        auto read = csv->read(one.member("input").text(), arena);
        if (expected.member("errors").size() != 0) {
          CHECK(!read);
        } else {
          CHECK_MESSAGE(read, (read ? "" : read.error().text));
          if (read) CHECK(text_of(*read) == text_of(expected.member("data")));
        }
      }
      ++held;
    }
  }
  CHECK(held >= 90);
}

}  // namespace busway
