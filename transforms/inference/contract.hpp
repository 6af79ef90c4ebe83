#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "transforms/inference/schema_view.hpp"
#include "transforms/inference/shape.hpp"

namespace busway::inference {

// Why what a mapping makes does not fit a schema.
struct Misfit {
  bool certain = true;  // else: it may not
  std::string code;     // a BW id
  std::int64_t at = -1;
  std::string text;
};

// "a", "a" or "b", "a", "b", ...: of scalars, for messages.
std::string one_or_more(const ScalarSet& values);

// What holds of the mapping as a whole: it may fail, and so keep a value from turning up (Interpreter).
struct Guards {
  bool kinds = false;
  bool missing = false;
};

// Holds a shape against the schema that it must fit. Of what the shape leaves open, and of keywords that are not followed,
// nothing is said; what is said holds for every document whose shape it is (a certain misfit) or for one at least.
std::vector<Misfit> misfits(const Shape& shape, const NamedPlan& target, Guards guards);

}  // namespace busway::inference
