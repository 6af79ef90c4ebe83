#include "routes/table.hpp"

#include <array>
#include <map>

#include "bus/field.hpp"
#include "routes/keys.hpp"

namespace busway::routes {

namespace {

constexpr std::size_t most_bytes = 64UL * 1024 * 1024;
constexpr int most_findings = 10;  // of one table

// The line on which the row of that number begins. For a look at a mistake: linear in the text.
int line_of_csv(std::string_view text, std::size_t row) {
  int line = 1;
  std::size_t records = 0;  // the header is the first
  bool quoted = false;
  bool empty = true;
  int begins = 1;
  for (std::size_t i = 0; i < text.size(); ++i) {
    char c = text[i];
    if (c == '"') quoted = !quoted;
    bool ends = c == '\n' || (c == '\r' && (i + 1 == text.size() || text[i + 1] != '\n'));
    if (ends) ++line;
    if (ends && !quoted) {
      if (!empty && records++ == row) return begins;
      begins = line;
      empty = true;
    } else if (c != '\r') {
      empty = false;
    }
  }
  return begins;
}

int line_of_json(std::string_view text, std::size_t row) {
  int line = 1;
  int depth = 0;
  std::size_t items = 0;
  bool quoted = false;
  for (std::size_t i = 0; i < text.size(); ++i) {
    char c = text[i];
    if (c == '\n') ++line;
    if (quoted) {
      if (c == '\\') ++i;
      quoted = c != '"';
      continue;
    }
    bool begins = depth == 1 && c != ' ' && c != '\t' && c != '\r' && c != '\n' && c != ',' && c != ']';
    if (begins &&
        (i == 0 || c == '{' || c == '[' || c == '"' || text[i - 1] == ' ' || text[i - 1] == ',' || text[i - 1] == '\n' ||
         text[i - 1] == '[' || text[i - 1] == '\t' || text[i - 1] == '\r') &&
        items++ == row) {
      return line;
    }
    quoted = c == '"';
    if (c == '{' || c == '[') ++depth;
    if (c == '}' || c == ']') --depth;
  }
  return line;
}

// What the declaration says, null where it says nothing.
struct Parts {
  const ConfigNode::Entry* file = nullptr;
  const ConfigNode* key = nullptr;
  const ConfigNode* format = nullptr;
};

bool read_parts(const Declared& declared, CheckContext& check, Parts& parts) {
  const ConfigNode& node = *declared.value;
  if (!node.is_map()) {
    report_not_a_mapping(node, "a table", check);
    return false;
  }
  std::size_t before = check.findings.errors();
  for (const ConfigNode::Entry& entry : node.entries) {
    const std::string& key = entry.key.text;
    if (key == "csv" || key == "json") {
      if (parts.file != nullptr) {
        check.findings.error("BW2023", entry.key.at, "a table is read from one file: remove 'csv' or 'json'");
      }
      parts.file = &entry;
    } else if (key == "key") {
      parts.key = &entry.value;
    } else if (key == "format") {
      parts.format = &entry.value;
    } else {
      report_unknown_key(entry.key, {"csv", "json", "key", "format"}, check);
    }
  }
  for (const ConfigNode* text : {parts.file == nullptr ? nullptr : &parts.file->value, parts.key}) {
    if (text != nullptr && (!text->is_scalar() || text->text.empty())) {
      check.findings.error("BW1005", text->at, "expected a text, found " + std::string(text->kind_name()));
    }
  }
  if (check.findings.errors() != before) return false;
  if (parts.file == nullptr) check.findings.error("BW1006", node.at, "a table needs 'csv' or 'json', the file of its rows");
  if (parts.key == nullptr) check.findings.error("BW1006", node.at, "a table needs 'key', the column that rows are found by");
  return check.findings.errors() == before;
}

}  // namespace

std::shared_ptr<const LookupTable> load_table(const Declared& declared, CheckContext& check) {
  Parts parts;
  if (!read_parts(declared, check, parts)) return nullptr;
  const ConfigNode& path = parts.file->value;
  auto content = check.files.read(path.text, path.at);
  if (!content) {
    check.findings.error(content.error().code.empty() ? "BW1008" : content.error().code, path.at, content.error().text);
    return nullptr;
  }
  auto file = std::make_shared<const std::string>(check.files.name_of(path.text, path.at));
  if (content->size() > most_bytes) {
    check.findings.error("BW2023", {file, 0, 0}, "the table is larger than 64 MiB");
    return nullptr;
  }
  bool csv = parts.file->key.text == "csv";
  ConfigNode named = parts.file->key;  // the format of that name
  named.kind = ConfigNode::Kind::string;
  FormatRef format;
  if (!read_value(parts.format == nullptr ? named : *parts.format, Constraints{}, check, format)) return nullptr;
  auto table = std::make_shared<LookupTable>(std::move(*content));
  auto rows = format.format->read(table->text(), table->arena());
  if (!rows) {
    check.findings.error("BW2023", {file, 0, 0}, "the table cannot be read: " + rows.error().text);
    return nullptr;
  }
  if (!rows->is_array()) {
    check.findings.error("BW2023", {file, 1, 1}, "a table is a list of rows, found " + std::string(name_of(rows->kind())));
    return nullptr;
  }
  const std::string& column = parts.key->text;
  auto place = [&](std::size_t row) {
    return Position{file, csv ? line_of_csv(table->text(), row + 1) : line_of_json(table->text(), row), 1};
  };
  std::map<std::string_view, std::size_t> first;
  int found = 0;
  for (std::size_t i = 0; i < rows->size() && found < most_findings; ++i) {
    const Node& row = rows->items()[i];
    Node value = row.is_object() ? row.member(column) : Node();
    std::array<char, 32> buffer;
    std::string_view key = LookupTable::key_of(value, buffer);
    if (csv && i == 0 && row.is_object() && value.is_nothing()) {
      std::vector<std::string_view> columns;
      for (const Member& member : row.members()) columns.push_back(member.key.text());
      check.findings.error("BW2024", parts.key->at,
                           "'" + path.text + "' has no column '" + column + "'" + did_you_mean(column, columns));
      return nullptr;
    }
    if (!row.is_object()) {
      check.findings.error("BW2023", place(i), "a row of a table is an object, found " + std::string(name_of(row.kind())));
      ++found;
    } else if (!value.is_string() && !value.is_number()) {
      check.findings.error("BW2024", place(i),
                           "the row has no '" + column + "' that is a string or a number, and could not be found by it");
      ++found;
    } else if (!table->add(table->arena().copy(key), row)) {
      check.findings.error(
          "BW2025", place(i),
          "the key '" + std::string(key.substr(0, 80)) + "' is on line " + std::to_string(place(first[key]).line) + " already");
      ++found;
    } else {
      first.emplace(table->arena().copy(key), i);
    }
  }
  return found == 0 ? table : nullptr;
}

}  // namespace busway::routes
