#include "plugins/host/nodes.hpp"

#include <span>

#include "bus/number_text.hpp"
#include "plugins/host/host_table.hpp"
#include "plugins/host/sized.hpp"

namespace busway::plugins {

namespace {

constexpr std::size_t number_room = 32;

std::uint32_t kind_of(busway_node node) {
  switch (node_of(node).kind()) {
    case Node::Kind::null: return BUSWAY_NULL;
    case Node::Kind::boolean: return BUSWAY_BOOLEAN;
    case Node::Kind::number: return BUSWAY_NUMBER;
    case Node::Kind::string: return BUSWAY_STRING;
    case Node::Kind::array: return BUSWAY_ARRAY;
    case Node::Kind::object: return BUSWAY_OBJECT;
    case Node::Kind::nothing:
    case Node::Kind::function: break;
  }
  return BUSWAY_NOTHING;
}

busway_text text_of_node(busway_node from, char* buffer) {
  Node node = node_of(from);
  if (node.is_string()) return text_of(node.text());
  if (!node.is_number()) return {nullptr, 0};
  return text_of(number_to_text(node, std::span<char>(buffer, number_room)));
}

std::size_t size_of(busway_node from) {
  Node node = node_of(from);
  return node.is_string() || node.is_array() || node.is_object() ? node.size() : 0;
}

busway_node item_of(busway_node from, std::size_t index) {
  Node node = node_of(from);
  return node_of(node.is_array() && index < node.size() ? node.items()[index] : Node());
}

busway_member_of_node member_at(busway_node from, std::size_t index) {
  Node node = node_of(from);
  if (!node.is_object() || index >= node.size()) return {{nullptr, 0}, node_of(Node())};
  const Member& member = node.members()[index];
  return {text_of(member.key.text()), node_of(member.value)};
}

}  // namespace

const busway_document_functions document_functions = {
    .struct_size = sizeof(busway_document_functions),
    .reserved = 0,
    .kind = kind_of,
    .boolean = [](busway_node node) -> int32_t { return node_of(node).is_boolean() && node_of(node).as_boolean() ? 1 : 0; },
    .number = [](busway_node node) { return node_of(node).is_number() ? node_of(node).as_double() : 0.0; },
    .text = text_of_node,
    .size = size_of,
    .item = item_of,
    .member = [](busway_node object, busway_text key) { return node_of(node_of(object).member(view(key))); },
    .member_at = member_at,
};

}  // namespace busway::plugins
