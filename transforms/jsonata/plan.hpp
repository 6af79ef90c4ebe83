#pragma once

#include <vector>

#include "bus/arena.hpp"
#include "transforms/jsonata/facts.hpp"
#include "transforms/jsonata/ir.hpp"

namespace busway::jsonata {

// What is done to a compiled program once, at load, so that evaluating it costs less. The program means the same with and without
// its plan: tests/transforms/jsonata/differential_test.cpp holds one against the other.
//
// - Constants: operators over literals become literals. All texts a result may share lie in one piece, copied at once when an
//   evaluation first needs one.
// - Short ways (Op::Quick): names, variables, constants, objects with constant keys and calls of built-in functions are evaluated
//   without what only other operations need. A path's leading names are walked in one go.
// - What does not change in a loop (Op::Memo) is computed on its first use there and kept while its inputs stay the same values.
// A
//   loop that never uses it never computes it, so an error stays where it was.
// - An equality in a predicate (Op::Lookup) is answered by an index from the second use of the same long array on. So is one
// behind
//   `@$x`: a join visits the pairs that match, not all.
//
// The last two rest on values never changing. An update `|..|..|` changes its own copy while it runs, so a program with one, or
// with $eval, whose text may have one, goes without.
class Planner {
 public:
  Planner(Program& program, Arena& arena) : program_(program), arena_(arena) {}
  void run();

 private:
  // Where an operation stands: in a loop, and which variables change with it.
  struct Place {
    bool loop = false;
    bool covered = false;  // within something that is kept as a whole
    bool fixed = false;    // a step or a predicate: what it is decides how it is read
    const std::vector<VariableId>* changing = nullptr;
  };
  void look_for_change(const Op& op);
  void walk(Op& op, const Place& place);
  void enter(Op& child, const Op& parent, const Place& place, bool loop);
  void choose_quick(Op& op, bool fixed);
  void choose_path(Op& op);
  void choose_object(Op& op);
  bool keep_in_loop(Op& op, const Place& place);
  void choose_lookup(Op& filter);
  void choose_join(Op& step);
  void number_constant(Op& op);
  void fold(Op& op);

  Program& program_;
  Arena& arena_;
  bool values_change_ = false;
  std::uintptr_t floor_ = 0;
};

}  // namespace busway::jsonata
