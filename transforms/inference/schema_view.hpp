#pragma once

#include <memory>
#include <string>
#include <vector>

#include "transforms/inference/shape.hpp"
#include "transforms/schema/plan.hpp"

namespace busway::inference {

// A compiled schema and the name people know it by.
struct NamedPlan {
  std::shared_ptr<const schema::Plan> plan;
  std::string name;  // "order.schema.json"
};

// The subschemas that a value which fits `schema` fits too: itself, what it refers to, its `allOf`. `complete` is false when it
// says more of the value than they do (`anyOf`, `not`, a dynamic reference, ...).
struct Conjuncts {
  std::vector<const schema::Schema*> all;
  bool complete = true;
};
Conjuncts conjuncts_of(const schema::Schema& schema);

// The kinds of values that may fit; others surely do not.
std::uint16_t accepted_kinds(const schema::Schema& schema, int level = 0);

// "order.schema.json#/properties/qty"
std::string place_of(const NamedPlan& plan, const schema::Schema& schema);

// Every document that fits the schema is in the shape. Parts are made when they are asked for, so recursive schemas do no harm.
Shape shape_of(const NamedPlan& plan, const schema::Schema& schema, int level = 0);

}  // namespace busway::inference
