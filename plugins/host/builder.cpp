#include "plugins/host/builder.hpp"

#include <algorithm>
#include <charconv>
#include <cmath>
#include <functional>
#include <limits>

#include "bus/number_grammar.hpp"
#include "bus/number_text.hpp"
#include "plugins/host/handles.hpp"
#include "plugins/host/host_table.hpp"
#include "plugins/host/nodes.hpp"
#include "plugins/host/sized.hpp"
#include "plugins/host/utf8.hpp"

namespace busway::plugins {

namespace {
constexpr std::size_t longest = std::numeric_limits<std::uint32_t>::max();
}

void DocumentBuilder::Bench::give_back_much() {
  constexpr std::size_t usual = 4096;
  if (values.capacity() > usual) values = {};
}

DocumentBuilder::DocumentBuilder(Arena& arena, Bench& bench, std::string_view borrowed)
    : arena_(arena), bench_(bench), borrowed_(borrowed) {
  bench_.values.clear();
  bench_.levels.clear();
}

bool DocumentBuilder::refuse(const char* what) {
  if (wrong_ == nullptr) wrong_ = what;
  return false;
}

std::string_view DocumentBuilder::keep(std::string_view text) {
  std::less_equal<const char*> before;
  bool inside = !text.empty() && before(borrowed_.data(), text.data()) &&
                before(text.data() + text.size(), borrowed_.data() + borrowed_.size());
  return inside ? text : arena_.copy(text);
}

bool DocumentBuilder::place(const Node& node) {
  if (bench_.levels.empty()) {
    root_ = node;
    has_root_ = true;
    return true;
  }
  bench_.values.push_back({key_, node});
  has_key_ = false;
  return true;
}

// Asked before each value is made.
bool DocumentBuilder::value(const Node& node) {
  if (wrong_ != nullptr) return false;
  if (has_root_) return refuse("a second value behind the whole document");
  if (node.is_nothing()) return refuse("a value that is nothing");
  if (!bench_.levels.empty() && bench_.levels.back().object != has_key_)
    return refuse(has_key_ ? "a key in an array" : "a value of an object without its key");
  return place(node);
}

bool DocumentBuilder::string(std::string_view text) {
  if (wrong_ != nullptr) return false;
  if (text.size() > longest || !is_utf8(text)) return refuse("a text that is not UTF-8");
  return value(Node::string(keep(text)));
}

bool DocumentBuilder::number(double number) {
  if (!std::isfinite(number)) return refuse("a number that is not finite");
  return value(Node::number(number));
}

bool DocumentBuilder::number_text(std::string_view text) {
  if (wrong_ != nullptr) return false;
  if (text.size() > longest || !is_number_text(text)) return refuse("a number that is none (RFC 8259, 6)");
  return value(Node::number_text(keep(text)));
}

bool DocumentBuilder::key(std::string_view name) {
  if (wrong_ != nullptr) return false;
  if (bench_.levels.empty() || !bench_.levels.back().object) return refuse("a key outside of an object");
  if (has_key_) return refuse("two keys, one behind the other");
  if (name.size() > longest || !is_utf8(name)) return refuse("a key that is not UTF-8");
  key_ = Node::string(keep(name));
  has_key_ = true;
  return true;
}

bool DocumentBuilder::begin(bool object) {
  if (wrong_ != nullptr) return false;
  if (has_root_) return refuse("a second value behind the whole document");
  if (!bench_.levels.empty() && bench_.levels.back().object != has_key_) return refuse("a value of an object without its key");
  if (bench_.levels.size() == most_levels) return refuse("more than 128 levels");
  // The key waits with what it is the key of.
  if (!bench_.levels.empty()) bench_.values.push_back({key_, Node()});
  has_key_ = false;
  bench_.levels.push_back({bench_.values.size(), object});
  return true;
}

bool DocumentBuilder::close_object(std::size_t first) {
  std::size_t count = bench_.values.size() - first;
  auto* members = arena_.array<Member>(count);
  std::copy_n(bench_.values.begin() + static_cast<std::ptrdiff_t>(first), count, members);
  constexpr std::size_t few = 16;
  bool twice = false;
  if (count <= few) {
    for (std::size_t i = 1; i < count; ++i) {
      for (std::size_t j = 0; j < i && !twice; ++j) twice = members[i].key.text() == members[j].key.text();
    }
  } else {
    auto begin = bench_.values.begin() + static_cast<std::ptrdiff_t>(first);
    std::sort(begin, bench_.values.end(), [](const Member& a, const Member& b) { return a.key.text() < b.key.text(); });
    twice = std::adjacent_find(begin, bench_.values.end(), [](const Member& a, const Member& b) {
              return a.key.text() == b.key.text();
            }) != bench_.values.end();
  }
  if (twice) return refuse("a key that stands twice in one object");
  root_ = Node::object({members, count});
  return true;
}

bool DocumentBuilder::end() {
  if (wrong_ != nullptr) return false;
  if (bench_.levels.empty()) return refuse("an end of what was not begun");
  if (has_key_) return refuse("a key without its value");
  auto [first, object] = bench_.levels.back();
  std::size_t count = bench_.values.size() - first;
  if (count > longest) return refuse("more than 2^32 values");
  if (object) {
    if (!close_object(first)) return false;
  } else {
    auto* items = arena_.array<Node>(count);
    for (std::size_t i = 0; i < count; ++i) items[i] = bench_.values[first + i].value;
    root_ = Node::array({items, count});
  }
  bench_.values.resize(first);
  bench_.levels.pop_back();
  has_root_ = bench_.levels.empty();
  if (!has_root_) bench_.values.back().value = root_;
  return true;
}

Result<Node> DocumentBuilder::finish() {
  bench_.give_back_much();
  if (wrong_ != nullptr) return fail(ErrorKind::internal, std::string("the plugin has built ") + wrong_);
  if (!has_root_)
    return fail(ErrorKind::internal,
                bench_.levels.empty() ? "the plugin has built no document" : "the plugin has left a document unfinished");
  return root_;
}

namespace {

int32_t answer(bool good) {
  return good ? 0 : 1;
}

int32_t put_integer(busway_builder* builder, int64_t value) {
  char digits[24];
  auto [end, error] = std::to_chars(digits, digits + sizeof digits, value);
  return answer(builder->number_text({digits, static_cast<std::size_t>(end - digits)}));
}

}  // namespace

const busway_builder_functions builder_functions = {
    .struct_size = sizeof(busway_builder_functions),
    .reserved = 0,
    .null_value = [](busway_builder* builder) { return answer(builder->value(Node::null())); },
    .boolean = [](busway_builder* builder, int32_t value) { return answer(builder->value(Node::boolean(value != 0))); },
    .number = [](busway_builder* builder, double value) { return answer(builder->number(value)); },
    .integer = put_integer,
    .number_text = [](busway_builder* builder, busway_text text) { return answer(builder->number_text(view(text))); },
    .string = [](busway_builder* builder, busway_text text) { return answer(builder->string(view(text))); },
    .node = [](busway_builder* builder, busway_node node) { return answer(builder->node(node_of(node))); },
    .key = [](busway_builder* builder, busway_text name) { return answer(builder->key(view(name))); },
    .begin_object = [](busway_builder* builder) { return answer(builder->begin(true)); },
    .begin_array = [](busway_builder* builder) { return answer(builder->begin(false)); },
    .end = [](busway_builder* builder) { return answer(builder->end()); },
};

}  // namespace busway::plugins
