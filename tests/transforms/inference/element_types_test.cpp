#include <doctest/doctest.h>

#include "transforms/formats/xml_schema_types.hpp"
#include "transforms/inference/element_text.hpp"
#include "transforms/inference/element_view.hpp"

namespace busway::inference {

namespace {

// The contract of `root` in a schema of these declarations; null when nothing is known.
ContractPtr contract(const std::string& declarations, bool* complete = nullptr) {
  XmlSchemaTypes types([](std::string_view, const std::string&) { return std::nullopt; });
  types.add_file({"<xs:schema xmlns:xs=\"http://www.w3.org/2001/XMLSchema\">" + declarations + "</xs:schema>", "x.xsd"});
  if (complete != nullptr) *complete = types.complete();
  return types.element({"", "root"}, "x.xsd");
}

std::string root_of(const std::string& content) {
  return "<xs:element name=\"root\"><xs:complexType>" + content + "</xs:complexType></xs:element>";
}

Shape shape_of_root(const std::string& declarations) {
  ContractPtr read = contract(declarations);
  REQUIRE(read != nullptr);
  return shape_of(read, false);
}

const std::string a_string = "<xs:element name=\"a\" type=\"xs:string\"/>";

}  // namespace

TEST_CASE("of what may be more than its declaration says nothing is known") {
  for (const std::string& declarations :
       {root_of("<xs:sequence>" + a_string + "<xs:any minOccurs=\"0\"/></xs:sequence>"),
        root_of("<xs:sequence><xs:element ref=\"head\"/></xs:sequence>") +
            "<xs:element name=\"head\" type=\"xs:string\"/><xs:element name=\"tail\" substitutionGroup=\"head\"/>",
        root_of("<xs:sequence><xs:element ref=\"nowhere\"/></xs:sequence>"),
        root_of("<xs:sequence><xs:group ref=\"nowhere\"/></xs:sequence>"),
        root_of("<xs:sequence><xs:element name=\"a\" minOccurs=\"x\"/></xs:sequence>"),
        "<xs:element name=\"root\" type=\"T\"/><xs:complexType name=\"T\"><xs:sequence>" + a_string +
            "</xs:sequence></xs:complexType><xs:complexType name=\"U\"><xs:complexContent><xs:extension "
            "base=\"T\"/></xs:complexContent>"
            "</xs:complexType>"}) {
    CAPTURE(declarations);
    Shape shape = shape_of_root(declarations);
    CHECK(shape.can_be(kinds::object));
    CHECK(shape.object == nullptr);
    CHECK_FALSE(shape.exact);
  }
  CHECK(contract("<xs:element name=\"root\" type=\"xs:anyType\"/>") == nullptr);
  CHECK(contract("<xs:element name=\"root\"/>") == nullptr);
  CHECK(contract("<xs:element name=\"root\" abstract=\"true\" type=\"xs:int\"/>") == nullptr);
}

TEST_CASE("a text that a type adds attributes to may be an object") {
  std::string extended =
      "<xs:complexType name=\"M\"><xs:simpleContent><xs:extension base=\"xs:decimal\"><xs:attribute name=\"c\"/></xs:extension>"
      "</xs:simpleContent></xs:complexType>";
  std::string declared =
      root_of("<xs:sequence><xs:element name=\"a\" type=\"xs:decimal\"/><xs:element name=\"b\" type=\"xs:int\"/></xs:sequence>");
  Shape shape = shape_of_root(declared + extended);
  REQUIRE(shape.object != nullptr);
  CHECK(shape.object->member("a").can_be(kinds::object));
  CHECK(shape.object->member("b").is_only(kinds::string));
  CHECK(shape_of_root(declared).object->member("a").is_only(kinds::string));
}

TEST_CASE("what is imported and not there leaves its types open") {
  bool complete = true;
  ContractPtr read =
      contract("<xs:import namespace=\"urn:x\"/>" + root_of("<xs:sequence>" + a_string + "</xs:sequence>"), &complete);
  CHECK_FALSE(complete);
  REQUIRE(read != nullptr);
  CHECK(read->root->find("a")->type->replaceable);
}

TEST_CASE("hostile schemas end") {
  // Each group is the one before it twice.
  std::string groups = "<xs:group name=\"g0\"><xs:sequence>" + a_string + "</xs:sequence></xs:group>";
  for (int i = 1; i < 40; ++i) {
    std::string ref = "<xs:group ref=\"g" + std::to_string(i - 1) + "\"/>";
    groups += "<xs:group name=\"g" + std::to_string(i) + "\"><xs:sequence>" + ref + ref + "</xs:sequence></xs:group>";
  }
  CHECK(contract(root_of("<xs:group ref=\"g39\"/>") + groups) == nullptr);
  CHECK(contract(root_of("<xs:group ref=\"g\"/>") +
                 "<xs:group name=\"g\"><xs:sequence><xs:group ref=\"g\"/></xs:sequence></xs:group>")
            ->root->open);
  // Types that extend one another, that hold one another, and a simple type of itself.
  ContractPtr circle = contract(
      "<xs:element name=\"root\" type=\"T\"/><xs:complexType name=\"T\"><xs:complexContent><xs:extension "
      "base=\"T\"/></xs:complexContent>"
      "</xs:complexType>");
  CHECK(circle->root->open);
  Shape tree = shape_of_root(
      "<xs:element name=\"root\" type=\"T\"/><xs:complexType name=\"T\"><xs:sequence><xs:element name=\"t\" type=\"T\" "
      "minOccurs=\"0\"/>"
      "</xs:sequence></xs:complexType>");
  for (int i = 0; i < 100 && tree.object != nullptr; ++i) tree = tree.object->member("t");
  CHECK(tree.object == nullptr);
  CHECK(
      contract("<xs:element name=\"root\" type=\"S\"/><xs:simpleType name=\"S\"><xs:restriction base=\"S\"/></xs:simpleType>") !=
      nullptr);
  // An element of very many.
  std::string many;
  for (int i = 0; i < 5000; ++i) many += "<xs:element name=\"e" + std::to_string(i) + "\" type=\"xs:int\"/>";
  CHECK(contract(root_of("<xs:sequence>" + many + "</xs:sequence>"))->root->open);
}

TEST_CASE("texts break the rules of their types") {
  auto type = [](ContractText::Kind kind) {
    ContractText out;
    out.kind = kind;
    return out;
  };
  using Kind = ContractText::Kind;
  struct Case {
    Kind kind;
    std::vector<const char*> good;
    std::vector<const char*> bad;
  };
  for (const Case& one : {Case{Kind::whole, {"0", "-3", "+5", " 17 ", "007"}, {"", "1.0", "1e3", "--1", "x", "1 2"}},
                          Case{Kind::decimal, {"0.5", ".5", "5.", "-1"}, {"", ".", "1e3", "1,5"}},
                          Case{Kind::floating, {"1e3", "INF", "-INF", "NaN", "0.5E-7"}, {"", "inf", "1e", "e3"}},
                          Case{Kind::boolean, {"true", "false", "0", "1", " true "}, {"", "TRUE", "yes", "2"}},
                          Case{Kind::date,
                               {"2026-01-31", "2026-01-31Z", "2026-01-31+02:00", "-0001-01-01"},
                               {"", "31.01.2026", "2026-1-31", "20260131"}},
                          Case{Kind::time, {"10:15:30", "10:15:30.5Z"}, {"", "10:15", "10:15:30.", "9:00:00"}},
                          Case{Kind::date_time, {"2026-01-31T10:15:30Z"}, {"", "2026-01-31", "2026-01-31 10:15:30"}}}) {
    for (const char* text : one.good) CHECK_MESSAGE(!breaks(type(one.kind), text), text);
    for (const char* text : one.bad) CHECK_MESSAGE(breaks(type(one.kind), text), text);
  }
}

}  // namespace busway::inference
