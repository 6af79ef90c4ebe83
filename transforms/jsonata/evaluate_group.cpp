#include <new>

#include "transforms/jsonata/evaluation.hpp"
#include "transforms/jsonata/list.hpp"
#include "transforms/jsonata/merge_sort.hpp"
#include "transforms/jsonata/text.hpp"

namespace busway::jsonata {

namespace {

// The items that share a key, and which pair of the grouping made it.
struct KeyGroup {
  std::size_t pair = 0;
  Node key{};
  Node first{};
  Items<Node> more{};  // with `first` again at its start, once there is a second
};

// False when there is no room for more.
bool add_item(KeyGroup& group, const Node& item, bool tuples, Evaluation& evaluation) {
  Arena& arena = evaluation.arena();
  auto push = [&](const Node& one) {
    std::size_t more = one.is_array() ? one.size() : 1;
    if (group.more.size + more > group.more.capacity && !evaluation.room(2 * (group.more.size + more) * sizeof(Node))) return;
    // An array among the items contributes its items, as $append does.
    if (one.is_array() && !tuples) {
      for (const Node& inner : one.items()) group.more.push(inner, arena);
    } else {
      group.more.push(one, arena);
    }
  };
  if (group.more.empty() && !group.first.is_nothing()) push(group.first);
  if (!item.is_nothing()) push(item);
  return !evaluation.failed();
}

}  // namespace

Node Evaluation::evaluate_object(const Op& op, const Node& input, Frame* frame) {
  bool literal_keys = !input.is_array();
  for (std::size_t i = 0; i < op.pairs.size && literal_keys; ++i) {
    const Op& key = *op.pairs[i].key;
    literal_keys = key.kind == Op::Kind::literal && key.value.is_string() && key.predicates.empty() && key.group == nullptr;
  }
  if (!literal_keys) return evaluate_group(op.pairs, op.position, input, frame);
  // One object from one value: no grouping.
  KeyIndex known(arena_);
  Member* members = arena_.array<Member>(op.pairs.size + 1);
  std::size_t count = 0;
  for (const Op::Pair& pair : op.pairs) {
    std::string_view name = pair.key->value.text();
    if (known.find(name) != KeyIndex::none) return fail("D1009", name, op.position);
    known.add(name);
  }
  for (const Op::Pair& pair : op.pairs) {
    Node value = evaluate(*pair.value, input, frame);
    if (failed_) return {};
    if (value.is_nothing()) continue;
    members[count++] = {pair.key->constant == 0 ? pair.key->value : literal(*pair.key), value};
  }
  return Node::object({members, count});
}

Node Evaluation::evaluate_group(const Items<Op::Pair>& pairs, std::int64_t position, const Node& input, Frame* frame) {
  bool tuples = is_tuples(input);
  std::span<const Node> items = input.is_array() ? input.items() : std::span<const Node>(&input, 1);
  const Node missing{};
  if (items.empty()) items = {&missing, 1};
  KeyIndex keys(arena_);
  Items<KeyGroup> groups;
  if (!spend(items.size())) return {};
  for (const Node& item : items) {
    if (!count()) return {};
    bool is_tuple = tuples && item.is_function();
    Node context = is_tuple ? tuple_of(item).value : item;
    Frame* scope = is_tuple ? frame_of(tuple_of(item), frame) : frame;
    for (std::size_t i = 0; i < pairs.size; ++i) {
      Node key = evaluate(*pairs[i].key, context, scope);
      if (failed_) return {};
      if (key.is_nothing()) continue;
      if (!key.is_string()) return fail("T1003", {}, position);
      std::uint32_t found = keys.find(key.text());
      if (found == KeyIndex::none) {
        // With the index of the keys.
        if (groups.size == groups.capacity && !room(groups.capacity * (2 * sizeof(KeyGroup) + 64))) return {};
        keys.add(key.text());
        groups.push({.pair = i, .key = key, .first = item, .more = {}}, arena_);
      } else if (groups[found].pair != i) {
        return fail("D1009", key.text(), position);
      } else {
        if (item.is_array() && !spend_for(item.size(), 8)) return {};
        if (!add_item(groups[found], item, tuples, *this)) return {};
      }
    }
  }
  List<Member> members(*this);
  for (const KeyGroup& group : groups) {
    Node context = group.first;
    Frame* scope = frame;
    std::span<const Node> more(group.more.data, group.more.size);
    if (tuples && context.is_function()) {
      const Tuple* tuple = more.empty() ? &tuple_of(group.first) : reduce(more);
      if (failed_) return {};
      context = tuple->value;
      scope = frame_of(*tuple, frame);
    } else if (!more.empty()) {
      context = Node::array(more);
    }
    Node value = evaluate(*pairs[group.pair].value, context, scope);
    if (failed_) return {};
    if (!value.is_nothing()) members.push({Node::string(group.key.text()), value});
  }
  // Though empty, it is no other object: `in` can tell.
  if (members.items().empty()) return Node::object({arena_.array<Member>(1), 0});
  return Node::object(members.items());
}

// One tuple of many: each variable becomes all its values.
Tuple* Evaluation::reduce(std::span<const Node> tuples) {
  Tuple* reduced = extend(Tuple{});
  List<Node> values(*this);
  auto take = [&values](const Node& value) {
    if (value.is_array()) {
      for (const Node& inner : value.items()) values.push(inner);
    } else if (!value.is_nothing()) {
      values.push(value);
    }
  };
  for (const Node& one : tuples) {
    if (!count()) return reduced;
    take(tuple_of(one).value);
  }
  reduced->value = Node::array(values.items());
  const Frame seen_in{nullptr, tuple_of(tuples[0]).bindings, true};
  for (const Binding* binding = seen_in.bindings; binding != nullptr; binding = binding->next) {
    if (find(binding->id, &seen_in) != binding) continue;  // hidden by a newer one
    List<Node> bound(*this);
    for (const Node& one : tuples) {
      if (!count()) return reduced;
      Frame scope{nullptr, tuple_of(one).bindings, true};
      const Binding* found = find(binding->id, &scope);
      if (found == nullptr || found->value.is_nothing()) continue;
      if (found->value.is_array()) {
        for (const Node& inner : found->value.items()) bound.push(inner);
      } else {
        bound.push(found->value);
      }
    }
    bind(*reduced, binding->id, Node::array(bound.items()));
  }
  return reduced;
}

namespace {

// A number's double is taken once, not at each comparison.
struct SortKey {
  Node node{};
  double number = 0;
};
struct SortRow {
  Node item{};
  SortKey* keys = nullptr;
};

int compare_keys(const SortKey& x, const SortKey& y) {
  if (!x.node.is_number()) return compare_text(x.node.text(), y.node.text());
  return x.number < y.number ? -1 : x.number > y.number ? 1 : compare_numbers(x.node, y.node);
}

}  // namespace

Node Evaluation::evaluate_sort(const Op& step, const Node& input, Frame* frame) {
  if (!input.is_array() || input.size() <= 1) return input.is_array() || input.is_nothing() ? input : make_array({&input, 1});
  bool tuples = is_tuples(input);
  // The rows twice, as merging needs room, and their keys.
  std::size_t row_bytes = 2 * sizeof(SortRow) + step.terms.size * sizeof(SortKey) + sizeof(Node);
  if (!spend(input.size()) || !room(input.size() * row_bytes)) return {};
  SortRow* rows = arena_.array<SortRow>(input.size());
  std::size_t count = 0;
  for (const Node& item : input.items()) {
    Node context = tuples ? tuple_of(item).value : item;
    Frame* scope = tuples ? frame_of(tuple_of(item), frame) : frame;
    SortRow row{.item = item, .keys = arena_.array<SortKey>(step.terms.size)};
    for (std::size_t t = 0; t < step.terms.size; ++t) {
      Node key = evaluate(*step.terms[t].expression, context, scope);
      if (failed_) return {};
      row.keys[t] = {.node = key, .number = key.is_number() ? key.as_double() : 0};
    }
    rows[count++] = row;
  }
  auto goes_behind = [&](const SortRow& a, const SortRow& b) {
    for (std::size_t t = 0; t < step.terms.size; ++t) {
      const Node& x = a.keys[t].node;
      const Node& y = b.keys[t].node;
      if (x.is_nothing() && y.is_nothing()) continue;
      if (x.is_nothing()) return true;
      if (y.is_nothing()) return false;
      bool comparable = (x.is_number() || x.is_string()) && (y.is_number() || y.is_string());
      if (!comparable || x.kind() != y.kind()) {
        fail(comparable ? "T2007" : "T2008", {}, step.position);
        return false;
      }
      int order = compare_keys(a.keys[t], b.keys[t]);
      if (order != 0) return step.terms[t].descending ? order < 0 : order > 0;
    }
    return false;
  };
  merge_sort(std::span<SortRow>(rows, count), arena_, goes_behind, [this] { return failed_; });
  if (failed_) return {};
  Node* sorted = arena_.array<Node>(count);
  for (std::size_t i = 0; i < count; ++i) sorted[i] = rows[i].item;
  return Node::array({sorted, count}).with_marks(tuples ? mark::sequence | mark::tuples : 0);
}

}  // namespace busway::jsonata
