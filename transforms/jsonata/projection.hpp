#pragma once

#include <string>
#include <vector>

#include "transforms/jsonata/ir.hpp"

namespace busway::jsonata {

// Which parts of its input a program may look at: a reader can skip the rest. A path stands for all that lies below it, and goes
// through arrays without saying so: `lines.sku` is the sku of every line. Never too little; too much where it cannot be told
// (`everything`: wildcards, `%`, $eval, updates, the input as a whole).
struct Projection {
  bool everything = false;
  std::vector<std::string> paths{};  // sorted, none within another
};

Projection projection_of(const Program& program);

}  // namespace busway::jsonata
