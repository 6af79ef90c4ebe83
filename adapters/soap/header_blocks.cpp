#include "adapters/soap/header_blocks.hpp"

#include <vector>

#include "adapters/soap/quoted.hpp"
#include "transforms/formats/xml_document.hpp"

namespace busway::soap {

namespace {

constexpr std::size_t most_blocks = 256;

bool is_true(std::string_view text) {
  return text == "1" || text == "true";
}

bool is_for_us(const XmlElement& block, Version version) {
  const XmlAttribute* role = block.attribute(envelope_namespace(version), version == Version::v1_1 ? "actor" : "role");
  if (role == nullptr || role->value().empty()) return true;
  std::string_view value = role->value();
  if (version == Version::v1_1) return value == "http://schemas.xmlsoap.org/soap/actor/next";
  return value == "http://www.w3.org/2003/05/soap-envelope/role/next" ||
         value == "http://www.w3.org/2003/05/soap-envelope/role/ultimateReceiver";
}

bool names(const std::string& name, const XmlElement& block) {
  if (!name.starts_with('{')) return name == block.local();
  std::size_t close = name.rfind('}');
  return close != std::string::npos &&
         block.is(std::string_view(name).substr(1, close - 1), std::string_view(name).substr(close + 1));
}

}  // namespace

Result<Node> read_header_blocks(Envelope& envelope, Arena& arena) {
  if (envelope.header == nullptr) return Node();
  static const XmlRules rules;
  struct Group {
    std::string_view name;
    Collector<Node> values;
  };
  std::vector<Group> groups;
  std::size_t count = 0;
  for (const XmlElement* block = envelope.header->first_child(); block != nullptr; block = block->next()) {
    if (++count > most_blocks) {
      return fail(ErrorKind::format, "reading a SOAP Header: more than " + std::to_string(most_blocks) + " blocks");
    }
    auto value = element_value(*block, rules, nullptr, envelope.budget, arena);
    if (!value) return value.error().while_doing("reading the SOAP header " + quoted(block->name()));
    std::size_t at = 0;
    while (at < groups.size() && groups[at].name != block->local()) ++at;
    if (at == groups.size()) groups.push_back({block->local(), Collector<Node>(arena)});
    groups[at].values.push(*value);
  }
  Collector<Member> members(arena);
  for (const Group& group : groups) {
    members.push(
        {Node::string(group.name), group.values.size() == 1 ? group.values.items()[0] : Node::array(group.values.items())});
  }
  return Node::object(members.items());
}

const XmlElement* find_not_understood(const Envelope& envelope, std::span<const std::string> understood) {
  if (envelope.header == nullptr) return nullptr;
  for (const XmlElement* block = envelope.header->first_child(); block != nullptr; block = block->next()) {
    const XmlAttribute* must = block->attribute(envelope_namespace(envelope.version), "mustUnderstand");
    if (must == nullptr || !is_true(must->value()) || !is_for_us(*block, envelope.version)) continue;
    bool known = false;
    for (const std::string& name : understood) known = known || names(name, *block);
    if (!known) return block;
  }
  return nullptr;
}

}  // namespace busway::soap
