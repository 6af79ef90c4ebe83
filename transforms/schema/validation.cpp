#include "transforms/schema/validation.hpp"

#include "transforms/schema/explain.hpp"

namespace busway::schema {

namespace {

Violation limit_reached(const Check& check) {
  bool deep = check.exhausted() == Check::Exhausted::depth;
  return {.pointer = "",
          .schema = "#",
          .keyword = "",
          .expected = deep ? "a document whose schemas nest less deeply" : "a document that takes less work to check",
          .got = "one that reaches the limit"};
}

}  // namespace

ValidationResult validate(const Plan& plan, const Node& document, const ValidationLimits& limits) {
  ValidationResult result;
  Check check(plan, limits);
  bool good = check.fits(*plan.root, document, 0);
  if (check.exhausted() != Check::Exhausted::no) {
    result.exhausted = true;
    result.violations.push_back(limit_reached(check));
    return result;
  }
  if (good) return result;
  Check again(plan, limits);
  Explanation(again, limits.violations, result.violations).explain(*plan.root, document, 0);
  if (result.violations.empty()) {
    result.exhausted = again.exhausted() != Check::Exhausted::no;
    result.violations.push_back({.pointer = "", .schema = "#", .expected = "a document that fits", .got = "another"});
  }
  return result;
}

}  // namespace busway::schema
