#include "transforms/schema/xsd.hpp"

#include <doctest/doctest.h>

#include <atomic>
#include <thread>

#include "tests/fakes/memory_bundle.hpp"

namespace busway::schema::test {

namespace {

using Files = fakes::MemoryBundle;

struct Loaded {
  std::shared_ptr<const XsdSchema> schema;
  std::string findings;
};

Loaded load(Files& files) {
  files.findings = Findings();
  CheckContext check = files.context();
  ConfigNode file;
  file.kind = ConfigNode::Kind::string;
  file.text = "main.xsd";
  file.at = {std::make_shared<const std::string>("routes.yaml"), 7, 3};
  Loaded out{XsdSchema::load(file, check), {}};
  files.findings.sort();
  for (const Finding& finding : files.findings.all()) out.findings += to_text(finding) + "\n";
  CHECK((out.schema == nullptr) == files.findings.has_errors());
  return out;
}
Loaded load(Files&& files) {
  return load(files);
}

Files main_file(std::string text) {
  Files files;
  files.texts["main.xsd"] = std::move(text);
  return files;
}

const std::string order =
    R"(<xs:schema xmlns:xs="http://www.w3.org/2001/XMLSchema" targetNamespace="urn:o" xmlns="urn:o"
    elementFormDefault="qualified">
  <xs:element name="order">
    <xs:complexType>
      <xs:sequence>
        <xs:element name="line" type="Line" maxOccurs="unbounded"/>
        <xs:element name="note" type="xs:string" minOccurs="0"/>
      </xs:sequence>
      <xs:attribute name="id" type="xs:int" use="required"/>
    </xs:complexType>
    <xs:unique name="skus"><xs:selector xpath="o:line" xmlns:o="urn:o"/><xs:field xpath="@sku"/></xs:unique>
  </xs:element>
  <xs:complexType name="Line">
    <xs:sequence><xs:element name="qty"><xs:simpleType><xs:restriction base="xs:int"><xs:minInclusive value="1"/>
    </xs:restriction></xs:simpleType></xs:element></xs:sequence>
    <xs:attribute name="sku" type="xs:NCName"/>
  </xs:complexType>
</xs:schema>)";

std::vector<Violation> violations(const XsdSchema& schema, std::string_view xml) {
  Arena arena;
  auto document = parse_xml(xml, arena);
  REQUIRE(document);
  return schema.validate(*document->root, {});
}

std::string lines(const XsdSchema& schema, std::string_view xml) {
  std::string out;
  for (const Violation& one : violations(schema, xml)) {
    CHECK(one.xpath);
    out += one.pointer + ": " + (one.expected.empty() ? "" : one.expected + " | ") + one.got + "\n";
  }
  return out;
}

}  // namespace

TEST_CASE("what fits an XSD and what does not, with its path") {
  auto made = load(main_file(order));
  CHECK(made.findings == "");
  REQUIRE(made.schema);
  CHECK(made.schema->target_namespace() == "urn:o");
  CHECK(made.schema->qualifies_elements());
  CHECK(lines(*made.schema, R"(<order xmlns="urn:o" id="1"><line sku="a"><qty>1</qty></line><note>x &amp; y</note></order>)") ==
        "");
  CHECK(lines(*made.schema, R"(<p:order xmlns:p="urn:o" id="1"><p:line><p:qty>01</p:qty></p:line></p:order>)") == "");
  CHECK(lines(*made.schema, R"(<order xmlns="urn:o" id="1"><line><qty>1</qty></line><line><qty>0</qty></line></order>)") ==
        "/order/line[2]/qty[1]: minInclusive 1 | \"0\"\n");
  CHECK(lines(*made.schema, R"(<order xmlns="urn:o" id="x"><line><qty>1</qty></line></order>)") ==
        "/order/@id: a value of the type xs:int | \"x\"\n");
  CHECK(lines(*made.schema, R"(<order xmlns="urn:o"><line><qty>1</qty></line></order>)") ==
        "/order: The attribute 'id' is required but missing.\n");
  CHECK(lines(*made.schema, R"(<order xmlns="urn:o" id="1"><note/></order>)") == "/order/note[1]: {urn:o}line | this element\n");
  CHECK(lines(*made.schema, R"(<order xmlns="urn:o" id="1"/>)") == "/order: {urn:o}line | nothing more\n");
  CHECK(lines(*made.schema, R"(<other/>)").find("/other: ") == 0);
  CHECK(lines(*made.schema, R"(<order xmlns="urn:o" id="1">text<line><qty>1</qty></line></order>)").find("/order: ") == 0);
  CHECK(lines(*made.schema,
              R"(<order xmlns="urn:o" id="1"><line sku="a"><qty>1</qty></line><line sku="a"><qty>1</qty></line></order>)")
            .find("Duplicate key-sequence") != std::string::npos);
}

TEST_CASE("an xsi:schemaLocation in a message loads nothing") {
  Files files = main_file(order);
  auto made = load(files);
  REQUIRE(made.schema);
  files.asked.clear();
  CHECK(lines(*made.schema,
              R"(<order xmlns="urn:o" id="1" xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance"
      xsi:schemaLocation="urn:o file:///etc/passwd urn:x http://127.0.0.1/x.xsd"><line><qty>1</qty></line></order>)") == "");
  CHECK(files.asked.empty());
}

TEST_CASE("prefixes of the elements around count") {
  auto made = load(
      main_file(R"(<xs:schema xmlns:xs="http://www.w3.org/2001/XMLSchema"><xs:element name="q" type="xs:QName"/></xs:schema>)"));
  REQUIRE(made.schema);
  Arena arena;
  auto document = parse_xml(R"(<e xmlns:n="urn:n"><q>n:x</q></e>)", arena);
  REQUIRE(document);
  const XmlElement* inner = document->root->first_child();
  CHECK(made.schema->validate(*inner, {document->root}).empty());
  CHECK_FALSE(made.schema->validate(*inner, {}).empty());
}

TEST_CASE("includes and imports come from the bundle and from nowhere else") {
  Files files = main_file(
      R"(<xs:schema xmlns:xs="http://www.w3.org/2001/XMLSchema" xmlns:t="urn:t">
  <xs:include schemaLocation="part.xsd"/>
  <xs:import namespace="urn:t" schemaLocation="http://example.com/schemas/types.xsd"/>
  <xs:element name="a" type="Part"/><xs:element name="b" type="t:Word"/>
</xs:schema>)");
  files.texts["part.xsd"] =
      R"(<xs:schema xmlns:xs="http://www.w3.org/2001/XMLSchema"><xs:simpleType name="Part"><xs:restriction base="xs:int"/></xs:simpleType></xs:schema>)";
  files.texts["types.xsd"] =
      R"(<xs:schema xmlns:xs="http://www.w3.org/2001/XMLSchema" targetNamespace="urn:t"><xs:simpleType name="Word"><xs:restriction base="xs:NCName"/></xs:simpleType></xs:schema>)";
  auto made = load(files);
  CHECK(made.findings == "");
  REQUIRE(made.schema);
  CHECK(lines(*made.schema, "<a>1</a>") == "");
  CHECK(lines(*made.schema, "<b>1</b>") != "");

  files.texts.erase("part.xsd");
  CHECK(load(files).findings.find("main.xsd:2:3: error BW4107: ") == 0);
  files.texts["part.xsd"] = "<!DOCTYPE x [<!ENTITY e SYSTEM 'file:///etc/passwd'>]><x>&e;</x>";
  CHECK(load(files).findings.find("part.xsd:1:1: error BW4101: ") != std::string::npos);
}

TEST_CASE("a schema that is none is found at its line") {
  CHECK(load(main_file("<xs:schema xmlns:xs='http://www.w3.org/2001/XMLSchema'>\n  "
                       "<xs:element name='a' type='xs:nope'/>\n</xs:schema>"))
            .findings.find("main.xsd:2:3: error BW4107: ") == 0);
  CHECK(load(main_file("<a/>")).findings.find("BW4107") != std::string::npos);
  CHECK(load(main_file("<a>")).findings.find("main.xsd:1:") == 0);
  CHECK(load(main_file("<!DOCTYPE a []><a/>")).findings.find("BW4101") != std::string::npos);
  CHECK(load(Files()).findings.find("routes.yaml:7:3: error BW1008") == 0);
}

TEST_CASE("many threads share one schema") {
  auto made = load(main_file(order));
  REQUIRE(made.schema);
  std::vector<std::thread> threads;
  std::atomic<int> wrong = 0;
  for (int i = 0; i < 4; ++i) {
    threads.emplace_back([&] {
      for (int k = 0; k < 200; ++k) {
        Arena arena;
        auto good = parse_xml(R"(<order xmlns="urn:o" id="1"><line sku="a"><qty>1</qty></line></order>)", arena);
        auto bad = parse_xml(R"(<order xmlns="urn:o" id="1"><line sku="a b"><qty>0</qty></line></order>)", arena);
        if (!made.schema->validate(*good->root, {}).empty() || made.schema->validate(*bad->root, {}).size() != 2) ++wrong;
      }
    });
  }
  for (std::thread& thread : threads) thread.join();
  CHECK(wrong == 0);
}

}  // namespace busway::schema::test
