// text, form and bytes, and the list of them all.
#include <doctest/doctest.h>

#include <string>

#include "routes/yaml.hpp"
#include "tests/transforms/formats/conversions.hpp"
#include "tests/transforms/formats/made_format.hpp"
#include "transforms/formats/builtin.hpp"
#include "transforms/formats/bytes.hpp"
#include "transforms/formats/form.hpp"
#include "transforms/formats/json.hpp"
#include "transforms/formats/text.hpp"

namespace busway {

TEST_CASE("text: one string, in its character set") {
  FormatPtr text = plain(text_format());
  CHECK(reads(text, "a\n\xC3\x9C") == "\"a\\n\xC3\x9C\"");
  CHECK(reads(text, "ab\n\xFF") == "error: reading text: line 2, column 1: the text is not valid UTF-8");
  CHECK(writes(text, R"("a\nb")") == "a\nb");
  CHECK(writes(text, "1.50") == "1.50");
  CHECK(writes(text, "true") == "true");
  CHECK(writes(text, "{}").starts_with("error: writing text: the document is object"));
  CHECK(text->content_type() == "text/plain; charset=utf-8");
  FormatPtr latin = make_format(text_format(), config_map({{"charset", config_scalar("iso-8859-1")}})).format;
  REQUIRE(latin);
  CHECK(reads(latin, "\xDC") == "\"\xC3\x9C\"");
  CHECK(writes(latin, "\"\xC3\x9C\"") == "\xDC");
  CHECK(writes(latin, "\"a\xE2\x82\xAC\"") == "error: writing text: line 1, column 2: iso-8859-1 does not have this character");
}

TEST_CASE("form: bytes of another character set") {
  FormatPtr form = make_format(form_format(), config_map({{"charset", config_scalar("windows-1252")}})).format;
  REQUIRE(form);
  CHECK(reads(form, "n%FC=%80+x") == "{\"n\xC3\xBC\":\"\xE2\x82\xAC x\"}");
  CHECK(writes(form, "{\"n\xC3\xBC\":\"\xE2\x82\xAC x\",\"\":\"\"}") == "n%FC=%80+x&=");
  FormatPtr ascii = make_format(form_format(), config_map({{"charset", config_scalar("ascii")}})).format;
  CHECK(reads(ascii, "a=%81") == "error: reading a form: line 1, column 3: the text has a byte that is no character of its set");
  CHECK(writes(form, R"({"a":"\u0431"})").starts_with("error: writing a form: "));
}

TEST_CASE("form: fields, repeats and strict escapes") {
  FormatPtr form = plain(form_format());
  CHECK(reads(form, "a=1&b=x+y%2B%C3%9C&a=2&c&d=") == "{\"a\":[\"1\",\"2\"],\"b\":\"x y+\xC3\x9C\",\"c\":\"\",\"d\":\"\"}");
  CHECK(reads(form, "&&a=b=c&") == R"({"a":"b=c"})");
  CHECK(reads(form, "") == "{}");
  for (std::string_view text : {"a=%", "a=%4", "a=%zz", "a=\x01", "a=\xC3\x9C", "a=%FF", "%C3=1", "a=b c"}) {
    CHECK(reads(form, text).starts_with("error: reading a form: line 1, column "));
  }
  std::string many = "a";
  for (int i = 0; i < 1000; ++i) many += "&a";
  CHECK(reads(form, many) == "error: reading a form: it has more than 1000 fields");
  CHECK(writes(form, R"({"a":["1",2],"b c":"x y+\u00dc&=","d":true,"e":[]})") == "a=1&a=2&b+c=x+y%2B%C3%9C%26%3D&d=true");
  CHECK(writes(form, R"({"a":null})") == "error: writing a form: a is null, a text, a number or a boolean is needed");
  CHECK(writes(form, R"({"a":{}})").starts_with("error: "));
  CHECK(writes(form, "[]").starts_with("error: "));
}

TEST_CASE("bytes: base64 both ways") {
  FormatPtr bytes = plain(bytes_format());
  for (auto [raw, text] : {std::pair<std::string_view, std::string_view>{"f", "Zg=="},
                           {"fo", "Zm8="},
                           {"foo", "Zm9v"},
                           {"foob", "Zm9vYg=="},
                           {"\xFB\xFF", "+/8="},
                           {"", ""}}) {
    std::string quoted = "\"" + std::string(text) + "\"";
    CHECK(reads(bytes, raw) == quoted);
    CHECK(writes(bytes, quoted) == raw);
  }
  for (std::string_view json : {"\"Zg\"", "\"Zg=\"", "\"Zh==\"", "\"Zm9=\"", "\"Z===\"", "\"====\"", "\"Zg==Zg==\"", "\"Zm 9\"",
                                "\"Zm9-\"", "1", "null"}) {
    CAPTURE(json);
    CHECK(writes(bytes, json).starts_with("error: writing bytes: "));
  }
}

TEST_CASE("formats: what a Content-Type means") {
  Registry registry;
  add_builtin_formats(registry);
  auto name = [&](std::string_view type) {
    FormatPtr format = registry.format_for(type);
    return format ? std::string(format->name()) : "none";
  };
  CHECK(name("application/json; charset=utf-8") == "json");
  CHECK(name("application/problem+json") == "json");
  CHECK(name("text/json") == "json");
  CHECK(name("text/xml") == "xml");
  CHECK(name("application/soap+xml") == "xml");
  CHECK(name("application/x-www-form-urlencoded") == "form");
  CHECK(name("text/plain") == "text");
  CHECK(name("text/csv") == "csv");
  CHECK(name("text/markdown") == "text");
  CHECK(name("application/octet-stream") == "bytes");
  CHECK(name("image/png") == "none");
  CHECK(!registry.plain_format("fixed"));
}

TEST_CASE("formats: every documented example makes its format") {
  Registry registry;
  add_builtin_formats(registry);
  FakeFiles files;
  Findings findings;
  auto yaml = [&](std::string_view text) {
    return *routes::read_yaml(text, std::make_shared<const std::string>("example.yaml"), findings);
  };
  files.yaml.emplace("stock.layout.yaml", yaml("records: { R: { fields: [ { name: a, length: 1 } ] } }"));
  files.yaml.emplace(
      "till.layout.yaml",
      yaml("records: { QUERY: { fields: [ { name: a, length: 1 } ] }, ANSWER: { fields: [ { name: a, length: 2 } ] } }"));
  for (const auto& [name, type] : registry.formats()) {
    CHECK(!type.summary.empty());
    CHECK(!type.examples.empty());
    for (const Example& example : type.examples) {
      ConfigNode node = yaml(example.text);
      MadeFormat made = make_format(type, node.is_map() ? node.entries.front().value : config_map({}), files);
      CAPTURE(example.text);
      CHECK(made.format);
    }
  }
}

}  // namespace busway
