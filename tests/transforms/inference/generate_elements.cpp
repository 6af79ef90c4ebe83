#include "generate_elements.hpp"

#include <algorithm>
#include <utility>

namespace busway::inference::test {

std::uint32_t ElementGenerator::below(std::uint32_t bound) {
  state_ ^= state_ << 13;
  state_ ^= state_ >> 7;
  state_ ^= state_ << 17;
  return static_cast<std::uint32_t>((state_ >> 20) % bound);
}

std::string ElementGenerator::pick(std::initializer_list<const char*> choices) {
  return choices.begin()[below(static_cast<std::uint32_t>(choices.size()))];
}

Element ElementGenerator::root() {
  return parts("root", 3);
}

Element ElementGenerator::parts(std::string name, int depth) {
  Element out;
  out.kind = Element::Kind::parts;
  out.name = std::move(name);
  std::vector<const char*> names{"a", "b", "c", "items", "id"};
  for (const char* one : names) {
    if (!one_in(3)) out.parts.push_back(element(one, depth - 1));
  }
  if (out.parts.size() > 3 && one_in(3)) {
    out.choice.push_back(std::move(out.parts.back()));
    out.parts.pop_back();
    out.choice.push_back(std::move(out.parts.back()));
    out.parts.pop_back();
    out.choice_once = !one_in(3);
  }
  out.any_order = out.choice.empty() && one_in(5);
  for (Element& part : out.parts) {
    if (out.any_order) part.most = 1;
    if (out.any_order && part.fewest > 1) part.fewest = 1;
  }
  out.repeated = !out.any_order && one_in(8);
  out.extended = !out.any_order && !out.repeated && out.choice.empty() && out.parts.size() > 2 && one_in(3);
  if (one_in(4)) out.attributes.emplace_back("k");
  if (one_in(4)) out.attributes.emplace_back("o");
  return out;
}

Element ElementGenerator::element(std::string name, int depth) {
  Element out;
  switch (below(depth <= 0 ? 8 : 13)) {
    case 0:
    case 1: out.kind = Element::Kind::text; break;
    case 2: out.kind = Element::Kind::number; break;
    case 3: out.kind = Element::Kind::decimal; break;
    case 4: out.kind = Element::Kind::boolean; break;
    case 5: out.kind = Element::Kind::code; break;
    case 6: out.kind = Element::Kind::date; break;
    case 7:
      out.kind = Element::Kind::valued;
      out.attributes.emplace_back(one_in(2) ? "k" : "o");
      break;
    default: out = parts(name, depth);
  }
  out.name = std::move(name);
  out.fewest = static_cast<int>(below(2));
  if (one_in(3)) out.most = one_in(2) ? 9 : 2;
  if (out.most == 2 && one_in(3)) out.fewest = 2;
  out.nillable = one_in(5);
  return out;
}

Element ElementGenerator::changed(const Element& given) {
  Element out = given;
  if (given.name != "root" && one_in(7)) {
    out = element(given.name, 1);
    out.fewest = given.fewest;
    out.most = given.most;
    return out;
  }
  if (given.name != "root" && one_in(4)) out.fewest = out.fewest == 0 ? 1 : 0;
  for (Element& part : out.parts) part = changed(part);
  if (!out.any_order && out.parts.size() > 1 && one_in(6)) std::swap(out.parts.front(), out.parts.back());
  return out;
}

std::string ElementGenerator::attributes(const Element& element) {
  std::string out;
  for (const std::string& name : element.attributes) {
    out += "<xs:attribute name=\"" + name + "\" type=\"xs:string\"" + (name == "k" ? " use=\"required\"" : "") + "/>";
  }
  return out;
}

std::string ElementGenerator::content(const Element& element) {
  std::string occurs = element.repeated ? " maxOccurs=\"2\"" : "";
  if (element.any_order) {
    std::string all = "<xs:all>";
    for (const Element& part : element.parts) all += declaration(part, false);
    return all + "</xs:all>" + attributes(element);
  }
  std::string inner;
  for (const Element& part : element.parts) inner += declaration(part, false);
  if (!element.choice.empty()) {
    inner += element.choice_once ? "<xs:choice>" : "<xs:choice minOccurs=\"0\" maxOccurs=\"3\">";
    for (const Element& part : element.choice) inner += declaration(part, false);
    inner += "</xs:choice>";
  }
  return "<xs:sequence" + occurs + ">" + inner + "</xs:sequence>" + attributes(element);
}

std::string ElementGenerator::declaration(const Element& element, bool global) {
  std::string out = "<xs:element name=\"" + element.name + "\"";
  if (!global) {
    out += " minOccurs=\"" + std::to_string(element.fewest) + "\" maxOccurs=\"" +
           (element.most == 9 ? "unbounded" : std::to_string(element.most)) + "\"";
    if (element.nillable) out += " nillable=\"true\"";
  }
  switch (element.kind) {
    case Element::Kind::text: return out + " type=\"xs:string\"/>";
    case Element::Kind::number: return out + " type=\"xs:int\"/>";
    case Element::Kind::decimal: return out + " type=\"xs:decimal\"/>";
    case Element::Kind::boolean: return out + " type=\"xs:boolean\"/>";
    case Element::Kind::date: return out + " type=\"xs:date\"/>";
    case Element::Kind::code:
      return out +
             "><xs:simpleType><xs:restriction base=\"xs:string\"><xs:enumeration value=\"A\"/><xs:enumeration value=\"B\"/>"
             "<xs:enumeration value=\"17\"/></xs:restriction></xs:simpleType></xs:element>";
    case Element::Kind::valued:
      return out + "><xs:complexType><xs:simpleContent><xs:extension base=\"xs:int\">" + attributes(element) +
             "</xs:extension></xs:simpleContent></xs:complexType></xs:element>";
    case Element::Kind::parts: break;
  }
  if (!element.extended) return out + "><xs:complexType>" + content(element) + "</xs:complexType></xs:element>";
  // The last of its elements come from an extension. Its name is no other's base, so that nothing stands in its place.
  Element base = element;
  Element rest = element;
  base.attributes.clear();
  base.parts.resize(1);
  rest.parts.erase(rest.parts.begin());
  std::string name = "T" + std::to_string(++named_);
  types_ += "<xs:complexType name=\"" + name + "Base\">" + content(base) + "</xs:complexType>";
  types_ += "<xs:complexType name=\"" + name + "\"><xs:complexContent><xs:extension base=\"" + name + "Base\">" + content(rest) +
            "</xs:extension></xs:complexContent></xs:complexType>";
  return out + " type=\"" + name + "\"/>";
}

std::string ElementGenerator::schema(const Element& element) {
  types_.clear();
  std::string declared = declaration(element, true);
  return "<xs:schema xmlns:xs=\"http://www.w3.org/2001/XMLSchema\">" + declared + types_ + "</xs:schema>";
}

std::string ElementGenerator::text(const Element& element) {
  switch (element.kind) {
    case Element::Kind::text: return pick({"", "x", "A", "17", " B ", "true", "2.5"});
    case Element::Kind::valued:
    case Element::Kind::number: return pick({"0", "1", "-3", " 17 ", "+5", "2147483647"});
    case Element::Kind::decimal: return pick({"0", "2.5", "-0.25", "17.", "1"});
    case Element::Kind::boolean: return pick({"true", "false", "1", "0"});
    case Element::Kind::code: return pick({"A", "B", "17"});
    case Element::Kind::date: return pick({"2026-01-31", "1999-12-01Z", "2026-01-31+02:00"});
    case Element::Kind::parts: break;
  }
  return "";
}

std::string ElementGenerator::document(const Element& element) {
  std::string out = "<" + element.name;
  if (element.name == "root") out += " xmlns:xsi=\"http://www.w3.org/2001/XMLSchema-instance\"";
  for (const std::string& name : element.attributes) {
    if (name == "k" || one_in(2)) out += " " + name + "=\"" + pick({"1", "v", ""}) + "\"";
  }
  if (element.nillable && one_in(3)) return out + " xsi:nil=\"true\"/>";
  out += ">";
  if (element.kind != Element::Kind::parts) return out + text(element) + "</" + element.name + ">";
  for (int round = element.repeated ? static_cast<int>(below(2)) : 1; round < 2; ++round) {
    for (const Element& part : element.parts) {
      int most = part.most == 9 ? 3 : part.most;
      int count = part.fewest + static_cast<int>(below(static_cast<std::uint32_t>(most - std::min(part.fewest, most) + 1)));
      for (int i = 0; i < count; ++i) out += document(part);
    }
    if (element.choice.empty()) continue;
    for (int i = element.choice_once ? 1 : static_cast<int>(below(4)); i > 0; --i) {
      const Element& part = element.choice[below(static_cast<std::uint32_t>(element.choice.size()))];
      for (int n = std::max(part.fewest, one_in(2) ? 1 : 0); n > 0; --n) out += document(part);
    }
  }
  if (one_in(6)) out += "\n ";
  return out + "</" + element.name + ">";
}

}  // namespace busway::inference::test
