#include "plugins/process/last_words.hpp"

#include <doctest/doctest.h>

#include <initializer_list>

#include "plugins/host/utf8.hpp"

namespace busway::plugins {

namespace {

std::string after(std::initializer_list<std::string_view> lines) {
  LastWords words;
  for (std::string_view line : lines) words.hear(line);
  return words.text();
}

}  // namespace

TEST_CASE("the last words are what went wrong, in the languages that plugins are written in") {
  CHECK(after({"Traceback (most recent call last):", "  File \"x.py\", line 1, in <module>", "    raise RuntimeError(\"why\")",
               "    ^^^^^^^^^", "RuntimeError: why", "", "  "}) == "RuntimeError: why");
  CHECK(after({"x.js:1", "throw new Error('why')", "^", "", "Error: why", "    at Object.<anonymous> (x.js:1:7)", "",
               "Node.js v20.1.0"}) == "Error: why");
  CHECK(after({"Error: Cannot find module 'y'", "Require stack:", "- /x.js", "    at f (a.js:1)", "  code: 'MODULE_NOT_FOUND',",
               "}", "", "Node.js v20.1.0"}) == "Error: Cannot find module 'y'");
  CHECK(after({"terminate called after throwing an instance of 'std::runtime_error'", "  what():  why"}) == "what():  why");
}

TEST_CASE("they are the last line where nothing is better, and none of nothing") {
  CHECK(after({}).empty());
  CHECK(after({"", " \t"}).empty());
  CHECK(after({"first", "no licence\r"}) == "no licence");
  CHECK(after({"  first", "  second"}) == "second");
}

TEST_CASE("they are short, UTF-8, and fit for a log") {
  CHECK(after({std::string(500, 'x')}) == std::string(300, 'x'));
  for (const char* begin : {"", "x", "xx"}) {
    std::string line = begin;
    for (int i = 0; i < 200; ++i) line += "\xE2\x82\xAC";  // a euro sign
    std::string said = after({line});
    CHECK(said.size() > 297);
    CHECK(said.size() <= 300);
    CHECK(is_utf8(said));
  }
  CHECK(after({"a\x1B[31mb\tc\x7F\xC2\x85\xC3\xA9"}) == "a?[31mb c??\xC3\xA9");
}

}  // namespace busway::plugins
