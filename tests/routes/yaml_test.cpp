#include "routes/yaml.hpp"

#include <doctest/doctest.h>

using namespace busway;
using namespace busway::routes;

namespace {

struct Reading {
  std::optional<ConfigNode> node;
  std::string findings;
};

Reading read(std::string_view text) {
  Reading out;
  Findings findings;
  out.node = read_yaml(text, std::make_shared<const std::string>("f.yaml"), findings);
  for (const Finding& finding : findings.all()) out.findings += to_text(finding) + "\n";
  return out;
}

std::string repeat(std::string_view text, int times) {
  std::string out;
  for (int i = 0; i < times; ++i) out += text;
  return out;
}

std::string place(const Position& at) {
  return std::to_string(at.line) + ":" + std::to_string(at.column);
}

}  // namespace

TEST_CASE("plain scalars are typed by YAML 1.2's core schema") {
  using Kind = ConfigNode::Kind;
  struct Row {
    const char* text;
    Kind kind;
  };
  for (const Row& row :
       {Row{"", Kind::null},         Row{"~", Kind::null},         Row{"null", Kind::null},   Row{"true", Kind::boolean},
        Row{"False", Kind::boolean}, Row{"yes", Kind::string},     Row{"on", Kind::string},   Row{"0", Kind::number},
        Row{"-17", Kind::number},    Row{"1250.10", Kind::number}, Row{"1e3", Kind::number},  Row{".5", Kind::number},
        Row{"5.", Kind::number},     Row{"0x1F", Kind::number},    Row{"0o17", Kind::number}, Row{".inf", Kind::number},
        Row{"1.2.3", Kind::string},  Row{"1_000", Kind::string},   Row{"2s", Kind::string},   Row{".", Kind::string},
        Row{"-", Kind::string},      Row{"1e", Kind::string},      Row{"0x", Kind::string},   Row{"12:30", Kind::string}}) {
    CAPTURE(row.text);
    CHECK(plain_scalar_kind(row.text) == row.kind);
  }
}

TEST_CASE("values keep their text, their kind and their place") {
  auto reading = read("# ü\na: 1250.10\nünï: 'true'\nlist:\n  - x\n  - { k: \"v\", n: ~ }\nempty:\nlast: null\n");
  REQUIRE(reading.node);
  const ConfigNode& root = *reading.node;
  CHECK(reading.findings.empty());
  CHECK(root.find("a")->value.text == "1250.10");
  CHECK(root.find("a")->value.kind == ConfigNode::Kind::number);
  CHECK(place(root.find("a")->value.at) == "2:4");
  CHECK(root.find("ünï")->value.kind == ConfigNode::Kind::string);
  CHECK(place(root.find("ünï")->value.at) == "3:6");
  const ConfigNode& list = root.find("list")->value;
  REQUIRE(list.items.size() == 2);
  CHECK(place(list.items[0].at) == "5:5");
  CHECK(place(list.items[1].at) == "6:5");
  CHECK(place(list.items[1].find("k")->key.at) == "6:7");
  CHECK(place(list.items[1].find("n")->value.at) == "6:18");
  CHECK(list.items[1].find("n")->value.kind == ConfigNode::Kind::null);
  CHECK(place(root.find("empty")->value.at) == "7:1");
  CHECK(place(root.find("last")->value.at) == "8:7");
}

TEST_CASE("a place inside a scalar is found whatever its style") {
  struct Row {
    const char* yaml;
    const char* text;
    int offset;
    const char* place;
  };
  const Row rows[] = {
      {"a: x + y", "x + y", 4, "1:8"},
      {"a: 'x + y'", "x + y", 4, "1:9"},
      {"a: 'it''s y'", "it's y", 5, "1:11"},
      {"a: \"x\\ty\\u00fc \\\"z\"", "x\ty\xC3\xBC \"z", 6, "1:18"},
      {"a: 'ü y'", "ü y", 2, "1:7"},
      {"a: one\n   two\n\n   three", "one two\nthree", 4, "2:4"},
      {"a: one\n   two\n\n   three", "one two\nthree", 8, "4:4"},
      {"a: 'one\n   two'", "one two", 4, "2:4"},
      {"a: \"one \\\n   two\"", "one two", 4, "2:4"},
      {"a: |\n  one\n  two\n", "one\ntwo\n", 4, "3:3"},
      {"a: |-\n\n  one\n    two\n", "\none\n  two", 7, "4:5"},
      {"a: |2\n    one\n  two\n", "  one\ntwo\n", 2, "2:5"},
      {"a: &x |  # why\n  one\n  two\nb: 1\n", "one\ntwo\n", 4, "3:3"},
      {"a: >\n  one\n  two\n\n  three\n", "one two\nthree\n", 4, "3:3"},
      {"a: >\n  one\n  two\n\n  three\n", "one two\nthree\n", 8, "5:3"},
      {"a: >\n  one\n    more\n  two\n", "one\n  more\ntwo\n", 6, "3:5"},
      {"a: >-\n  one\n    more\n\n  two\n\n\n", "one\n  more\n\ntwo", 12, "5:3"},
      {"a:\n  - b: >-\n      one\n\n", "one", 0, "3:7"},
      {"a: |+\n  one\n\nb: 1\n", "one\n\n", 4, "3:1"},
  };
  for (const Row& row : rows) {
    CAPTURE(row.yaml);
    auto reading = read(row.yaml);
    REQUIRE(reading.node);
    const ConfigNode* value = &reading.node->find("a")->value;
    if (value->is_list()) value = &value->items[0].find("b")->value;
    CHECK(value->text == row.text);
    CHECK(place(value->place_of(row.offset)) == row.place);
  }
}

TEST_CASE("an error behind the last character points behind it") {
  auto reading = read("a: '(x'\n");
  REQUIRE(reading.node);
  CHECK(place(reading.node->find("a")->value.place_of(2)) == "1:7");
}

TEST_CASE("what YAML would do silently is a finding") {
  CHECK(read("a: 1\nb: 2\na: 3\n").findings == "f.yaml:3:1: error BW1002: 'a' stands here twice; the first is in line 1\n");
  CHECK(read("a: &x { b: 1 }\nc:\n  <<: *x\n").findings ==
        "f.yaml:3:3: error BW1003: merge keys are not used here: write the keys out\n");
  CHECK(read("a: !!str 5\n").findings ==
        "f.yaml:1:4: error BW1003: tags are not used here: quote the value to make it a string\n");
  CHECK(read("a: !thing { b: 1 }\n").findings ==
        "f.yaml:1:4: error BW1003: tags are not used here: quote the value to make it a string\n");
  CHECK(read("a: &x [*x]\n").findings == "f.yaml:1:8: error BW1003: an alias must not stand inside what it names\n");
  CHECK(read("? [a]\n: b\n").findings == "f.yaml:1:3: error BW1003: a key must be a plain word or a quoted text\n");
  CHECK(read("a: 1\n---\nb: 2\n").findings == "f.yaml:3:1: error BW1003: a second document: this file may hold only one\n");
}

TEST_CASE("an alias is a copy with the place of what it names") {
  auto reading = read("a: &x { b: [1, 2] }\nc: *x\n");
  REQUIRE(reading.node);
  CHECK(reading.node->find("c")->value.find("b")->value.items.size() == 2);
}

TEST_CASE("a plain scalar says when a comment follows it") {
  auto reading = read("a: $x # y\nb: $x#y\nc: '$x' # y\nd: $x\n");
  REQUIRE(reading.node);
  CHECK(reading.node->find("a")->value.comment_follows);
  CHECK_FALSE(reading.node->find("b")->value.comment_follows);
  CHECK_FALSE(reading.node->find("c")->value.comment_follows);
  CHECK_FALSE(reading.node->find("d")->value.comment_follows);
}

TEST_CASE("a syntax error says what to do about an unquoted expression") {
  CHECK(read("routes:\n  a: { http: GET /orders/{id}, on: front }\n").findings ==
        "f.yaml:2:26: error BW1001: expected ',' or '}' here; a value with braces, brackets, ': ' or ' #', or one that begins "
        "with one of "
        "YAML's signs, needs quotes or a block scalar (|)\n");
  CHECK(read("a:\n  map: { \"x\": 1 } & $\n").findings.find("needs quotes") != std::string::npos);
  CHECK(read("a: [1, 2\nb: 3\n").findings.starts_with("f.yaml:"));
  CHECK(read("a: \"x\n").findings == "f.yaml:1:4: error BW1001: the quote is never closed\n");
}

TEST_CASE("a syntax error on a line without a value is told like any other") {
  for (const char* text : {"a: 1\n b: \n", "a: [\nb: \n", "a: \n- x\nb: ]: \n"}) {
    CAPTURE(text);
    CHECK(read(text).findings.find("BW1001") != std::string::npos);
  }
}

TEST_CASE("bytes that are no text are refused where they stand") {
  CHECK(read("a: 1\nb: \xFF\n").findings == "f.yaml:2:4: error BW1001: the file is not UTF-8 here\n");
  CHECK(read("a: \xC3\xBC\x04\n").findings == "f.yaml:1:5: error BW1001: the file holds a control character here\n");
  CHECK(read(std::string_view("\0\0\0a", 4)).findings == "f.yaml:1:1: error BW1001: the file holds a control character here\n");
  CHECK(read("\xED\xA0\x80").findings == "f.yaml:1:1: error BW1001: the file is not UTF-8 here\n");
  CHECK(read(std::string(2 * 1024 * 1024, 'a')).findings == "f.yaml: error BW1001: the file is larger than 1024KiB\n");
}

TEST_CASE("line ends and a byte order mark do not move anything") {
  auto reading = read(
      "\xEF\xBB\xBF"
      "a: 1\r\nb: |\r\n  x\r\n");
  REQUIRE(reading.node);
  CHECK(place(reading.node->find("b")->value.at) == "2:4");
  CHECK(reading.node->find("b")->value.text == "x\n");
}

TEST_CASE("an empty file is null") {
  auto reading = read("# nothing\n");
  REQUIRE(reading.node);
  CHECK(reading.node->kind == ConfigNode::Kind::null);
}

TEST_CASE("no input costs more than the limits, however it is written") {
  std::string laughs = "a0: &a0 [x, x, x, x, x, x, x, x, x]\n";
  for (int i = 1; i < 12; ++i) {
    std::string before = std::to_string(i - 1);
    laughs +=
        "a" + std::to_string(i) + ": &a" + std::to_string(i) + " [" + repeat("*a" + before + ", ", 8) + "*a" + before + "]\n";
  }
  std::string wide = "a: &a " + std::string(500'000, 'x') + "\nb: [" + repeat("*a, ", 100'000) + "*a]\n";
  const std::string inputs[] = {laughs,
                                wide,
                                repeat("[", 100'000),
                                repeat("{a: ", 100'000),
                                repeat("- ", 100'000),
                                repeat("? ", 100'000),
                                repeat(": ", 100'000),
                                repeat("&a ", 100'000),
                                "a: x" + std::string(900'000, ' ') + "y",
                                "a: '" + repeat("x\n ", 300'000) + "'",
                                repeat("[\n", 100'000),
                                repeat("a:\n", 100'000),
                                "a: |\n" + repeat(" \n", 400'000) + "  x\n",
                                "a: >\n" + repeat("  x\n\n", 100'000),
                                "[" + repeat("a,", 400'000) + "]"};
  for (const std::string& input : inputs) {
    CAPTURE(input.substr(0, 20));
    read(input);  // a hang or an overflow is what fails here
  }
  CHECK(read(laughs).findings.find("BW1003") != std::string::npos);
  CHECK(read(wide).findings.find("BW1003") != std::string::npos);
  CHECK(read(repeat("[", 70) + repeat("]", 70)).findings.find("nested deeper than 64 levels") != std::string::npos);
}
