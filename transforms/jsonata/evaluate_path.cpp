#include <cmath>
#include <new>

#include "bus/pause.hpp"
#include "transforms/jsonata/evaluation.hpp"
#include "transforms/jsonata/list.hpp"
#include "transforms/jsonata/stack.hpp"

namespace busway::jsonata {

Node Evaluation::lookup(const Node& input, std::string_view key) {
  if (input.is_object()) return input.member(key);
  if (!input.is_array()) return {};
  if (depth_ >= limits_.depth || stack_is_short(floor_)) return fail("U1001", "the value is nested too deeply");
  if (!spend(input.size() / 8 + 1)) return {};
  ++depth_;
  List<Node> found(*this);
  for (const Node& item : input.items()) {
    pause_if_due();
    Node value = lookup(item, key);
    if (value.is_nothing()) continue;
    if (value.is_array()) {
      if (!spend_for(value.size(), 8)) return {};
      for (const Node& inner : value.items()) found.push(inner);
    } else {
      found.push(value);
    }
  }
  --depth_;
  return make_sequence(found.items());
}

// A path of names: one walk while there are only objects on the way.
Node Evaluation::walk_names(const Op& op, const Node& input) {
  Node at = input;
  for (std::size_t i = 0; i < op.list.size; ++i) {
    if (at.is_array()) {
      Node rest = at;
      for (; i < op.list.size; ++i) {
        std::span<const Node> items = rest.is_array() ? rest.items() : std::span<const Node>(&at, 1);
        rest = evaluate_step(*op.list[i], items, nullptr, i + 1 == op.list.size);
        if (failed_ || !rest.is_array()) return {};
        if (rest.size() == 0) return is_sequence(rest) ? Node() : rest;
      }
      return rest;
    }
    at = at.member(op.list[i]->text);
    if (at.is_nothing()) return {};
    if (at.is_array() && i + 1 < op.list.size) continue;
  }
  return at;
}

Node Evaluation::evaluate_path(const Op& op, const Node& input, Frame* frame) {
  std::span<const Node> items = input.is_array() && !op.absolute ? input.items() : std::span<const Node>(&input, 1);
  Node result;
  bool tuples = false;
  bool tuples_begun = false;
  Node stream;
  std::size_t begin = 0;
  Node walked;
  if (op.prefix != 0 && (op.absolute || !input.is_array())) {
    begin = walk_prefix(op, input, frame, walked);
    if (failed_) return {};
    bool several = walked.is_array() && !is_constructed(walked);
    items = several ? walked.items() : std::span<const Node>(&walked, walked.is_nothing() ? 0 : 1);
    // A sort reads the result so far, and may give it back.
    if (begin > 0) result = make_sequence(several || items.empty() ? items : make_array(items).items());
    if (items.empty()) begin = op.list.size;
  }
  for (std::size_t i = begin; i < op.list.size; ++i) {
    const Op& step = *op.list[i];
    tuples = tuples || step.tuple;
    if (i == 0 && step.constructor && !step.tuple) {
      Node context = input.is_array() && !op.absolute ? input : make_sequence(make_array(items).items());
      result = evaluate(step, context, frame);
      if (!result.is_array() && !result.is_nothing()) result = make_sequence(make_array({&result, 1}).items());
    } else if (tuples) {
      stream = evaluate_tuple_step(step, tuples_begun ? stream.items() : items, !tuples_begun, frame);
      tuples_begun = true;
    } else if (step.kind == Op::Kind::sort) {
      result = evaluate_sort(step, result, frame);
      if (!failed_) result = evaluate_stages(step.stages, result, frame);
    } else {
      result = evaluate_step(step, items, frame, i + 1 == op.list.size);
    }
    if (failed_) return {};
    if (!tuples) {
      if (!result.is_array()) result = Node();
      if (result.size() == 0) break;
      items = result.items();
    }
  }
  if (tuples) {
    if (op.tuple) {
      result = stream;
    } else {
      if (!room(stream.size() * sizeof(Node))) return {};
      Node* values = arena_.array<Node>(stream.size());
      std::size_t count = 0;
      for (const Node& tuple : stream.items()) values[count++] = tuple_of(tuple).value;
      result = make_sequence({values, count});
    }
  }
  if (op.keep_singleton && result.is_array()) {
    if (is_constructed(result) && !is_sequence(result)) {
      Node* single = arena_.array<Node>(1);
      single[0] = result;
      result = make_sequence({single, 1});
    }
    result = with_mark(result, mark::keep_singleton);
  }
  if (op.group != nullptr) return evaluate_group(op.group->pairs, op.group->position, tuples ? stream : result, frame);
  return result;
}

// The leading names of a path, while there are only objects: so many steps, and what they lead to.
std::size_t Evaluation::walk_prefix(const Op& op, const Node& input, Frame* frame, Node& at) {
  std::size_t i = 1;
  const Op& first = *op.list.data[0];
  if (first.kind == Op::Kind::name) {
    i = 0;
    at = input;
  } else if (first.kind == Op::Kind::root) {
    at = settled(first, root_);
  } else {
    at = evaluate(first, input, frame);
  }
  for (; i < op.prefix && at.is_object(); ++i) {
    const Op& step = *op.list.data[i];
    at = settled(step, find_member(at, step.text, hints_[step.hint]));
  }
  return i;
}

Node Evaluation::evaluate_step(const Op& step, std::span<const Node> input, Frame* frame, bool last) {
  Node first;
  std::size_t count = 0;
  List<Node> flat(*this);
  auto push_flat = [&flat](const Node& value) {
    if (!value.is_array() || is_constructed(value)) {
      flat.push(value);
    } else {
      for (const Node& item : value.items()) flat.push(item);
    }
  };
  for (const Node& item : input) {
    Node value = evaluate(step, item, frame);
    for (std::size_t i = 0; i < step.stages.size && !failed_; ++i) {
      // `#$i` makes the step a tuple step, so only predicates are left here.
      if (step.stages[i].filter != nullptr) value = evaluate_filter(*step.stages[i].filter, value, frame);
    }
    if (failed_) return {};
    if (value.is_nothing()) continue;
    if (++count == 1) {
      first = value;
      continue;
    }
    if (count == 2) {
      flat.reserve(input.size());
      push_flat(first);
    }
    if (value.is_array() && !spend(value.size() / 8)) return {};
    push_flat(value);
  }
  if (count == 1) {
    if (first.is_array() && !is_constructed(first)) {
      if (last && !is_sequence(first)) return first;
      return make_sequence(first.items());
    }
    if (last && first.is_array() && !is_sequence(first)) return first;
    flat.push(first);
  }
  return make_sequence(flat.items());
}

Tuple* Evaluation::extend(const Tuple& from) {
  return new (arena_.allocate(sizeof(Tuple), alignof(Tuple))) Tuple(from);
}

void Evaluation::bind(Tuple& tuple, VariableId id, const Node& value) {
  tuple.bindings = new (arena_.allocate(sizeof(Binding), alignof(Binding))) Binding{id, value, tuple.bindings};
}

Frame* Evaluation::frame_of(const Tuple& tuple, Frame* parent) {
  return new (arena_.allocate(sizeof(Frame), alignof(Frame))) Frame{parent, tuple.bindings, true};
}

Node Evaluation::evaluate_tuple_step(const Op& step, std::span<const Node> input, bool first, Frame* frame) {
  List<Node> stream(*this);
  if (step.kind == Op::Kind::sort) {
    Node sorted;
    if (!first) {
      sorted = evaluate_sort(step, Node::array(input).with_marks(mark::sequence | mark::tuples), frame);
    } else {
      Node plain = evaluate_sort(step, Node::array(input), frame);
      if (failed_) return {};
      double index = 0;
      for (const Node& item : plain.items()) {
        if (!count()) return {};
        Tuple* tuple = extend(Tuple{.value = item, .bindings = nullptr});
        if (step.index != no_variable) bind(*tuple, step.index, Node::number(index));
        index += 1;
        stream.push(tuple_node(tuple));
      }
      sorted = Node::array(stream.items()).with_marks(mark::sequence | mark::tuples);
    }
    if (failed_) return {};
    return evaluate_stages(step.stages, sorted, frame);
  }
  for (const Node& item : input) {
    Tuple from = first ? Tuple{.value = item, .bindings = nullptr} : tuple_of(item);
    Frame* scope = from.bindings == nullptr ? frame : frame_of(from, frame);
    Node value = evaluate(step, from.value, scope);
    if (failed_) return {};
    if (value.is_nothing()) continue;
    std::span<const Node> values = value.is_array() ? value.items() : std::span<const Node>(&value, 1);
    bool nested = is_tuples(value);
    if (step.lookup != nullptr && !nested && values.size() >= EqualityIndexes::fewest_items &&
        join_matching(step, from, values, scope, stream)) {
      if (failed_) return {};
      continue;
    }
    std::size_t bound = (step.focus != no_variable) + (step.index != no_variable) + (step.ancestor != nullptr);
    if (!room(values.size() * (sizeof(Tuple) + bound * sizeof(Binding)))) return {};
    double index = 0;
    for (const Node& one : values) {
      if (!count()) return {};
      Tuple* tuple = extend(from);
      if (nested) {
        const Tuple& inner = tuple_of(one);
        tuple->value = inner.value;
        // Older bindings lie deeper, so they must go in first to stay hidden by newer ones.
        List<const Binding*> bindings(*this);
        for (const Binding* binding = inner.bindings; binding != nullptr; binding = binding->next) bindings.push(binding);
        for (std::size_t i = bindings.size(); i-- > 0;) bind(*tuple, bindings.items()[i]->id, bindings.items()[i]->value);
      } else {
        if (step.focus != no_variable) {
          bind(*tuple, step.focus, one);
        } else {
          tuple->value = one;
        }
        if (step.index != no_variable) bind(*tuple, step.index, Node::number(index));
        if (step.ancestor != nullptr) bind(*tuple, step.ancestor->variable, from.value);
      }
      index += 1;
      stream.push(tuple_node(tuple));
    }
  }
  return evaluate_stages(step.stages, Node::array(stream.items()).with_marks(mark::sequence | mark::tuples), frame);
}

Node Evaluation::evaluate_stages(const Items<Op::Stage>& stages, Node input, Frame* frame) {
  for (const Op::Stage& stage : stages) {
    if (stage.filter != nullptr) {
      input = evaluate_filter(*stage.filter, input, frame);
      if (failed_) return {};
      continue;
    }
    List<Node> numbered(*this);
    double index = 0;
    for (const Node& item : input.items()) {
      if (!count()) return {};
      Tuple* tuple = extend(tuple_of(item));
      bind(*tuple, stage.index, Node::number(index));
      index += 1;
      numbered.push(tuple_node(tuple));
    }
    input = Node::array(numbered.items()).with_marks(input.marks());
  }
  return input;
}

bool Evaluation::flatten(const Node& input, List<Node>& found, int level) {
  if (level > most_value_levels) {
    fail("U1001", "the value is nested too deeply");
    return false;
  }
  for (const Node& item : input.items()) {
    if (item.is_array()) {
      if (!flatten(item, found, level + 1)) return false;
    } else {
      found.push(item);
    }
  }
  return spend(input.size() / 8 + 1);
}

Node Evaluation::evaluate_wildcard(const Node& given) {
  Node input = is_wrapper(given) ? given.items()[0] : given;
  List<Node> found(*this);
  bool sequence = true;  // as jsonata-js has it: with the items of an array the result is an array, too, also of one or none
  auto take = [&](const Node& value) {
    if (value.is_array()) {
      sequence = false;
      return flatten(value, found, 0);
    }
    found.push(value);
    return true;
  };
  if (input.is_object()) {
    for (const Member& member : input.members()) {
      if (!take(member.value)) return {};
    }
  } else if (input.is_array()) {
    for (const Node& item : input.items()) {
      if (!take(item)) return {};
    }
  }
  return sequence ? make_sequence(found.items()) : Node::array(found.items());
}

bool Evaluation::descend(const Node& input, List<Node>& found, int level) {
  if (level > most_value_levels) {
    fail("U1001", "the value is nested too deeply");
    return false;
  }
  if (!input.is_array()) found.push(input);
  if (!input.is_array() && !input.is_object()) return true;
  if (!spend(input.size() / 8 + 1)) return false;
  if (input.is_array()) {
    for (const Node& item : input.items()) {
      if (!descend(item, found, level + 1)) return false;
    }
  } else if (input.is_object()) {
    for (const Member& member : input.members()) {
      if (!descend(member.value, found, level + 1)) return false;
    }
  }
  return true;
}

Node Evaluation::evaluate_descendants(const Node& input) {
  if (input.is_nothing()) return {};
  List<Node> found(*this);
  if (!descend(input, found, 0)) return {};
  if (found.size() == 1) return found.items()[0];
  return make_sequence(found.items());
}

}  // namespace busway::jsonata
