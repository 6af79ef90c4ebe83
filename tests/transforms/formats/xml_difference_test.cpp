// Second opinions on what the XML parser and the conversion to documents take short cuts for: rows that share their names, texts
// that are checked as they are passed, small documents whose elements are not counted.
#include <doctest/doctest.h>

#include <map>
#include <random>
#include <string>
#include <vector>

#include "bus/json_text.hpp"
#include "tests/transforms/formats/mutated.hpp"
#include "tests/transforms/formats/told.hpp"
#include "transforms/formats/xml_document.hpp"
#include "transforms/formats/xml_name.hpp"

namespace busway {

namespace {

using Scope = std::map<std::string, std::string, std::less<>>;

// Namespaces looked up anew at every element, by the definition.
void check_namespaces(const XmlElement& element, Scope scope) {
  for (const XmlAttribute& attribute : element.attributes()) {
    if (attribute.name() == "xmlns") scope[""] = attribute.value();
    if (attribute.prefix() == "xmlns") scope[std::string(attribute.local())] = attribute.value();
  }
  CHECK(element.uri() == scope[std::string(element.prefix())]);
  for (const XmlElement* child = element.first_child(); child != nullptr; child = child->next()) check_namespaces(*child, scope);
}

// The plain document of an element by the rules of docs/formats.md, as JSON; `clash` when two namespaces meet under one name.
std::string plain_document(const XmlElement& element, bool& clash) {
  std::vector<std::pair<std::string, std::vector<std::string>>> members;
  std::map<std::string, std::string, std::less<>> uris;
  auto add = [&](const std::string& name, std::string value, std::string_view uri) {
    auto known = uris.emplace(name, uri);
    clash = clash || known.first->second != uri;
    for (auto& [have, values] : members) {
      if (have == name) return values.push_back(std::move(value));
    }
    members.push_back({name, {std::move(value)}});
  };
  for (const XmlAttribute& attribute : element.attributes()) {
    if (attribute.uri() == xmlns_namespace || attribute.uri() == xsi_namespace) continue;
    std::string name = attribute.uri() == xml_namespace ? "@xml:" : "@";
    add(name + std::string(attribute.local()), json_string(attribute.value()), attribute.uri());
  }
  bool nil = element.is_nil() && element.first_child() == nullptr && element.text().empty();
  if (members.empty() && element.first_child() == nullptr) return nil ? "null" : json_string(element.text());
  for (const XmlElement* child = element.first_child(); child != nullptr; child = child->next()) {
    std::string prefix = child->uri() == xml_namespace ? "xml:" : "";
    add(prefix + std::string(child->local()), plain_document(*child, clash), child->uri());
  }
  std::string out = "{";
  for (const auto& [name, values] : members) {
    out += (out.size() == 1 ? "" : ",") + json_string(name) + ":";
    std::string list;
    for (const std::string& value : values) list += (list.empty() ? "" : ",") + value;
    out += values.size() == 1 ? list : "[" + list + "]";
  }
  if (nil || !element.text().empty()) out += ",\"#text\":" + (nil ? std::string("null") : json_string(element.text()));
  return out + "}";
}

// True when it is accepted.
bool check(const std::string& bytes) {
  Arena arena;
  auto read = parse_xml(bytes, arena);
  INFO("text: ", bytes);
  // A long comment takes it over the size of what is small.
  Arena other_arena;
  std::string longer = bytes + "<!--" + std::string(20'000, '=') + "-->";
  auto other = parse_xml(longer, other_arena);
  // A text that ends inside a comment takes its end from what was put behind it.
  if (read || bytes.find("<!") == std::string::npos) REQUIRE(read.has_value() == other.has_value());
  if (!read) return false;
  CHECK(find_non_xml(bytes) == std::string_view::npos);
  CHECK(told(*other->root) == told(*read->root));
  pugi::xml_document oracle;
  REQUIRE(oracle.load_buffer(bytes.data(), bytes.size(), told_options, pugi::encoding_utf8));
  CHECK(told(*read->root) == told(oracle.document_element()));
  check_namespaces(*read->root, {{"xml", std::string(xml_namespace)}});
  bool clash = false;
  std::string expected = plain_document(*read->root, clash);
  auto document = element_value(*read->root, {}, nullptr, read->budget, arena);
  REQUIRE(document.has_value() == !clash);
  if (document) CHECK(to_json(*document) == expected);
  return true;
}

constexpr char telling_bytes[] = "<>/=\"' ab:n;&#x!-[]?\n\r\t\0\x01\x1F\x7F\x80\xC3\xBC\xEF\xBF\xBE";
constexpr std::string_view telling(telling_bytes, sizeof telling_bytes - 1);

}  // namespace

TEST_CASE("xml: small changes of documents read as they should") {
  std::vector<std::string> seeds = {
      R"(<n:o xmlns:n="urn:o"><n:l><n:s>A-1</n:s><n:q>1</n:q></n:l><n:l><n:s>A-2</n:s><n:q>2</n:q></n:l><n:l><n:s>x</n:s></n:l></n:o>)",
      R"(<o xmlns="u"><l><s>1</s><t><u>2</u></t></l><l><s>1</s><t><u>2</u></t></l><l xmlns="v"><s>1</s><t><u>2</u></t></l></o>)",
      R"(<o xmlns:a="u" xmlns:b="u"><a:l><a:s/></a:l><b:l><b:s/></b:l><a:l xmlns:a="w"><a:s/></a:l><a:l><a:s>4</a:s></a:l></o>)",
      R"(<a><b><c xmlns="v">1</c></b><b><c>2</c></b><b><c xmlns="v">3</c></b></a>)",
      "<a>\n  <b k='1' j=\"&lt;&#10;\">\n    t\xC3\xBC\xC3\x9F\r\n  </b>\n  <b k='2'>&amp;]]&gt;</b>\n  <b/>\n  <b></b>\n</a>",
      "<a>x<!-- c --><b>y</b><![CDATA[z<&]] >]]><b>a text of more than sixteen bytes</b><?p i?><b>0123456789abcdef</b>w</a>",
      R"(<r xmlns:x="http://www.w3.org/2001/XMLSchema-instance"><v x:nil="true"/><v x:nil="1" k="2"/><v x:nil="0">3</v><v/></r>)",
      "<a-name-of-more-than-sixteen-bytes><element-of-a-long-name>1</element-of-a-long-name><element-of-a-long-nam2>1"
      "</element-of-a-long-nam2></a-name-of-more-than-sixteen-bytes>",
      "<r><a>1</a><b>2</b><c>3</c><d>4</d><e/><f/><g/><h/><i/><j/><k/><l/><m/><n/><a>1</a><n>5</n></r>"};
  for (const std::string& seed : seeds) check(seed);
  std::mt19937 random(1);
  int accepted = 0;
  for (int round = 0; round < 40'000; ++round)
    accepted += check(mutated(seeds[random() % seeds.size()], seeds, telling, random)) ? 1 : 0;
  CHECK(accepted > 2'000);
}

TEST_CASE("xml: rows of every shape read as they should") {
  std::mt19937 random(2);
  auto below = [&](unsigned bound) { return static_cast<unsigned>(random()) % bound; };
  for (int round = 0; round < 3'000; ++round) {
    auto element = [&](auto&& self, int depth) -> std::string {
      std::string name = std::string(below(3) == 0 ? "p:" : "") + "abc"[below(3)];
      std::string out = "<" + name;
      if (below(12) == 0) out += below(2) == 0 ? " xmlns:p='urn:1'" : " xmlns='urn:2'";
      if (below(16) == 0) out += " k='v'";
      if (below(12) == 0) return out + "/>";
      out += below(16) == 0 ? " >" : ">";
      if (depth < 3 && below(4) != 0) {
        std::string first = self(self, depth + 1);
        std::string rows = first;
        for (unsigned n = below(5); n > 0; --n) rows += below(3) == 0 ? self(self, depth + 1) : first;
        out += rows;
      } else if (below(3) != 0) {
        out += std::to_string(below(1000));
      }
      return out + "</" + name + ">";
    };
    std::string body;
    for (unsigned n = 1 + below(4); n > 0; --n) body += element(element, 0);
    check("<r xmlns:p='urn:0'>" + body + "</r>");
  }
}

}  // namespace busway
