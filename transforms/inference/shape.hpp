#pragma once

#include <cstdint>
#include <limits>
#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "bus/document.hpp"

namespace busway::inference {

// Kinds of values, as bits. A number is whole, as JSON Schema means it (1.0 is), or not. `missing` is JSONata's nothing.
namespace kinds {
constexpr std::uint16_t null = 1;
constexpr std::uint16_t boolean = 2;
constexpr std::uint16_t whole = 4;
constexpr std::uint16_t fraction = 8;
constexpr std::uint16_t string = 16;
constexpr std::uint16_t array = 32;
constexpr std::uint16_t object = 64;
constexpr std::uint16_t function = 128;
constexpr std::uint16_t missing = 256;
constexpr std::uint16_t number = whole | fraction;
constexpr std::uint16_t scalar = null | boolean | number | string;
constexpr std::uint16_t json = scalar | array | object;
constexpr std::uint16_t all = json | function | missing;
}  // namespace kinds

constexpr std::uint64_t unbounded = std::numeric_limits<std::uint64_t>::max();

class ObjectShape;
class ArrayShape;

// Scalars with the memory they live in.
struct ScalarSet {
  Arena arena{256};
  std::vector<Node> nodes;
};

// What is known of a value before it exists: every value that can turn up is in it (it may hold others). A small value, immutable
// in its parts; nothing in it is a promise but this:
// - `kinds`: the kinds it can be of.
// - `values`: when set, its scalars are among these.
// - `object`, `array`: what its objects and arrays look like; null is not known.
// - `exact`: each kind, and each of `values`, does turn up for some input that fits its schema. `exact_missing`: so does missing.
//   Objects and arrays keep marks of their own for what is in them; within a part that is not exact nothing is.
struct Shape {
  std::uint16_t kinds = 0;
  bool exact = false;
  bool exact_missing = false;
  bool may_be_sequence = false;     // an array with the evaluator's mark of a sequence
  bool may_be_constructed = false;  // ... of an array constructor that stays whole in a path
  bool is_input = false;            // the whole input as context: a path takes it as one item, even an array
  bool collapses = false;           // what is no array stands for the one item of a sequence
  bool free_text = false;           // its strings are of no kind: where they turn up, every text does
  bool numeric_text = false;        // its strings are numbers, and where they turn up, some that $number takes do
  std::shared_ptr<const ScalarSet> values{};
  std::shared_ptr<const ObjectShape> object{};
  std::shared_ptr<const ArrayShape> array{};
  std::int64_t at = -1;  // where in the mapping it is made or read, in code points; -1: where what holds it is
  std::string source{};  // "order.schema.json#/properties/qty"; empty: the mapping made it

  bool can_be(std::uint16_t some) const { return (kinds & some) != 0; }
  bool is_only(std::uint16_t some) const { return kinds != 0 && (kinds & ~some) == 0; }
};

class ObjectShape {
 public:
  virtual ~ObjectShape() = default;
  // `missing` is among the kinds of a member that need not be there.
  virtual Shape member(std::string_view name) const = 0;
  // The members it may have, as far as they are named.
  virtual std::vector<std::string> names() const = 0;
  // It has no members but those.
  virtual bool closed() const = 0;
  // The mapping builds it, member by member: what is said of a member is said of the mapping.
  virtual bool made() const { return false; }
  // Its members stand in the order of names().
  virtual bool ordered() const { return false; }
};

class ArrayShape {
 public:
  virtual ~ArrayShape() = default;
  // `missing` is among its kinds only where a predicate may have kept nothing as an item, as JSONata has it.
  virtual Shape item() const = 0;
  virtual std::uint64_t fewest() const { return 0; }
  virtual std::uint64_t most() const { return unbounded; }
  // Each length between those does turn up, where the array does.
  virtual bool lengths_happen() const { return false; }
  virtual bool made() const { return false; }
};

// Nothing is known; any JSON value; nothing at all.
Shape anything();
Shape any_json();
Shape nothing();
// A value of these kinds, of which no more is known.
Shape some(std::uint16_t of);
// Exactly this scalar.
Shape just(const Node& scalar);
std::shared_ptr<const ArrayShape> list_of(Shape item, std::uint64_t fewest, std::uint64_t most, bool made);
std::shared_ptr<const ObjectShape> object_of(std::vector<std::pair<std::string, Shape>> members);

// Either of them. What is exact on both sides stays so only when `both_happen`.
Shape join(const Shape& left, const Shape& right, bool both_happen);
// Without some kinds, and what is known of them.
Shape without(Shape shape, std::uint16_t kinds);
// Marks nothing in it as certain to turn up.
Shape inexact(Shape shape);
// For the next mapping: places of the one that made it mean nothing there.
Shape without_places(const Shape& shape);

// "a string or a number", "null"; `missing` and `function` have no name.
std::string words(std::uint16_t kinds);

// Whether `document` is in the shape: what tests hold inference against. Marks are not looked at.
bool holds(const Shape& shape, const Node& document);

}  // namespace busway::inference
