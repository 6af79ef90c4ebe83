#include <algorithm>
#include <charconv>

#include "transforms/formats/xml_name.hpp"
#include "transforms/formats/xml_schema_parts.hpp"
#include "transforms/formats/xml_schema_types.hpp"

// The half of XmlSchemaTypes that reads what a type holds.
namespace busway {

using xml_schema::attribute;
using xml_schema::child;
using xml_schema::is_true;

namespace {

constexpr std::string_view xsd = xml_schema_namespace;
constexpr std::size_t most_members = 2000;  // of one element; they are looked through one by one
constexpr std::uint64_t unbounded = std::numeric_limits<std::uint64_t>::max();

struct Occurs {
  std::uint64_t fewest = 1;
  std::uint64_t most = 1;
  bool good = true;
};

Occurs occurs_of(const XmlElement& particle) {
  Occurs out;
  auto read = [&out](std::string_view text, std::uint64_t& value) {
    if (text.empty()) return;
    auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
    out.good = out.good && error == std::errc() && end == text.data() + text.size();
  };
  read(attribute(particle, "minOccurs"), out.fewest);
  if (attribute(particle, "maxOccurs") == "unbounded") {
    out.most = unbounded;
  } else {
    read(attribute(particle, "maxOccurs"), out.most);
  }
  out.good = out.good && out.fewest <= out.most;
  return out;
}

std::uint64_t times(std::uint64_t left, std::uint64_t right) {
  if (left == 0 || right == 0) return 0;
  return left > unbounded / right ? unbounded : left * right;
}

bool is_particle(const XmlElement& element) {
  return element.uri() == xsd && (element.local() == "element" || element.local() == "sequence" || element.local() == "choice" ||
                                  element.local() == "all" || element.local() == "group" || element.local() == "any");
}

}  // namespace

void XmlSchemaTypes::read_complex(Content& content, const Component& type, bool attributes_only, int depth) {
  if (depth > most_depth || exhausted()) {
    content.out.open = content.out.open_attributes = true;
    return;
  }
  bool mixed = is_true(attribute(*type.element, "mixed"));
  if (const XmlElement* derived = child(*type.element, {"simpleContent", "complexContent"})) {
    mixed = derived->attribute("", "mixed") == nullptr ? mixed : is_true(attribute(*derived, "mixed"));
    const XmlElement* derivation = child(*derived, {"extension", "restriction"});
    if (derivation != nullptr) {
      Component at = inside(inside(type, *derived), *derivation);
      read_derived(content, at, derived->local() == "simpleContent", attributes_only, depth);
    }
  } else {
    for (const XmlElement* one = type.element->first_child(); one != nullptr && !attributes_only; one = one->next()) {
      if (is_particle(*one)) read_particle(content, inside(type, *one), {});
    }
    read_attributes(content, type, depth);
  }
  if (!attributes_only) content.out.mixed = content.out.mixed || mixed;
}

void XmlSchemaTypes::read_derived(Content& content, const Component& derivation, bool simple, bool attributes_only, int depth) {
  const XmlElement& element = *derivation.element;
  bool restricts = element.local() == "restriction";
  XmlQName base = resolve(attribute(element, "base"), derivation);
  bool from_any = base == XmlQName(xsd, "anyType");
  if (!from_any || !restricts) read_base(content, base, simple, attributes_only || (restricts && !simple), depth);
  if (simple && restricts) {
    if (const XmlElement* type = child(element, {"simpleType"}))
      content.out.text = text_of_simple(inside(derivation, *type), depth + 1);
    if (content.out.text) restrict_xml_schema_text(*content.out.text, element);
  }
  for (const XmlElement* one = element.first_child(); one != nullptr && !simple && !attributes_only; one = one->next()) {
    if (is_particle(*one)) read_particle(content, inside(derivation, *one), {});
  }
  read_attributes(content, derivation, depth);
}

void XmlSchemaTypes::read_base(Content& content, const XmlQName& base, bool simple, bool attributes_only, int depth) {
  auto found = find(types_, base);
  if (found && found->element->local() == "complexType") return read_complex(content, *found, attributes_only, depth + 1);
  if (simple) {
    content.out.text = text_of(base, depth + 1);
    if (content.out.text) return;
    content.out.text = unknown_xml_schema_text();
  }
  content.out.open = content.out.open_attributes = true;
}

void XmlSchemaTypes::read_attributes(Content& content, const Component& holder, int depth) {
  if (depth > most_depth || exhausted()) {
    content.out.open_attributes = true;
    return;
  }
  for (const XmlElement* one = holder.element->first_child(); one != nullptr; one = one->next()) {
    if (one->is(xsd, "anyAttribute")) content.out.open_attributes = true;
    if (one->is(xsd, "attribute")) read_attribute(content, inside(holder, *one));
    if (!one->is(xsd, "attributeGroup")) continue;
    auto group = find(attribute_groups_, resolve(attribute(*one, "ref"), inside(holder, *one)));
    if (group) {
      read_attributes(content, *group, depth + 1);
    } else {
      content.out.open_attributes = true;
    }
  }
}

void XmlSchemaTypes::read_attribute(Content& content, const Component& use) {
  if (exhausted()) {
    content.out.open_attributes = true;
    return;
  }
  ContractMember member;
  std::string_view how = attribute(*use.element, "use");
  member.fewest = how == "required" ? 1 : 0;
  member.most = how == "prohibited" ? 0 : 1;
  Component declared = use;
  std::string local(attribute(*use.element, "name"));
  if (std::string_view ref = attribute(*use.element, "ref"); !ref.empty()) {
    XmlQName name = resolve(ref, use);
    local = (name.first == xml_namespace ? "xml:" : "") + name.second;
    declared.element = nullptr;
    if (auto found = find(attributes_, name)) declared = *found;
  }
  member.name = "@" + local;
  ContractText text = unknown_xml_schema_text();
  if (declared.element != nullptr) {
    std::string_view type = attribute(*declared.element, "type");
    const XmlElement* simple = child(*declared.element, {"simpleType"});
    if (simple != nullptr) text = text_of_simple(inside(declared, *simple), 0);
    if (!type.empty()) text = text_of(resolve(type, declared), 0).value_or(std::move(text));
  }
  member.type = leaf(std::move(text), "", false);
  put(content, std::move(member));
}

void XmlSchemaTypes::read_particle(Content& content, const Component& particle, Place place) {
  Occurs occurs = occurs_of(*particle.element);
  if (occurs.good && occurs.most == 0) return;
  if (++place.depth > most_depth || exhausted() || !occurs.good || particle.element->local() == "any") {
    content.out.open = true;
    return;
  }
  std::string_view kind = particle.element->local();
  if (kind == "element") return read_element(content, particle, place);
  if (occurs.most > 1) place.repeats += 1;
  // Some counts are left out.
  if (occurs.fewest > 1) place.repeats += 1;
  if (place.rank == 0 && (occurs.most > 1 || kind == "all")) place.rank = ++content.ranks;
  if (kind == "choice") return read_choice(content, particle, place);
  place.fewest = times(place.fewest, occurs.fewest);
  place.most = times(place.most, occurs.most);
  Component around = particle;
  if (kind == "group") {
    auto group = find(groups_, resolve(attribute(*particle.element, "ref"), particle));
    if (!group) {
      content.out.open = true;
      return;
    }
    around = *group;
  }
  for (const XmlElement* one = around.element->first_child(); one != nullptr; one = one->next()) {
    if (is_particle(*one)) read_particle(content, inside(around, *one), place);
  }
}

void XmlSchemaTypes::read_choice(Content& content, const Component& choice, Place place) {
  Occurs occurs = occurs_of(*choice.element);
  std::vector<const XmlElement*> branches;
  bool plain = true;
  for (const XmlElement* one = choice.element->first_child(); one != nullptr; one = one->next()) {
    if (!is_particle(*one) || occurs_of(*one).most == 0) continue;
    branches.push_back(one);
    plain = plain && one->local() == "element" && occurs_of(*one).fewest >= 1;
  }
  if (plain && branches.size() > 1 && place.fewest == 1 && place.most == 1 && occurs.fewest == 1 && occurs.most == 1) {
    std::vector<std::string> names;
    for (const XmlElement* one : branches) {
      std::string_view ref = attribute(*one, "ref");
      names.emplace_back(ref.empty() ? attribute(*one, "name") : ref.substr(ref.find(':') + 1));
    }
    content.out.choices.push_back(std::move(names));
  }
  // With one branch there is nothing to choose.
  place.fewest = branches.size() == 1 ? times(place.fewest, occurs.fewest) : 0;
  place.most = times(place.most, occurs.most);
  for (const XmlElement* one : branches) read_particle(content, inside(choice, *one), place);
}

void XmlSchemaTypes::read_element(Content& content, const Component& use, Place place) {
  Occurs occurs = occurs_of(*use.element);
  Component declared = use;
  XmlQName name{use.uri, attribute(*use.element, "name")};
  if (std::string_view ref = attribute(*use.element, "ref"); !ref.empty()) {
    name = resolve(ref, use);
    auto found = find(elements_, name);
    // What stands in its place has another name.
    if (!found || heads_.contains(name) || is_true(attribute(*found->element, "abstract"))) {
      content.out.open = true;
      return;
    }
    declared = *found;
  }
  ContractMember member;
  member.name = name.second;
  member.type = type_of(declared);
  member.fewest = times(place.fewest, occurs.fewest);
  member.most = times(place.most, occurs.most);
  member.nillable = is_true(attribute(*declared.element, "nillable"));
  int repeats = place.repeats + (occurs.most > 1 ? 1 : 0);
  member.counts_happen = repeats <= 1 && (occurs.fewest <= 1 || (place.fewest == 1 && place.most == 1));
  member.rank = place.rank != 0 ? place.rank : ++content.ranks;
  put(content, std::move(member));
}

void XmlSchemaTypes::put(Content& content, ContractMember member) {
  for (ContractMember& known : content.out.members) {
    if (known.name != member.name) continue;
    if (member.name.starts_with('@')) {
      known = std::move(member);  // declared anew by a restriction
      return;
    }
    constexpr std::uint64_t all = unbounded;
    known.fewest = known.fewest > all - member.fewest ? all : known.fewest + member.fewest;
    known.most = known.most > all - member.most ? all : known.most + member.most;
    known.counts_happen = false;
    known.nillable = known.nillable || member.nillable;
    if (known.type != member.type) known.type = nullptr;
    content.twice.insert(known.name);
    return;
  }
  if (content.out.members.size() >= most_members) {
    content.out.open = content.out.open_attributes = true;
    return;
  }
  content.out.members.push_back(std::move(member));
}

std::optional<ContractText> XmlSchemaTypes::text_of(const XmlQName& name, int depth) {
  if (depth > most_depth || exhausted()) return std::nullopt;
  if (name.first == xsd) return xml_schema_text(name.second);
  auto found = find(types_, name);
  if (!found || found->element->local() != "simpleType") return std::nullopt;
  ContractText out = text_of_simple(*found, depth);
  out.name = name.second;
  return out;
}

ContractText XmlSchemaTypes::text_of_simple(const Component& type, int depth) {
  ContractText unknown = unknown_xml_schema_text();
  const XmlElement* restriction = child(*type.element, {"restriction"});
  if (restriction == nullptr || depth > most_depth || exhausted()) return unknown;
  Component at = inside(type, *restriction);
  ContractText out = unknown;
  const XmlElement* inner = child(*restriction, {"simpleType"});
  if (inner != nullptr) out = text_of_simple(inside(at, *inner), depth + 1);
  if (std::string_view base = attribute(*restriction, "base"); !base.empty()) {
    out = text_of(resolve(base, at), depth + 1).value_or(unknown);
  }
  restrict_xml_schema_text(out, *restriction);
  return out;
}

}  // namespace busway
