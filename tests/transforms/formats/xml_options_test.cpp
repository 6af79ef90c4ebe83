#include <doctest/doctest.h>

#include <string>

#include "bus/json_text.hpp"
#include "tests/transforms/formats/made_format.hpp"
#include "transforms/formats/json.hpp"
#include "transforms/formats/xml.hpp"

namespace busway {

namespace {

using Options = std::vector<std::pair<std::string, ConfigNode>>;

FormatPtr xml(Options options) {
  MadeFormat made = make_format(xml_format(), config_map(std::move(options)));
  REQUIRE(made.format != nullptr);
  return made.format;
}

std::string finding(Options options) {
  MadeFormat made = make_format(xml_format(), config_map(std::move(options)));
  CHECK(made.format == nullptr);
  REQUIRE(!made.findings.all().empty());
  CHECK(made.findings.all()[0].id == "BW4002");
  return made.findings.all()[0].text;
}

ConfigNode paths(std::vector<std::string> list) {
  std::vector<ConfigNode> items;
  for (std::string& path : list) items.push_back(config_scalar(std::move(path)));
  return config_list(std::move(items));
}

std::string reads(const FormatPtr& format, std::string_view text) {
  Arena arena;
  auto read = format->read(text, arena);
  return read ? to_json(*read) : "error: " + read.error().text;
}

// Without the declaration.
std::string writes(const FormatPtr& format, std::string_view json) {
  Arena arena;
  auto document = read_json(json, arena, {.depth = 1000});
  REQUIRE(document);
  std::string out;
  auto written = format->write(*document, out);
  if (!written) return "error: " + written.error().text;
  std::size_t end = out.find("?>\n");
  return end == std::string::npos ? out : out.substr(end + 3);
}

bool has(const std::string& text, std::string_view part) {
  return text.find(part) != std::string::npos;
}

ConfigNode text(std::string value) {
  return config_scalar(std::move(value));
}

}  // namespace

TEST_CASE("xml options: what tells attributes") {
  FormatPtr under = xml({{"attribute_prefix", text("_")}});
  CHECK(reads(under, "<o id='1' xml:lang='en'><l n='2'>t</l></o>") ==
        R"({"o":{"_id":"1","_xml:lang":"en","l":{"_n":"2","#text":"t"}}})");
  CHECK(writes(under, R"({"o":{"_id":1,"l":{"_n":2,"#text":"t"}}})") == R"(<o id="1"><l n="2">t</l></o>)");
  CHECK(has(writes(under, R"({"o":{"@id":1}})"), "o.@id: '@id' is not a name in XML"));
  CHECK(has(writes(under, R"({"o":{"_xmlns":1}})"), "namespaces are declared by"));
  CHECK(has(reads(under, "<o x='1'><_x/></o>"), "'o' has an attribute and an element that would both be the member '_x'"));
  CHECK(reads(under, "<o x='1'><_y/><x/></o>") == R"({"o":{"_x":"1","_y":"","x":""}})");
  // A member of that name is an attribute, wherever it came from.
  CHECK(writes(under, R"({"o":{"_y":"","x":""}})") == R"(<o y=""><x/></o>)");
  FormatPtr longer = xml({{"attribute_prefix", text("attr-")}});
  CHECK(reads(longer, "<o id='1'/>") == R"({"o":{"attr-id":"1"}})");
  CHECK(writes(longer, R"({"o":{"attr-id":"1","attr":2}})") == R"(<o id="1"><attr>2</attr></o>)");

  FormatPtr plain = xml({{"attribute_prefix", text("")}});
  CHECK(reads(plain, "<o id='1'><l n='2'>t</l></o>") == R"({"o":{"id":"1","l":{"n":"2","#text":"t"}}})");
  CHECK(writes(plain, R"({"o":{"id":"1","l":2}})") == "<o><id>1</id><l>2</l></o>");
  CHECK(has(reads(plain, "<o id='1'><id/></o>"), "would both be the member 'id'"));
  CHECK(has(finding({{"attribute_prefix", text("#")}}), "does not begin with '#'"));
  CHECK(has(finding({{"attribute_prefix", text("a b")}}), "without blanks"));
  CHECK(has(finding({{"attribute_prefix", text("123456789")}}), "at most eight bytes"));
}

TEST_CASE("xml options: attributes can be dropped") {
  FormatPtr dropped = xml({{"attributes", text("drop")}});
  CHECK(reads(dropped, "<o id='1'><l n='2'>t</l><l/><e a=''><f/></e></o>") == R"({"o":{"l":["t",""],"e":{"f":""}}})");
  CHECK(reads(dropped, "<o xmlns:x='http://www.w3.org/2001/XMLSchema-instance' x:nil='1' y=''/>") == R"({"o":null})");
  CHECK(writes(dropped, R"({"o":{"@id":1}})") == R"(<o id="1"/>)");
}

TEST_CASE("xml options: mixed content keeps its order") {
  FormatPtr mixed = xml({{"mixed", paths({"doc/p"})}});
  CHECK(reads(mixed, "<doc><p>Call <b>now</b>, or <i a='1'>write</i>.</p></doc>") ==
        R"({"doc":{"p":{"#mixed":["Call ",{"b":"now"},", or ",{"i":{"@a":"1","#text":"write"}},"."]}}})");
  // The shape does not depend on what stands there.
  CHECK(reads(mixed, "<doc><p>plain</p><p/><p> </p><q>x <b/> y</q></doc>") ==
        R"({"doc":{"p":[{"#mixed":["plain"]},{"#mixed":[]},{"#mixed":[" "]}],"q":{"b":"","#text":"x  y"}}})");
  // White space is text, a comment divides nothing, and CDATA is text.
  CHECK(reads(mixed, "<doc>\n<p x='1'>\n<b/> <c>\n</c>\n</p>\n</doc>") ==
        R"({"doc":{"p":{"@x":"1","#mixed":["\n",{"b":""}," ",{"c":"\n"},"\n"]}}})");
  CHECK(reads(mixed, "<doc><p>a<!-- - -->b&amp;<![CDATA[<c>]]><d/><?e f?>g</p></doc>") ==
        R"({"doc":{"p":{"#mixed":["ab&<c>",{"d":""},"g"]}}})");
  // All that is inside an element that has elements in it.
  CHECK(reads(mixed, "<doc><p><b>x <i>y</i> z</b></p><p><b><b>n</b></b></p></doc>") ==
        R"({"doc":{"p":[{"#mixed":[{"b":{"#mixed":["x ",{"i":"y"}," z"]}}]},{"#mixed":[{"b":{"#mixed":[{"b":"n"}]}}]}]}})");
  // Rows with the same names, where the parser takes short cuts.
  CHECK(reads(mixed, "<doc><p><a>1</a> <b>2</b></p> <p><a>3</a> <b>4</b></p></doc>") ==
        R"({"doc":{"p":[{"#mixed":[{"a":"1"}," ",{"b":"2"}]},{"#mixed":[{"a":"3"}," ",{"b":"4"}]}]}})");
  CHECK(reads(mixed, "<doc xmlns:x='http://www.w3.org/2001/XMLSchema-instance'><p x:nil='true'/><p><b x:nil='1'/></p></doc>") ==
        R"({"doc":{"p":[null,{"#mixed":[{"b":null}]}]}})");
  FormatPtr whole = xml({{"mixed", paths({"doc"})}});
  CHECK(reads(whole, "<doc>a<b/>c</doc>") == R"({"doc":{"#mixed":["a",{"b":""},"c"]}})");
}

TEST_CASE("xml options: mixed content is written in its order") {
  FormatPtr mixed = xml({{"mixed", paths({"doc/p"})}});
  for (std::string_view text : {"<doc><p>Call <b>now</b>, or <i a=\"1\">write</i>.</p></doc>", "<doc><p/></doc>",
                                "<doc><p x=\"1\"> <b/> </p><q>z</q></doc>", "<doc><p><b>x <i>y</i> z</b>&lt;</p></doc>"}) {
    CAPTURE(text);
    CHECK(writes(mixed, reads(mixed, text)) == text);
  }
  CHECK(writes(mixed, R"({"doc":{"p":{"#mixed":[1,true,{"b":null}]}}})") ==
        R"(<doc xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance"><p>1true<b xsi:nil="true"/></p></doc>)");
  CHECK(has(writes(mixed, R"({"doc":{"p":{"#mixed":["a",{"b":["c"]}]}}})"),
            "doc.p.#mixed[1]: an element in '#mixed' is an object"));
  for (std::string_view json :
       {R"({"doc":{"p":{"#mixed":"a"}}})", R"({"doc":{"p":{"#mixed":[null]}}})", R"({"doc":{"p":{"#mixed":[["a"]]}}})",
        R"({"doc":{"p":{"#mixed":[{"b":1,"c":2}]}}})", R"({"doc":{"p":{"#mixed":[{"@b":1}]}}})",
        R"({"doc":{"p":{"#mixed":[{"#text":1}]}}})", R"({"doc":{"p":{"#mixed":["a"],"b":1}}})",
        R"({"doc":{"p":{"#text":"b","#mixed":["a"]}}})", R"({"doc":{"p":{"#mixed":[{}]}}})"}) {
    CAPTURE(json);
    CHECK(writes(mixed, json).starts_with("error: writing XML: doc.p"));
  }
  CHECK(has(writes(xml({}), R"({"doc":{"#mixed":["a"]}})"), "'#mixed' is not a name in XML"));
}

TEST_CASE("xml options: mixed content costs no more than ten times its bytes") {
  std::string text = "<doc><p>";
  for (int i = 0; i < 100'000; ++i) text += "some words <b>and</b>";
  text += "</p></doc>";
  FormatPtr mixed = xml({{"mixed", paths({"doc/p"})}});
  Arena arena;
  REQUIRE(mixed->read(text, arena));
  CHECK(arena.reserved() < text.size() * 10 + 3'000'000);
  std::string dense = "<doc><p>";
  for (int i = 0; i < 300'000; ++i) dense += "x<b/>";
  CHECK(has(reads(mixed, dense + "</p></doc>"), "ten times its size"));
}

TEST_CASE("xml options: CDATA sections") {
  FormatPtr cdata = xml({{"cdata", paths({"o/note", "o/l/note"})}});
  CHECK(
      writes(cdata, R"({"o":{"note":"a < b","other":"<","l":[{"note":{"@x":"<","#text":"&"}},{"note":""},{"note":7}]}})") ==
      R"(<o><note><![CDATA[a < b]]></note><other>&lt;</other><l><note x="&lt;"><![CDATA[&]]></note></l><l><note/></l><l><note>7</note></l></o>)");
  for (std::string_view note : {R"(]]>)", R"(a]]>b]]>)", R"(]]]>\r\n]>)", R"(\r)", R"(]])", R"(\u00fc<![CDATA[)"}) {
    CAPTURE(note);
    std::string json = R"({"o":{"note":")" + std::string(note) + R"("}})";
    CHECK(reads(cdata, writes(cdata, json)) == reads(xml({}), writes(xml({}), json)));
  }
  CHECK(has(writes(cdata, R"({"o":{"note":"\u0001"}})"), "o.note: the text has a character at offset 0 that XML cannot hold"));
}

TEST_CASE("xml options: namespaces in and out") {
  FormatPtr out =
      xml({{"namespace", text("urn:o")}, {"prefix", text("n")}, {"namespaces", config_map({{"c", text("urn:c&d")}})}});
  CHECK(writes(out, R"({"order":{"@id":1,"c:name":"x","line":["a",null]}})") ==
        R"(<n:order xmlns:n="urn:o" xmlns:c="urn:c&amp;d" xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance" id="1">)"
        R"(<c:name>x</c:name><n:line>a</n:line><n:line xsi:nil="true"/></n:order>)");
  CHECK(reads(out, writes(out, R"({"order":{"c:name":"x","line":"a"}})")) == R"({"order":{"c:name":"x","line":"a"}})");
  CHECK(has(finding({{"prefix", text("n")}}), "needs a namespace of its own"));
  CHECK(has(finding({{"prefix", text("xml")}, {"namespace", text("urn:o")}}), "cannot be declared"));
  CHECK(has(finding({{"prefix", text("c")}, {"namespace", text("urn:o")}, {"namespaces", config_map({{"c", text("urn:c")}})}}),
            "stands under `namespaces` already"));

  Options strict = {
      {"namespace", text("urn:o")}, {"namespaces", config_map({{"c", text("urn:c")}})}, {"other_namespaces", text("refuse")}};
  FormatPtr refuses = xml(strict);
  CHECK(reads(refuses, "<o xmlns='urn:o' xmlns:k='urn:c' k:a='1' xml:lang='en'><k:b/><c xmlns=''/></o>") ==
        R"({"o":{"@c:a":"1","@xml:lang":"en","c:b":"","c":""}})");
  CHECK(has(reads(refuses, "<o xmlns='urn:x'/>"), "'o' is in the namespace 'urn:x', which is neither `namespace` nor among"));
  CHECK(has(reads(refuses, "<o xmlns='urn:o' xmlns:x='urn:x' x:a=''/>"), "'a' is in the namespace 'urn:x'"));
  CHECK(has(reads(refuses, "<o xmlns='urn:o'><l/><l xmlns='urn:x'/></o>"), "urn:x"));
}

TEST_CASE("xml options: character sets") {
  FormatPtr latin = xml({{"charset", text("iso-8859-1")}, {"cdata", paths({"o/n"})}});
  CHECK(latin->content_type() == "application/xml; charset=iso-8859-1");
  Arena arena;
  std::string out;
  auto document = read_json(R"({"o":{"@a":"\u00fc\u20ac","b":"\u00e4\u20ac<","n":"x\u20acy<"}})", arena);
  REQUIRE(document);
  REQUIRE(latin->write(*document, out));
  CHECK(out ==
        "<?xml version=\"1.0\" encoding=\"iso-8859-1\"?>\n<o a=\"\xFC&#8364;\"><b>\xE4&#8364;&lt;</b>"
        "<n><![CDATA[x]]>&#8364;<![CDATA[y<]]></n></o>");
  auto back = xml({})->read(out, arena);
  REQUIRE(back);
  CHECK(equal(*back, *document));
  CHECK(has(writes(latin, R"({"o":{"\u0431":1}})"), "iso-8859-1 lacks the character"));
  // What is read without a word about its set is in the declared one; what says its own is read by that.
  CHECK(reads(latin, "<a>\xFC</a>") == "{\"a\":\"\xC3\xBC\"}");
  CHECK(reads(latin, "<?xml version='1.0' encoding='utf-8'?><a>\xC3\xBC</a>") == "{\"a\":\"\xC3\xBC\"}");
  CHECK(reads(latin, "\xEF\xBB\xBF<a>\xC3\xBC</a>") == "{\"a\":\"\xC3\xBC\"}");
  FormatPtr host = xml({{"charset", text("cp037")}});
  CHECK(host->content_type() == "application/xml");
  out.clear();
  REQUIRE(host->write(*document, out));
  back = host->read(out, arena);
  REQUIRE(back);
  CHECK(equal(*back, *document));
  CHECK(has(reads(xml({}), "<?xml version='1.0' encoding='cp037'?><a/>"), "the encoding 'cp037' is not supported"));
}

}  // namespace busway
