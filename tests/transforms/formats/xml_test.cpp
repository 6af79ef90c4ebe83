#include "transforms/formats/xml.hpp"

#include <doctest/doctest.h>

#include <random>
#include <string>

#include "bus/json_text.hpp"
#include "tests/transforms/formats/made_format.hpp"
#include "transforms/formats/json.hpp"
#include "transforms/formats/xml_document.hpp"

namespace busway {

namespace {

// The document as JSON, or "error: ...".
std::string as_json(const Format& xml, std::string_view text) {
  Arena arena;
  auto read = xml.read(text, arena);
  if (!read) return "error: " + read.error().text;
  return to_json(*read);
}
std::string as_json(std::string_view text) {
  return as_json(*plain(xml_format()), text);
}

std::string as_xml(const Format& xml, std::string_view json) {
  Arena arena;
  auto read = read_json(json, arena, {.depth = 1000});
  REQUIRE(read);
  std::string out;
  auto written = xml.write(*read, out);
  if (!written) return "error: " + written.error().text;
  constexpr std::string_view declaration = "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n";
  return out.starts_with(declaration) ? out.substr(declaration.size()) : out;
}
std::string as_xml(std::string_view json) {
  return as_xml(*plain(xml_format()), json);
}

bool has(const std::string& text, std::string_view part) {
  return text.find(part) != std::string::npos;
}

}  // namespace

TEST_CASE("xml: elements, repeats, attributes and text") {
  CHECK(as_json("<a/>") == R"({"a":""})");
  CHECK(as_json("<a> x </a>") == R"({"a":" x "})");
  CHECK(as_json("<a><b>1</b><c>2</c><b>3</b></a>") == R"({"a":{"b":["1","3"],"c":"2"}})");
  CHECK(as_json("<a x='1'>t</a>") == R"({"a":{"@x":"1","#text":"t"}})");
  CHECK(as_json("<a>\n  <b/>\n</a>") == R"({"a":{"b":""}})");
  CHECK(as_json("<a>one<b/>two</a>") == R"({"a":{"b":"","#text":"onetwo"}})");
  CHECK(as_json("<a><![CDATA[<x>&]]>&lt;&#x20AC;<!-- c --><?p i?>z</a>") == "{\"a\":\"<x>&<\xE2\x82\xACz\"}");
  CHECK(as_json("<a b='x&#10;y\n z'/>") == R"({"a":{"@b":"x\ny  z"}})");
  CHECK(as_json("<a>1\r\n2\r3</a>") == R"({"a":"1\n2\n3"})");
}

TEST_CASE("xml: null, and what belongs to XML alone") {
  constexpr std::string_view xsi = "xmlns:xsi='http://www.w3.org/2001/XMLSchema-instance'";
  CHECK(as_json("<a " + std::string(xsi) + " xsi:nil='true'/>") == R"({"a":null})");
  CHECK(as_json("<a " + std::string(xsi) + " xsi:nil='1' x='1'/>") == R"({"a":{"@x":"1","#text":null}})");
  CHECK(as_json("<a " + std::string(xsi) + " xsi:type='t' xmlns='urn:x'>v</a>") == R"({"a":"v"})");
  CHECK(as_json("<a xml:lang='en'/>") == R"({"a":{"@xml:lang":"en"}})");
}

TEST_CASE("xml: two namespaces under one name need prefixes") {
  constexpr std::string_view text = "<o xmlns='urn:o' xmlns:c='urn:c'><id>1</id><c:id>2</c:id></o>";
  CHECK(has(as_json(text), "'id' stands in 'o' in two namespaces, 'urn:o' and 'urn:c'"));
  FormatPtr mapped = make_format(xml_format(), config_map({{"namespaces", config_map({{"k", config_scalar("urn:c")}})}})).format;
  REQUIRE(mapped);
  CHECK(as_json(*mapped, text) == R"({"o":{"id":"1","k:id":"2"}})");
  CHECK(has(as_json("<o xmlns:a='urn:a' xmlns:b='urn:b' a:x='1' b:x='2'/>"), "two attributes 'x'"));
  std::string many = "<o xmlns:c='urn:c'>";
  for (int i = 0; i < 50; ++i) many += "<m" + std::to_string(i) + "/>";
  CHECK(has(as_json(many + "<c:m40/></o>"), "two namespaces"));
  CHECK(has(as_json(many + "<m40>x</m40><m3/></o>"), R"("m3":["",""])"));
  CHECK(has(as_json(many + "<m40>x</m40><m3/></o>"), R"("m40":["","x"])"));
}

TEST_CASE("xml: arrays can be forced") {
  FormatPtr xml =
      make_format(xml_format(), config_map({{"arrays", config_list({config_scalar("o/l"), config_scalar("o/l/m")})}})).format;
  REQUIRE(xml);
  CHECK(as_json(*xml, "<o><l><m>1</m></l></o>") == R"({"o":{"l":[{"m":["1"]}]}})");
}

TEST_CASE("xml: what is not well-formed is refused with its place") {
  CHECK(as_json("<a>\n<b></a>") == "error: reading XML: line 2, column 4: expected '</b>', found '</a>'");
  CHECK(has(as_json("<!DOCTYPE a []><a/>"), "DOCTYPE"));
  for (std::string_view text : {"",
                                "x",
                                "<a>",
                                "<a/><b/>",
                                "<a/>x",
                                "<a b=1/>",
                                "<a b='1' b='2'/>",
                                "<a b='<'/>",
                                "<a>&b;</a>",
                                "<a>&#0;</a>",
                                "<a>&#xD800;</a>",
                                "<a>]]></a>",
                                "<p:a/>",
                                "<a p:b='1'/>",
                                "<a><!-- -- --></a>",
                                "<a",
                                "<a b",
                                "<a b='",
                                "<",
                                "<a><?xml ?></a>",
                                "<a>\x01</a>",
                                "<a>\xFF</a>",
                                "<a>\xEF\xBF\xBF</a>",
                                "<a:b:c xmlns:a='u'/>",
                                "<a xmlns:p=''/>",
                                "<a xmlns:p='u' xmlns:q='u' p:x='' q:x=''/>",
                                "<a>&lt</a>",
                                "<a><![CDATA[</a>",
                                " <?xml version='1.0'?><a/>",
                                "<?xml version='1.0' encoding='ebcdic-x'?><a/>",
                                "<a b='1'c='2'/>",
                                "<1a/>",
                                "</a>",
                                "<a>&</a>",
                                "&lt;",
                                "<!-- -->"}) {
    CAPTURE(text);
    CHECK(as_json(text).starts_with("error: "));
  }
}

TEST_CASE("xml: encodings") {
  CHECK(as_json("<?xml version='1.0' encoding='ISO-8859-1'?><a>\xDC</a>") == "{\"a\":\"\xC3\x9C\"}");
  CHECK(as_json("\xEF\xBB\xBF<a>\xC3\x9C</a>") == "{\"a\":\"\xC3\x9C\"}");
  auto wide = [](std::string_view text, bool big) {
    std::string out = big ? "\xFE\xFF" : "\xFF\xFE";
    for (char c : text) big ? (out += '\0', out += c) : (out += c, out += '\0');
    return out;
  };
  CHECK(as_json(wide("<a>x</a>", true)) == R"({"a":"x"})");
  CHECK(as_json(wide("<?xml version='1.0' encoding='UTF-16'?><a>x</a>", false)) == R"({"a":"x"})");
  CHECK(as_json("<?xml version='1.0' encoding='us-ascii'?><a>\xDC</a>").starts_with("error: "));
}

TEST_CASE("xml: limits") {
  auto nested = [](int levels) {
    std::string open, close;
    for (int i = 0; i < levels; ++i) open += "<a>", close += "</a>";
    return open + close;
  };
  CHECK(!as_json(nested(128)).starts_with("error"));
  CHECK(has(as_json(nested(129)), "deeper than 128"));
  CHECK(has(as_json(nested(1'000'000)), "deeper than 128"));
  std::string attributes = "<a";
  for (int i = 0; i < 257; ++i) attributes += " a" + std::to_string(i) + "=''";
  CHECK(has(as_json(attributes + "/>"), "more than 256 attributes"));
  std::string empties = "<r>";
  for (int i = 0; i < 300'000; ++i) empties += "<a/>";
  CHECK(has(as_json(empties + "</r>"), "ten times its size"));
  std::string values = "<r>";
  for (int i = 0; i < 100'000; ++i) values += "<v>1</v>";
  values += "</r>";
  Arena arena;
  REQUIRE(plain(xml_format())->read(values, arena));
  CHECK(arena.reserved() < values.size() * 10 + 3'000'000);
}

TEST_CASE("xml: writing") {
  CHECK(as_xml(R"({"a":{"@x":1,"b":[1.50,true,"<&>\r\n"],"c":"","#text":"t"}})") ==
        "<a x=\"1\"><b>1.50</b><b>true</b><b>&lt;&amp;&gt;&#13;\n</b><c/>t</a>");
  CHECK(as_xml(R"({"a":{"b":null,"c":{"@x":"\"\n"}}})") ==
        "<a xmlns:xsi=\"http://www.w3.org/2001/XMLSchema-instance\"><b xsi:nil=\"true\"/><c x=\"&quot;&#10;\"/></a>");
  CHECK(as_xml(R"({"a":{}})") == "<a/>");
  FormatPtr mapped = make_format(xml_format(), config_map({{"namespace", config_scalar("urn:o")},
                                                           {"namespaces", config_map({{"c", config_scalar("urn:c")}})}}))
                         .format;
  REQUIRE(mapped);
  std::string out = as_xml(*mapped, R"({"o":{"c:id":1,"@c:k":"v"}})");
  CHECK(out == "<o xmlns=\"urn:o\" xmlns:c=\"urn:c\" c:k=\"v\"><c:id>1</c:id></o>");
  CHECK(as_json(*mapped, out) == R"({"o":{"@c:k":"v","c:id":"1"}})");
}

TEST_CASE("xml: what XML cannot hold is an error that names the member") {
  CHECK(as_xml(R"({"a":{"b c":1}})") == "error: writing XML: a.b c: 'b c' is not a name in XML");
  CHECK(as_xml(R"({"a":{"l":[{},{"s":"\u0001"}]}})") ==
        "error: writing XML: a.l[1].s: the text has a character at offset 0 that XML cannot hold");
  for (std::string_view json :
       {"1", "[]", "{}", R"({"a":1,"b":2})", R"({"a":[1]})", R"({"a":{"@x":null}})", R"({"a":{"@x":{}}})", R"({"a":[[1]]})",
        R"({"a":{"l":[[1]]}})", R"({"a":{"#text":{}}})", R"({"a":{"#text":" ","b":1}})", R"({"a":{"@xmlns":"u"}})",
        R"({"p:a":1})", R"({"":1})", R"({"a":{"@":1}})", R"({"@a":1})", R"({"#text":1})"}) {
    CAPTURE(json);
    CHECK(as_xml(json).starts_with("error: "));
  }
}

TEST_CASE("xml: a prefix for elements, and declarations around them") {
  Arena arena;
  auto value = read_json(R"({"OrderId":7,"Lines":[{"@no":1}]})", arena);
  REQUIRE(value);
  std::string out;
  XmlRules rules;
  REQUIRE(write_element("PlaceOrder", *value, rules, {.prefix = "n", .declarations = " xmlns:n=\"urn:erp\""}, out));
  CHECK(out == "<n:PlaceOrder xmlns:n=\"urn:erp\"><n:OrderId>7</n:OrderId><n:Lines no=\"1\"/></n:PlaceOrder>");
}

TEST_CASE("xml: any document reads back unchanged") {
  FormatPtr xml = plain(xml_format());
  std::mt19937 random(11);
  for (int round = 0; round < 400; ++round) {
    Arena arena;
    auto text = [&] {
      std::string out;
      for (auto n = random() % 12; n > 0; --n) out += std::string_view("ab<&>\"'\r\n\t ]")[random() % 12];
      if (random() % 4 == 0) out += "\xE2\x82\xAC";
      return Node::string(arena.copy(out));
    };
    auto make = [&](auto&& self, int depth) -> Node {
      auto kind = random() % 8;
      if (kind == 0) return Node::null();
      if (kind < 4 || depth > 4) return text();
      Collector<Member> members(arena);
      for (auto n = random() % 3; n > 0; --n) members.push({Node::string(arena.copy("@a" + std::to_string(n))), text()});
      bool children = false;
      for (auto n = random() % 18; n > 0; --n) {
        children = true;
        Node name = Node::string(arena.copy("e" + std::to_string(n)));
        if (random() % 4 != 0) {
          members.push({name, self(self, depth + 1)});
          continue;
        }
        Collector<Node> items(arena);
        for (auto m = 2 + random() % 3; m > 0; --m) items.push(self(self, depth + 1));
        members.push({name, Node::array(items.items())});
      }
      if (members.empty()) return text();
      if (random() % 3 == 0) {
        if (children)
          members.push({Node::string("#text"), Node::string("x  y ")});
        else
          members.push({Node::string("#text"), random() % 2 ? Node::string(" \n") : Node::null()});
      }
      return Node::object(members.items());
    };
    Member root{Node::string("r"), make(make, 0)};
    Node document = Node::object({&root, 1});
    std::string out;
    auto written = xml->write(document, out);
    REQUIRE(written);
    auto read = xml->read(out, arena);
    INFO(out, "\n", read ? to_json(*read) : read.error().text, "\n", to_json(document));
    REQUIRE(read);
    CHECK(equal(*read, document));
  }
}

}  // namespace busway
