#include "transforms/jsonata/functions/functions.hpp"
#include "transforms/jsonata/list.hpp"

namespace busway::jsonata::functions {

namespace {

bool collect_keys(Evaluation& evaluation, const Node& value, KeyIndex& known, List<Node>& keys, int level) {
  if (level > most_value_levels) {
    evaluation.fail("U1001", "the value is nested too deeply");
    return false;
  }
  if (value.is_array()) {
    for (const Node& item : value.items()) {
      if (!collect_keys(evaluation, item, known, keys, level + 1)) return false;
    }
  } else if (value.is_object()) {
    if (!evaluation.room(64 * (keys.size() + value.size()))) return false;  // twice, and in an index
    for (const Member& member : value.members()) {
      if (known.find(member.key.text()) != KeyIndex::none) continue;
      known.add(member.key.text());
      keys.push(member.key);
    }
  }
  return evaluation.spend(value.is_array() || value.is_object() ? value.size() / 8 + 1 : 1);
}

bool spread_into(Evaluation& evaluation, const Node& value, List<Node>& parts, int level) {
  if (level > most_value_levels) {
    evaluation.fail("U1001", "the value is nested too deeply");
    return false;
  }
  if (value.is_array()) {
    for (const Node& item : value.items()) {
      if (!spread_into(evaluation, item, parts, level + 1)) return false;
    }
  } else if (value.is_object()) {
    for (const Member& member : value.members()) {
      Member* one = evaluation.arena().array<Member>(1);
      one[0] = member;
      parts.push(Node::object({one, 1}));
    }
  } else if (!value.is_nothing()) {
    parts.push(value);
  }
  return evaluation.spend(1);
}

}  // namespace

Node keys(Evaluation& evaluation, Arguments arguments, const Node&) {
  KeyIndex known(evaluation.arena());
  List<Node> found(evaluation);
  if (!collect_keys(evaluation, arguments[0], known, found, 0)) return {};
  return make_sequence(found.items());
}

Node lookup(Evaluation& evaluation, Arguments arguments, const Node&) {
  if (!arguments[1].is_string()) return {};
  return evaluation.lookup(arguments[0], arguments[1].text());
}

Node spread(Evaluation& evaluation, Arguments arguments, const Node&) {
  if (!arguments[0].is_array() && !arguments[0].is_object()) return arguments[0];
  List<Node> parts(evaluation);
  if (!spread_into(evaluation, arguments[0], parts, 0)) return {};
  // What an item has been appended to is an array and no sequence any more, even when the item brought nothing along: [[]].
  bool appended = false;
  if (arguments[0].is_array()) {
    for (const Node& item : arguments[0].items()) appended = appended || !item.is_nothing();
  }
  return appended ? Node::array(parts.items()) : make_sequence(parts.items());
}

Node merge(Evaluation& evaluation, Arguments arguments, const Node&) {
  if (!arguments[0].is_array()) return {};
  KeyIndex known(evaluation.arena());
  List<Member> members(evaluation);
  for (const Node& object : arguments[0].items()) {
    if (!evaluation.spend(object.size() / 4 + 1) || !evaluation.room(64 * (members.size() + object.size()))) return {};
    for (const Member& member : object.members()) {
      std::uint32_t at = known.find(member.key.text());
      if (at == KeyIndex::none) {
        known.add(member.key.text());
        members.push(member);
      } else {
        members.mutable_items()[at].value = member.value;
      }
    }
  }
  return Node::object(members.items());
}

// Values never change, so a copy is the value itself.
Node clone(Evaluation&, Arguments arguments, const Node&) {
  return arguments[0];
}

}  // namespace busway::jsonata::functions
