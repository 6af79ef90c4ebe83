#include <cmath>

#include "bus/json_text.hpp"
#include "bus/pause.hpp"
#include "transforms/jsonata/evaluation.hpp"
#include "transforms/jsonata/values.hpp"

namespace busway::jsonata {

namespace {

enum class Problem { none, non_finite, too_deep };

// Why `value` has no JSON text; none when it has.
Problem look_for_problem(const Node& value, int level) {
  if (level > most_value_levels) return Problem::too_deep;
  pause_if_due();
  if (value.is_number() && !std::isfinite(value.as_double())) return Problem::non_finite;
  Problem found = Problem::none;
  if (value.is_array()) {
    for (const Node& item : value.items()) {
      if (found == Problem::none) found = look_for_problem(item, level + 1);
    }
  } else if (value.is_object()) {
    for (const Member& member : value.members()) {
      if (found == Problem::none) found = look_for_problem(member.value, level + 1);
    }
  }
  return found;
}

}  // namespace

Node Evaluation::text_of(const Node& value, bool pretty) {
  if (value.is_nothing() || value.is_string()) return value;
  if (value.is_function()) return Node::string("");
  if (value.is_number() && !std::isfinite(value.as_double())) return fail("D3001");
  switch (look_for_problem(value, 0)) {
    case Problem::none: break;
    case Problem::non_finite: return fail("D1001");
    case Problem::too_deep: return fail("U1001", "the value is nested too deeply");
  }
  std::string out;
  write_json(value, out, {.digits = JsonDigits::reprinted, .indent = pretty ? 2 : 0});
  if (!spend(out.size() / 64)) return {};
  return make_string(out);
}

}  // namespace busway::jsonata
