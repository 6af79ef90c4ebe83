#include "transforms/inference/contract.hpp"

#include <algorithm>

#include "bus/finding.hpp"
#include "bus/json_text.hpp"
#include "transforms/schema/check.hpp"

namespace busway::inference {

namespace {

using schema::Schema;

constexpr int most_levels = 40;
constexpr std::size_t most_misfits = 50;
constexpr std::uint64_t most_work = 20'000;

std::string in_quotes(std::string_view text) {
  return "'" + std::string(text) + "'";
}

class Holder {
 public:
  // `work` counts on: recursive schemas hold one another without end.
  Holder(const NamedPlan& target, Guards guards, std::vector<Misfit>& out, std::uint64_t& work)
      : target_(target), guards_(guards), out_(out), work_(work) {}

  // What holds on the way to a value: whether it turns up, in ways that are known, and where the part that holds it stands.
  struct Way {
    std::string path;  // of the output: "/lines/*/qty"
    std::int64_t at = -1;
    bool certain = true;  // when it is there it is what its shape says
    bool exact = true;
    bool always = true;  // in every output
    int level = 0;
  };

  // False after a certain misfit.
  bool hold(const Shape& given, const Schema& schema, const Way& way) {
    if (way.level > most_levels || out_.size() >= most_misfits || ++work_ > most_work) return true;
    Shape shape = without(given, kinds::missing);
    // A function is not followed further, and what is never there fits.
    if (shape.kinds == 0 || shape.can_be(kinds::function)) return true;
    Way here = way;
    if (shape.at >= 0) here.at = shape.at;
    here.exact = way.exact && shape.exact;
    bool kinds_happen = here.exact && !guards_.kinds;
    std::uint16_t accepted = accepted_kinds(schema);
    if ((shape.kinds & accepted) == 0) {
      std::string wanted = accepted == 0 ? "nothing" : words(accepted);
      return report(here, true, "BW4201", "this gives " + what(shape) + ", but " + place(schema) + " takes " + wanted, shape);
    }
    auto never = static_cast<std::uint16_t>(shape.kinds & ~accepted);
    // A whole number is a number too: that it may be no whole one is not said where it is one of several kinds.
    if (never != 0 && kinds_happen) {
      if (shape.collapses && accepted_only(accepted, kinds::array) && shape.can_be(kinds::array)) {
        report(here, false, "BW4205",
               "this gives " + words(never) + " where there is one item, but " + place(schema) +
                   " takes an array; put [ ] around it",
               shape);
      } else {
        report(here, false, "BW4201", "this may give " + words(never) + ", but " + place(schema) + " takes " + words(accepted),
               shape);
      }
    }
    if (shape.is_only(kinds::scalar) && shape.values != nullptr) return hold_values(shape, schema, here, kinds_happen);
    Shape rest = without(shape, never);
    bool good = true;
    if (!rest.is_only(kinds::object) && !rest.is_only(kinds::array)) return true;
    here.exact = here.exact && never == 0;
    for (const Schema* one : conjuncts_of(schema).all) {
      if (rest.is_only(kinds::object) && one->objects != nullptr && rest.object != nullptr) {
        good = hold_object(rest, *one, here) && good;
      }
      if (rest.is_only(kinds::array) && one->arrays != nullptr && rest.array != nullptr) {
        good = hold_array(rest, *one, here) && good;
      }
      if (one->combined != nullptr) good = hold_alternatives(rest, *one->combined, here) && good;
    }
    return good;
  }

 private:
  static bool accepted_only(std::uint16_t accepted, std::uint16_t some) { return accepted != 0 && (accepted & ~some) == 0; }

  static std::string what(const Shape& shape) {
    if (shape.values != nullptr && shape.is_only(kinds::scalar) && shape.values->nodes.size() <= 5) {
      return one_or_more(*shape.values);
    }
    return words(shape.kinds);
  }

  std::string place(const Schema& schema) const { return place_of(target_, schema); }

  // False when it is certain.
  bool report(const Way& way, bool certain, std::string code, std::string text, const Shape& shape) {
    if (certain && !way.certain) {
      // Certain only where a value turns up that need not.
      if (!way.exact || guards_.kinds) return true;
      certain = false;
    }
    text += " (output " + (way.path.empty() ? "as a whole" : way.path);
    if (!shape.source.empty()) text += ", input " + shape.source;
    text += ")";
    out_.push_back({.certain = certain, .code = std::move(code), .at = way.at, .text = std::move(text)});
    return !certain;
  }

  bool hold_values(const Shape& shape, const Schema& schema, const Way& way, bool happen) {
    if (!target_.plan->dynamic_anchors.empty()) return true;
    schema::ValidationLimits limits;
    ScalarSet bad;
    for (const Node& value : shape.values->nodes) {
      schema::Check check(*target_.plan, limits);
      if (!check.fits(schema, value, 0) && check.exhausted() == schema::Check::Exhausted::no) bad.nodes.push_back(value);
    }
    if (bad.nodes.empty()) return true;
    bool all = bad.nodes.size() == shape.values->nodes.size();
    if (!all && !happen) return true;
    return report(way, all, "BW4202",
                  std::string(all ? "this gives " : "this may give ") + one_or_more(bad) + ", but " + place(schema) + " takes " +
                      wanted(schema),
                  shape);
  }

  static std::string wanted(const Schema& schema) {
    for (const Schema* one : conjuncts_of(schema).all) {
      if (one->values == nullptr) continue;
      std::string out;
      for (const Node& value : one->values->values()) {
        if (out.size() > 80) return out + ", ...";
        out += (out.empty() ? "" : ", ") + to_json(value);
      }
      return (one->values->values().size() == 1 ? "" : "one of ") + out;
    }
    return "other values";
  }

  bool hold_object(const Shape& shape, const Schema& schema, const Way& way) {
    const ObjectShape& object = *shape.object;
    const schema::ObjectChecks& checks = *schema.objects;
    bool good = true;
    std::vector<std::string> names = object.names();
    std::vector<std::string> required = checks.required;
    for (const auto& [name, known] : checks.known) {
      if (known.required && std::find(required.begin(), required.end(), name) == required.end()) required.emplace_back(name);
    }
    for (const std::string& name : required) {
      Shape member = object.member(name);
      if (!member.can_be(kinds::missing)) continue;
      Way there = inside(way, "/" + name, member);
      // Brackets around it mend both, and hold() asks for them.
      auto known = checks.known.find(name);
      bool brackets = member.collapses && member.can_be(kinds::array) && known != checks.known.end() &&
                      known->second.schema != nullptr && accepted_only(accepted_kinds(*known->second.schema), kinds::array);
      if (brackets) continue;
      if (member.is_only(kinds::missing)) {
        std::string why = std::find(names.begin(), names.end(), name) == names.end() || !object.made()
                              ? in_quotes(name) + " is never there"
                              : in_quotes(name) + " is never given a value";
        good = report(there, true, "BW4203", why + ", but " + place(schema) + " requires it", member) && good;
      } else if (way.exact && member.exact_missing && !guards_.missing && (way.always || !guards_.kinds)) {
        report(there, false, "BW4204", in_quotes(name) + " may be missing, but " + place(schema) + " requires it", member);
      }
    }
    for (const std::string& name : names) {
      Shape member = object.member(name);
      if (member.is_only(kinds::missing)) continue;
      Way there = inside(way, "/" + name, member);
      if (!object.made() && member.can_be(kinds::missing)) {
        there.certain = false;
        there.exact = way.exact && member.exact;
      }
      if (member.can_be(kinds::missing) || (member.kinds & (member.kinds - 1)) != 0) {
        there.always = false;
      }
      std::vector<const Schema*> fitting;
      auto known = checks.known.find(name);
      if (known != checks.known.end() && known->second.schema != nullptr) fitting.push_back(known->second.schema);
      bool named = known != checks.known.end() && known->second.schema != nullptr;
      for (const auto& [pattern, one] : checks.patterns) {
        if (!pattern.matches(name)) continue;
        fitting.push_back(one);
        named = true;
      }
      if (!named && checks.additional != nullptr) fitting.push_back(checks.additional);
      for (const Schema* one : fitting) {
        if (one->verdict == Schema::Verdict::refuse && without(member, kinds::missing | kinds::function).kinds != 0 &&
            !member.can_be(kinds::function)) {
          std::vector<std::string_view> taken;
          for (const auto& [key, value] : checks.known) taken.push_back(key);
          std::sort(taken.begin(), taken.end());
          bool fits = report(there, true, "BW4206",
                             place(schema) + " takes no member " + in_quotes(name) + did_you_mean(name, taken), member) ||
                      member.can_be(kinds::missing);
          good = fits && good;
          continue;
        }
        good = (hold(member, *one, there) || member.can_be(kinds::missing)) && good;
      }
    }
    return good;
  }

  bool hold_array(const Shape& shape, const Schema& schema, const Way& way) {
    const schema::ArrayChecks& checks = *schema.arrays;
    const ArrayShape& array = *shape.array;
    bool good = true;
    if (array.most() < checks.min_items) {
      good = report(way, true, "BW4207",
                    "this gives at most " + std::to_string(array.most()) + " items, but " + place(schema) + " takes at least " +
                        std::to_string(checks.min_items),
                    shape);
    } else if (array.fewest() > checks.max_items) {
      good = report(way, true, "BW4207",
                    "this gives at least " + std::to_string(array.fewest()) + " items, but " + place(schema) + " takes at most " +
                        std::to_string(checks.max_items),
                    shape);
    }
    if (array.most() == 0) return good;
    if (!checks.prefix.empty() || checks.rest == nullptr || checks.rest->verdict != Schema::Verdict::open) return good;
    Shape item = array.item();
    Way there = inside(way, "/*", item);
    there.always = false;
    if (!array.made() && array.fewest() == 0) there.certain = false;
    // An empty array would fit all the same.
    return (hold(item, *checks.rest, there) || array.fewest() == 0) && good;
  }

  // Only when each alternative surely fails does the value.
  bool hold_alternatives(const Shape& shape, const schema::Combinations& combined, const Way& way) {
    bool good = true;
    for (const auto* alternatives : {&combined.any_of, &combined.one_of}) {
      if (alternatives->empty()) continue;
      std::vector<const Schema*> of_kind;
      std::vector<Misfit> told;
      bool all = true;
      for (const Schema* one : *alternatives) {
        std::vector<Misfit> found;
        Way there = way;
        there.level += 1;
        Holder trial(target_, guards_, found, work_);
        if (trial.hold(shape, *one, there)) {
          all = false;
          break;
        }
        if ((accepted_kinds(*one) & shape.kinds) != 0) {
          of_kind.push_back(one);
          told = std::move(found);
        }
      }
      if (!all) continue;
      if (of_kind.size() == 1) {
        std::copy_if(told.begin(), told.end(), std::back_inserter(out_), [](const Misfit& one) { return one.certain; });
        good = false;
      } else {
        good = report(way, true, "BW4201",
                      "this fits none of the " + std::to_string(alternatives->size()) + " alternatives of " +
                          place(*alternatives->front()),
                      shape) &&
               good;
      }
    }
    return good;
  }

  static Way inside(const Way& way, const std::string& step, const Shape& part) {
    Way out = way;
    out.path += step;
    out.level += 1;
    if (part.at >= 0) out.at = part.at;
    return out;
  }

  const NamedPlan& target_;
  Guards guards_;
  std::vector<Misfit>& out_;
  std::uint64_t& work_;
};

}  // namespace

std::string one_or_more(const ScalarSet& values) {
  std::string out;
  std::size_t shown = std::min<std::size_t>(values.nodes.size(), 5);
  for (std::size_t i = 0; i < shown; ++i)
    out += (i == 0 ? "" : i + 1 == values.nodes.size() ? " or " : ", ") + to_json(values.nodes[i]);
  return shown < values.nodes.size() ? out + ", ..." : out;
}

std::vector<Misfit> misfits(const Shape& shape, const NamedPlan& target, Guards guards) {
  std::vector<Misfit> out;
  // A mapping that gives nothing fails by itself.
  std::uint64_t work = 0;
  Holder(target, guards, out, work).hold(without(shape, kinds::missing), *target.plan->root, {});
  return out;
}

}  // namespace busway::inference
