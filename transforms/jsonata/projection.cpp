#include "transforms/jsonata/projection.hpp"

#include <algorithm>
#include <deque>
#include <map>
#include <set>

#include "transforms/jsonata/builtins.hpp"
#include "transforms/jsonata/facts.hpp"
#include "transforms/jsonata/signature.hpp"
#include "transforms/jsonata/stack.hpp"

namespace busway::jsonata {

namespace {

// A place in the input; `whole` when all below it is looked at.
struct Place {
  std::map<std::string, Place*, std::less<>> members{};
  bool whole = false;
};
using Values = std::set<Place*>;  // the places a value may come from; a made value has none

// Follows values through a program without having any. What a variable may hold is collected over the whole program, so the walk
// is repeated until nothing is added.
class Follower {
 public:
  explicit Follower(const Program& program) : program_(program) { make(); }

  bool everything() const { return all_ || root_->whole; }

  void run() {
    std::size_t known = 0;
    for (int round = 0; round < 8; ++round) {
      grown_ = false;
      use(follow(*program_.root, {root_}));
      if (!grown_ && places_.size() == known) return;
      known = places_.size();
    }
    all_ = true;
  }

  void list(const Place& place, const std::string& path, std::vector<std::string>& paths) const {
    if (!path.empty() && (place.whole || place.members.empty())) {
      paths.push_back(path);
      return;
    }
    for (const auto& [name, below] : place.members) list(*below, path.empty() ? name : path + "." + name, paths);
  }
  const Place& root() const { return *root_; }

 private:
  static constexpr std::size_t most_places = 10'000;

  Place* make() {
    places_.emplace_back();
    if (root_ == nullptr) root_ = &places_.back();
    return &places_.back();
  }
  static void use(const Values& values) {
    for (Place* place : values) place->whole = true;
  }
  static void add(Values& to, const Values& from) { to.insert(from.begin(), from.end()); }
  void bind(VariableId id, const Values& values) {
    if (id == no_variable) return;
    Values& held = variables_[id];
    std::size_t before = held.size();
    add(held, values);
    grown_ = grown_ || held.size() != before;
  }

  Values below(const Values& context, std::string_view name) {
    Values found;
    for (Place* place : context) {
      // Within what is looked at as a whole there is nothing to tell apart.
      if (place->whole || places_.size() > most_places) {
        place->whole = true;
        found.insert(place);
        continue;
      }
      auto known = place->members.find(name);
      if (known == place->members.end()) known = place->members.emplace(name, make()).first;
      found.insert(known->second);
    }
    return found;
  }

  Values follow(const Op& op, const Values& context) {
    if (stack_is_short(stack_floor())) {
      all_ = true;
      return {};
    }
    Values values = follow_kind(op, context);
    for (const Items<Op::Stage>* stages : {&op.predicates, &op.stages}) {
      for (const Op::Stage& stage : *stages) {
        if (stage.filter != nullptr) use(follow(*stage.filter, values));
      }
    }
    if (op.group == nullptr) return values;
    for (const Op::Pair& pair : op.group->pairs) {
      use(follow(*pair.key, values));
      use(follow(*pair.value, values));
    }
    return {};
  }

  Values follow_path(const Op& op, const Values& context) {
    Values at = context;
    for (const Op* step : op.list) {
      if (step->kind == Op::Kind::sort) {
        for (const Op::Term& term : step->terms) use(follow(*term.expression, at));
        continue;
      }
      if (step->ancestor != nullptr) all_ = true;
      if (step->focus != no_variable) {
        // The predicates see the variable; the context stays.
        bind(step->focus, follow_kind(*step, at));
        for (const Op::Stage& stage : step->stages) {
          if (stage.filter != nullptr) use(follow(*stage.filter, at));
        }
        continue;
      }
      at = follow(*step, at);
    }
    return at;
  }

  Values follow_call(const Op& op, const Values& context, const Values* first) {
    Values given;
    if (first != nullptr) given = *first;
    for (const Op* argument : op.list) {
      if (argument->kind != Op::Kind::lambda) add(given, follow(*argument, context));
    }
    const Builtin* builtin = op.left->kind == Op::Kind::builtin ? op.left->builtin : nullptr;
    if (builtin == nullptr) {
      // A function of the text: what it gets is looked at as a whole, so its body needs no arguments to be followed.
      use(given);
      follow(*op.left, context);
      if (takes_context_) use(context);
    } else if (builtin->name == "eval") {
      all_ = true;
    } else {
      bool with_first = first != nullptr;
      if (builtin->signature->may_use_context(op.list.size + (with_first ? 1 : 0))) add(given, context);
      if (hands_on(op, *builtin, with_first)) use(given);
    }
    for (const Op* argument : op.list) {
      if (argument->kind != Op::Kind::lambda) continue;
      for (VariableId parameter : argument->parameters) bind(parameter, given);
      Values result = follow(*argument->left, context);
      use(result);
      // What a mapping gives is what its function gives.
      if (builtin != nullptr && builtin->name == "map") given = result;
    }
    if (builtin == nullptr) return {};
    static constexpr std::string_view passes_on[] = {"append", "distinct", "filter", "map", "reverse", "shuffle", "single"};
    static constexpr std::string_view looks_at_none[] = {"count", "exists"};
    if (std::find(std::begin(passes_on), std::end(passes_on), builtin->name) != std::end(passes_on)) return given;
    if (std::find(std::begin(looks_at_none), std::end(looks_at_none), builtin->name) != std::end(looks_at_none)) return {};
    use(given);
    return {};
  }

  // True when a function may get values that is not written out here: what it looks at is not known.
  static bool hands_on(const Op& op, const Builtin& builtin, bool first) {
    if (builtin.signature_text.find('f') == std::string_view::npos) return false;
    std::size_t at = first ? 1 : 0;
    bool single = op.list.size + at == 1;
    for (const Op* argument : op.list) {
      bool written =
          argument->kind == Op::Kind::lambda || argument->kind == Op::Kind::regex || argument->kind == Op::Kind::literal;
      if (!written && (at > 0 || single)) return true;
      ++at;
    }
    return false;
  }

  // A function as a value: who calls it may leave out what it then takes from the context of the call.
  void pass_around(const Signature* signature) {
    if (takes_context_ || signature == nullptr || !signature->may_use_context(0)) return;
    takes_context_ = true;
    grown_ = true;
  }

  Values follow_kind(const Op& op, const Values& context) {
    Values values;
    switch (op.kind) {
      case Op::Kind::builtin:
        all_ = all_ || op.builtin->name == "eval";
        pass_around(op.builtin->signature);
        return {};
      case Op::Kind::lambda: pass_around(op.signature); break;
      case Op::Kind::context: return context;
      case Op::Kind::root: return {root_};
      case Op::Kind::name: return below(context, op.text);
      case Op::Kind::path: return follow_path(op, context);
      case Op::Kind::wildcard:
      case Op::Kind::descendant: use(context); return context;
      case Op::Kind::local: return variables_[op.variable];
      case Op::Kind::parent:
      case Op::Kind::transform: all_ = true; return {};
      case Op::Kind::bind:
        values = follow(*op.right, context);
        bind(op.variable, values);
        return values;
      case Op::Kind::block:
        for (const Op* statement : op.list) values = follow(*statement, context);
        return values;
      case Op::Kind::array:
        for (const Op* element : op.list) add(values, follow(*element, context));
        return values;
      case Op::Kind::condition:
        use(follow(*op.left, context));
        add(values, follow(*op.right, context));
        if (op.third != nullptr) add(values, follow(*op.third, context));
        return values;
      case Op::Kind::coalesce:
      case Op::Kind::elvis:
        values = follow(*op.left, context);
        use(values);
        add(values, follow(*op.third, context));
        return values;
      case Op::Kind::call: return follow_call(op, context, nullptr);
      case Op::Kind::apply: {
        Values left = follow(*op.left, context);
        if (op.right->kind == Op::Kind::call) {
          values = follow_call(*op.right, context, &left);
          use(values);
          return {};
        }
        use(left);
        use(follow(*op.right, context));
        return {};
      }
      default: break;
    }
    // Operators, objects, functions: what is below is looked at, and what comes out is made here.
    each_part(op, [&](const Op& part, bool) { use(follow(part, context)); });
    return {};
  }

  const Program& program_;
  std::deque<Place> places_{};
  Place* root_ = nullptr;
  std::map<VariableId, Values> variables_{};
  bool grown_ = false;
  bool takes_context_ = false;  // some function that is passed around may take its context
  bool all_ = false;
};

}  // namespace

Projection projection_of(const Program& program) {
  if (!program.reads_input) return {};
  Follower follower(program);
  follower.run();
  if (follower.everything()) return {.everything = true, .paths = {}};
  Projection projection;
  follower.list(follower.root(), {}, projection.paths);
  return projection;
}

}  // namespace busway::jsonata
