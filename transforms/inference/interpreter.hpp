#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <set>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "transforms/inference/shape.hpp"
#include "transforms/jsonata/ir.hpp"

namespace busway::inference {

// A name that a mapping reads and its input does not declare.
struct StrayName {
  std::int64_t at = 0;
  std::int64_t path = 0;  // where the path with it begins
  std::string name;
  std::string nearest;  // a declared one like it; may be empty when `never`
  std::string source;   // the object's schema
  bool never = false;   // the object has no other members: the value is surely missing
};

// Where operations of a text begin: the compiler keeps the end of a token only.
class Places {
 public:
  explicit Places(std::string_view text);
  std::int64_t start_of(const jsonata::Op& op) const;
  std::int64_t token_start(const jsonata::Op& op) const;

 private:
  std::vector<std::string_view> points_;
};

// Evaluates a compiled mapping over shapes in place of values. What it gives holds every value that an evaluation of a document
// in `input` can give; an operation that is not followed gives anything(). One use.
//
// Whether a value that may turn up does turn up (Shape::exact) hangs on the mapping not failing for it. So operations that can
// fail are noted, for the whole result: after one that fails for a kind or value no kind is sure to turn up (kinds_guarded()),
// after one that may fail for what is missing nothing is (missing_guarded()).
class Interpreter {
 public:
  Interpreter(const jsonata::Op& root, const Places& places, Shape input) : op_(root), places_(places), root_(std::move(input)) {}

  Shape run();

  const std::vector<StrayName>& stray_names() const { return stray_; }
  // The mapping may fail where a value is of a kind that it can be of, or where it is missing.
  bool kinds_guarded() const { return kinds_guarded_; }
  bool missing_guarded() const { return missing_guarded_; }

 private:
  using Op = jsonata::Op;
  // What a path has come to: the shape of one item, and how many there may be.
  struct Stream {
    Shape item{};
    bool none = false;
    bool one = false;
    bool many = false;
    bool as_is = false;
    Shape whole{};  // an array that the last step leaves as it is
  };

  Shape evaluate(const Op& op, const Shape& input);
  Shape evaluate_kind(const Op& op, const Shape& input);
  Shape evaluate_local(const Op& op);
  Shape evaluate_condition(const Op& op, const Shape& input);
  Shape evaluate_block(const Op& op, const Shape& input);
  Shape evaluate_object(const Op& op, const Shape& input);
  Shape evaluate_array(const Op& op, const Shape& input);
  Shape evaluate_arithmetic(const Op& op, const Shape& input);
  Shape evaluate_comparison(const Op& op, const Shape& input);
  Shape evaluate_truth(const Op& op, const Shape& input);
  Shape evaluate_range(const Op& op, const Shape& input);
  Shape evaluate_call(const Op& op, const Shape& input, const Shape* first);
  Shape evaluate_each(const Op& lambda, const Shape& input, const Shape& list, bool filters);
  Shape evaluate_apply(const Op& op, const Shape& input);
  Shape evaluate_path(const Op& op, const Shape& input);
  Shape evaluate_filter(const Op& predicate, const Shape& value);
  Shape unknown(const Op& op, const Shape& input);

  Shape look_up(const Op& op, const Shape& input, std::string_view name);
  Stream step(const Op& op, const Stream& from, bool last);
  static Shape finish(const Stream& stream, bool keep_singleton);
  void note_stray(const Op& op, const Shape& object, std::string_view name);
  void forget_bound_within(const Op& op, bool direct);

  void may_fail_on_kinds() { kinds_guarded_ = true; }
  void may_fail() { kinds_guarded_ = missing_guarded_ = true; }
  // An operation fails for some values of this operand.
  void may_fail_on(const Shape& shape);
  // ... unless what is there is of these kinds.
  void wants(const Shape& shape, std::uint16_t some);

  const Op& op_;
  const Places& places_;
  Shape root_;
  std::map<jsonata::VariableId, Shape> variables_{};
  std::set<jsonata::VariableId> unclear_{};  // bound where it is not known whether
  std::vector<StrayName> stray_{};
  bool kinds_guarded_ = false;
  bool missing_guarded_ = false;
  std::int64_t path_ = -1;  // where the path begins that is being followed
  int depth_ = 0;
  std::uint64_t work_ = 0;
};

}  // namespace busway::inference
