#include "transforms/formats/json.hpp"

#include <doctest/doctest.h>

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <map>
#include <random>
#include <string>

#include "tests/transforms/formats/made_format.hpp"

namespace busway {

namespace {

std::string again(std::string_view text, const JsonOptions& options = {}) {
  Arena arena;
  auto read = read_json(text, arena, options);
  if (!read) return "error: " + read.error().text;
  std::string out;
  write_json(*read, out);
  return out;
}

std::string error_of(std::string_view text, const JsonOptions& options = {}) {
  Arena arena;
  auto read = read_json(text, arena, options);
  return read ? "" : read.error().text;
}

bool has(const std::string& text, std::string_view part) {
  return text.find(part) != std::string::npos;
}

}  // namespace

TEST_CASE("json: what is read is written again") {
  for (std::string_view text :
       {"null", "true", "false", "0", "-0", "1250.10", "12345678901234567890", "1e2", "1E+2", "\"\"", "[]", "{}", "[[]]", "[{}]",
        R"({"a":1,"b":[1,2,{"c":null}],"d":"x"})", R"(["\"\\\b\f\n\r\t\u0001/"])", "\"\xC3\x9C\xE2\x82\xAC\xF0\x9F\x98\x80\""}) {
    CHECK(again(text) == text);
  }
  CHECK(again(" { \"a\" : [ 1 , 2 ] } \n") == R"({"a":[1,2]})");
  CHECK(again("\"\\u00dc\\ud83d\\ude00\\/\"") == "\"\xC3\x9C\xF0\x9F\x98\x80/\"");
}

TEST_CASE("json: containers of every size are laid out exactly") {
  for (std::size_t count : {1U, 2U, 12U, 13U, 254U, 255U, 256U, 5000U}) {
    std::string array = "[[";
    std::string object = "{\"k0\":{";
    for (std::size_t i = 0; i < count; ++i) {
      array += (i == 0 ? "" : ",") + std::to_string(i);
      object += (i == 0 ? "" : ",") + ("\"m" + std::to_string(i) + "\":[\"]\",{}]");
    }
    array += "],[],[ ],[[7]]]";
    object += "},\"k1\":[]}";
    std::string expected = array;
    expected.replace(expected.find("[ ]"), 3, "[]");
    CHECK(again(array) == expected);
    CHECK(again(object) == object);
  }
}

TEST_CASE("json: a mistake is named with its place") {
  CHECK(error_of("") == "reading JSON: line 1, column 1: there is no value");
  CHECK(error_of("{\"a\":1,\n \"\xC3\x9C\": x}") == "reading JSON: line 2, column 7: this is not a JSON value");
  CHECK(has(error_of("[1,2"), "expected ',' or ']'"));
  CHECK(has(error_of("[1}"), "expected ',' or ']'"));
  CHECK(has(error_of("{\"a\" 1}"), "expected ':'"));
  CHECK(has(error_of("{a:1}"), "expected a key in double quotes"));
  CHECK(has(error_of("1 2"), "something follows the value"));
  CHECK(has(error_of(std::string_view("1\0", 2)), "NUL"));
  CHECK(has(error_of(std::string_view("\"a\0b\"", 5)), "control character"));
  CHECK(has(error_of("\"a\x1A\""), "control character"));
  CHECK(has(error_of("\xEF\xBB\xBF{}"), "byte order mark"));
  CHECK(has(error_of("\"\xFF\""), "not valid UTF-8"));
  CHECK(has(error_of("\"\xED\xA0\x80\""), "not valid UTF-8"));
  CHECK(has(error_of("\"\\ud800\""), "surrogate"));
  CHECK(has(error_of("\"\\udc00\""), "surrogate"));
  CHECK(has(error_of("\"\\ud800\\u0041\""), "surrogate"));
  Arena arena;
  auto read = read_json("[\"\xC3\x9C\", x]", arena);
  REQUIRE(!read);
  CHECK(read.error().position == 6);
  CHECK(read.error().kind == ErrorKind::format);
}

TEST_CASE("json: keys stand once, or the last one counts") {
  CHECK(error_of("{\"a\":1,\n\"a\":2}") == "reading JSON: line 2, column 2: the key 'a' stands twice in this object");
  CHECK(has(error_of(R"({"a":1,"\u0061":2})"), "stands twice"));
  JsonOptions last{.duplicate_keys = JsonOptions::DuplicateKeys::last};
  CHECK(again(R"({"a":1,"b":2,"a":3})", last) == R"({"a":3,"b":2})");
  std::string many = "{";
  for (int i = 0; i < 100; ++i) many += "\"k" + std::to_string(i) + "\":0,";
  CHECK(has(error_of(many + "\"k50\":1}"), "'k50' stands twice"));
  CHECK(again(many + "\"k50\":1}", last).find("\"k50\":1") != std::string::npos);
}

TEST_CASE("json: nesting has a limit") {
  auto nested = [](std::size_t levels) { return std::string(levels, '[') + std::string(levels, ']'); };
  CHECK(again(nested(64)) == nested(64));
  CHECK(has(error_of(nested(65)), "deeper than 64 levels"));
  CHECK(has(error_of(std::string(1'000'000, '[')), "deeper than 64 levels"));
  CHECK(has(error_of("[[" + nested(1'000'000)), "deeper than 64 levels"));
  JsonOptions deep{.depth = 1000};
  CHECK(again(nested(1000), deep) == nested(1000));
}

TEST_CASE("json: lone surrogates pass as they came where that is asked for") {
  JsonOptions lenient{.depth = 1000, .lone_surrogates = true};
  for (std::string_view text : {R"("\ud800")", R"("\udc00")", R"("a\ud800b\udfff")", R"("\udc00\ud800")", R"({"\ud83d":1})",
                                R"("\ud800\ud800")", R"("\\ud800")"}) {
    CHECK(again(text, lenient) == text);
  }
  CHECK(again(R"("\ud800\ud83d\ude00\udc00")", lenient) == "\"\\ud800\xF0\x9F\x98\x80\\udc00\"");
  CHECK(again("\"\\u0041\\", lenient).starts_with("error:"));
  CHECK(again("\"\xED\xA0\x80\\ude00\"", lenient).starts_with("error:"));  // raw: they would read back as a pair
}

TEST_CASE("json: the format writes only what JSON holds") {
  FormatPtr json = plain(json_format());
  REQUIRE(json);
  std::string out;
  Member members[] = {{Node::string("lines"), Node()}};
  Node items[] = {Node::null(), Node::function(nullptr)};
  members[0].value = Node::array(items);
  auto written = json->write(Node::object(members), out);
  REQUIRE(!written);
  CHECK(written.error().text == "writing JSON: lines[1]: a function cannot be written as JSON");
  CHECK(!json->write(Node(), out));
  CHECK(!json->write(Node::string("\xED\xA0\x80"), out));
  CHECK(!json->write(Node::number(1e308 * 10), out));
  out.clear();
  CHECK(json->write(Node::number(0.1), out));
  CHECK(out == "0.1");
  out.clear();
  write_json(Node::number(-3), out);
  CHECK(out == "-3");
}

TEST_CASE("json: options come from the declaration") {
  auto made = make_format(json_format(), config_map({{"depth", config_scalar("2", ConfigNode::Kind::number)},
                                                     {"duplicate_keys", config_scalar("last")}}));
  REQUIRE(made.format);
  Arena arena;
  CHECK(made.format->read("[[1]]", arena));
  CHECK(!made.format->read("[[[1]]]", arena));
  CHECK(made.format->read(R"({"a":1,"a":2})", arena));
  CHECK(!make_format(json_format(), config_map({{"deph", config_scalar("2")}})).format);
}

TEST_CASE("json: memory stays within ten times the text") {
  std::string flat = "[1";
  for (int i = 0; i < 500'000; ++i) flat += ",1";
  flat += "]";
  std::string chains = "[0";
  for (int i = 0; i < 20'000; ++i) chains += "," + std::string(60, '[') + std::string(60, ']');
  chains += "]";
  for (const std::string& text : {flat, chains}) {
    Arena arena;
    REQUIRE(read_json(text, arena));
    CHECK(arena.reserved() < text.size() * 10 + 100'000);
  }
}

TEST_CASE("json: what cannot be JSON gets no memory for its nodes") {
  for (std::string_view open : {"[", "{", "[{"}) {
    std::string text = std::string(open) + std::string(1'000'000, ',');
    Arena arena;
    auto read = read_json(text, arena);
    REQUIRE(!read);
    CHECK(read.error().position == static_cast<std::int64_t>(open.size()));
    CHECK(arena.reserved() < text.size() * 2 + 100'000);
  }
  CHECK(error_of("{,,,,") == "reading JSON: line 1, column 2: expected a key in double quotes");
}

TEST_CASE("json: any tree reads back equal") {
  std::mt19937 random(7);
  for (int round = 0; round < 300; ++round) {
    Arena arena;
    int budget = 60;
    auto make = [&](auto&& self, int depth) -> Node {
      --budget;
      switch (random() % (depth > 6 || budget < 0 ? 4 : 6)) {
        case 0: return Node::null();
        case 1: return Node::boolean(random() % 2 == 0);
        case 2: return Node::number_text(arena.copy(std::to_string(static_cast<int>(random())) + (random() % 2 ? ".50" : "")));
        case 3: {
          std::string text;
          for (auto n = random() % 20; n > 0; --n) text += std::string_view("ab\"\\\n\x01\x7F/ ")[random() % 9];
          if (random() % 3 == 0) text += "\xE2\x82\xAC";
          return Node::string(arena.copy(text));
        }
        case 4: {
          Collector<Node> items(arena);
          for (auto n = random() % 20; n > 0; --n) items.push(self(self, depth + 1));
          return Node::array(items.items());
        }
        default: {
          Collector<Member> members(arena);
          for (auto n = random() % 20; n > 0; --n)
            members.push({Node::string(arena.copy("k" + std::to_string(n))), self(self, depth + 1)});
          return Node::object(members.items());
        }
      }
    };
    Node tree = make(make, 0);
    std::string text;
    write_json(tree, text);
    auto read = read_json(text, arena);
    REQUIRE(read);
    CHECK(equal(*read, tree));
  }
}

// The table of docs/formats.md of what RFC 8259 leaves open: case -> "accepted" or "refused".
static std::map<std::string, std::string> open_cases() {
  std::map<std::string, std::string> found;
  std::ifstream page(std::string(BUSWAY_SOURCE_DIR) + "/docs/formats.md");
  for (std::string line; std::getline(page, line);) {
    if (line.find("`i_") == std::string::npos || !line.starts_with("| ")) continue;
    std::string verdict = has(line, "| accepted |") ? "accepted" : "refused";
    for (std::size_t at = line.find("`i_"); at != std::string::npos; at = line.find("`i_", at + 1))
      found[line.substr(at + 1, line.find('`', at + 1) - at - 1) + ".json"] = verdict;
  }
  return found;
}

TEST_CASE("json: the JSONTestSuite") {
  std::filesystem::path folder = std::filesystem::path(BUSWAY_SOURCE_DIR) / "../shared/conformance/json-test-suite/test_parsing";
  if (!std::filesystem::exists(folder)) {
    MESSAGE("skipped: the JSONTestSuite is not beside the source");
    return;
  }
  int accepted = 0;
  int refused = 0;
  int open = 0;
  std::map<std::string, std::string> documented = open_cases();
  REQUIRE(documented.size() > 30);
  std::string by_policy;
  for (const auto& entry : std::filesystem::directory_iterator(folder)) {
    std::string name = entry.path().filename().string();
    std::ifstream file(entry.path(), std::ios::binary);
    std::string text((std::istreambuf_iterator<char>(file)), {});
    Arena arena;
    auto read = read_json(text, arena);
    INFO(name, ": ", read ? "" : read.error().text);
    switch (name.front()) {
      case 'y':
        if (!read && has(read.error().text, "stands twice")) {
          by_policy += " " + name;
          CHECK(read_json(text, arena, {.duplicate_keys = JsonOptions::DuplicateKeys::last}));
        } else {
          CHECK(read);
        }
        ++accepted;
        break;
      case 'n':
        CHECK(!read);
        ++refused;
        break;
      default:
        ++open;
        CHECK_MESSAGE(documented[name] == (read ? "accepted" : "refused"), name, " is not in docs/formats.md as it is read");
    }
  }
  CHECK(accepted > 0);
  CHECK(refused > 0);
  MESSAGE("duplicate keys refused by policy:", by_policy);
  MESSAGE(accepted, " accepted, ", refused, " refused, ", open, " left open by the RFC and as docs/formats.md has them");
}

}  // namespace busway
