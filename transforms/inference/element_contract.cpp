#include "transforms/inference/element_contract.hpp"

#include <algorithm>

#include "bus/finding.hpp"
#include "transforms/inference/element_text.hpp"
#include "transforms/inference/element_view.hpp"

namespace busway::inference {

namespace {

constexpr int most_levels = 40;
constexpr std::size_t most_misfits = 50;
constexpr std::uint64_t most_work = 20'000;

std::string in_quotes(std::string_view text) {
  return "'" + std::string(text) + "'";
}

// An empty list writes nothing.
bool may_write_nothing(const Shape& shape) {
  return shape.can_be(kinds::missing | kinds::function) ||
         (shape.can_be(kinds::array) && (shape.array == nullptr || shape.array->fewest() == 0));
}

class ElementHolder {
 public:
  ElementHolder(Guards guards, std::vector<Misfit>& out) : guards_(guards), out_(out) {}

  // What holds on the way to a value, as of a schema's Holder.
  struct Way {
    std::string path;   // of the output
    std::string place;  // in the contract
    std::int64_t at = -1;
    bool certain = true;
    bool exact = true;
    bool always = true;
    int level = 0;
  };

  // One value, where one element stands.
  void hold(const Shape& given, const ContractElement* type, bool nillable, const Way& way) {
    if (type == nullptr || type->abstract || way.level > most_levels || out_.size() >= most_misfits || ++work_ > most_work)
      return;
    // Of lists in lists nothing is said: they have no form in XML.
    Shape shape = without(given, kinds::missing | kinds::array);
    if (shape.kinds == 0 || shape.can_be(kinds::function)) return;
    Way here = way;
    if (shape.at >= 0) here.at = shape.at;
    here.exact = way.exact && given.exact;
    here.certain = way.certain && !given.can_be(kinds::array);
    std::uint16_t never = type->text ? never_fit(*type->text) : never_content(*type, shape);
    never = static_cast<std::uint16_t>((never | (nillable ? 0 : kinds::null)) & shape.kinds);
    if (never == shape.kinds) {
      report(here, true, "BW4201", "this gives " + what(shape) + ", but " + here.place + " takes " + takes(*type), shape);
      return;
    }
    if (shape.is_only(kinds::scalar) && shape.values != nullptr && type->text) {
      hold_values(shape, *type->text, nillable, here);
      return hold_attributes_of_text(shape, *type, here);
    }
    if (never != 0 && happens(here)) {
      report(here, false, "BW4201", "this may give " + words(never) + ", but " + here.place + " takes " + takes(*type), shape);
    }
    bool free = shape.can_be(kinds::string) && shape.free_text && shape.values == nullptr && type->text &&
                type->text->kind != ContractText::Kind::any;
    if (free && happens(here)) {
      report(here, false, "BW4201", "this may give any text, but " + here.place + " takes " + takes(*type), shape);
    }
    if (shape.is_only(kinds::object)) {
      if (shape.object != nullptr) hold_object(shape, *type, here);
      return;
    }
    hold_attributes_of_text(shape, *type, here);
  }

 private:
  bool happens(const Way& way) const { return way.exact && !guards_.kinds; }

  static std::string what(const Shape& shape) {
    if (shape.values != nullptr && shape.is_only(kinds::scalar) && shape.values->nodes.size() <= 5) {
      return one_or_more(*shape.values);
    }
    return words(shape.kinds);
  }

  static std::string takes(const ContractElement& type) {
    if (type.text) return wanted(*type.text);
    return type.name.empty() ? "an object" : "an object, " + type.name;
  }

  // The kinds of scalars that are never an element with elements in it.
  static std::uint16_t never_content(const ContractElement& type, const Shape& shape) {
    bool needs = requires_members(type);
    std::uint16_t out = 0;
    if (!type.mixed || needs) out |= kinds::number | kinds::boolean;
    bool blank =
        shape.values == nullptr || std::any_of(shape.values->nodes.begin(), shape.values->nodes.end(), [](const Node& one) {
          return one.is_string() && one.text().find_first_not_of(" \t\r\n") == std::string_view::npos;
        });
    if (needs || (!type.mixed && !blank)) out |= kinds::string;
    return out;
  }

  void report(const Way& way, bool certain, std::string code, std::string text, const Shape& shape) {
    if (certain && !way.certain) {
      if (!happens(way)) return;
      certain = false;
    }
    text += " (output " + (way.path.empty() ? "as a whole" : way.path);
    if (!shape.source.empty()) text += ", input " + shape.source;
    text += ")";
    out_.push_back({.certain = certain, .code = std::move(code), .at = way.at, .text = std::move(text)});
  }

  void hold_values(const Shape& shape, const ContractText& type, bool nillable, const Way& way) {
    ScalarSet bad;
    for (const Node& value : shape.values->nodes) {
      if (value.is_null() ? !nillable : breaks(type, value)) bad.nodes.push_back(value);
    }
    if (bad.nodes.empty()) return;
    bool all = bad.nodes.size() == shape.values->nodes.size();
    if (!all && !happens(way)) return;
    report(
        way, all, "BW4202",
        std::string(all ? "this gives " : "this may give ") + one_or_more(bad) + ", but " + way.place + " takes " + wanted(type),
        shape);
  }

  // A text has no attributes.
  void hold_attributes_of_text(const Shape& shape, const ContractElement& type, const Way& way) {
    if (!type.text || !shape.is_only(kinds::scalar & ~kinds::null)) return;
    for (const ContractMember& member : type.members) {
      if (member.fewest == 0) continue;
      Way there = way;
      there.path += "/" + member.name;
      report(there, true, "BW4203", in_quotes(member.name) + " is never there, but " + way.place + " requires it", shape);
    }
  }

  void hold_object(const Shape& shape, const ContractElement& type, const Way& way) {
    const ObjectShape& object = *shape.object;
    std::vector<std::string> names = object.names();
    for (const ContractMember& member : type.members) {
      if (member.fewest > 0) hold_required(object, names, member, way);
    }
    for (const auto& choice : type.choices) hold_choice(object, choice, way);
    for (const std::string& name : names) hold_member(object, name, type, way);
    if (object.ordered()) hold_order(object, names, type, way);
  }

  void hold_required(const ObjectShape& object, const std::vector<std::string>& names, const ContractMember& wanted,
                     const Way& way) {
    Shape member = object.member(wanted.name);
    if (!member.can_be(kinds::missing)) return;
    Way there = inside(way, wanted.name, member);
    there.place = way.place;
    if (member.is_only(kinds::missing)) {
      bool named = std::find(names.begin(), names.end(), wanted.name) != names.end() && object.made();
      report(there, true, "BW4203",
             in_quotes(wanted.name) + (named ? " is never given a value" : " is never there") + ", but " + way.place +
                 " requires it",
             member);
    } else if (way.exact && member.exact_missing && !guards_.missing && (way.always || !guards_.kinds)) {
      report(there, false, "BW4204", in_quotes(wanted.name) + " may be missing, but " + way.place + " requires it", member);
    }
  }

  // Exactly one of the names is there.
  void hold_choice(const ObjectShape& object, const std::vector<std::string>& names, const Way& way) {
    std::vector<std::string> given;
    std::string listed;
    std::size_t never = 0;
    Shape second;
    for (const std::string& name : names) {
      Shape member = object.member(name);
      if (member.is_only(kinds::missing)) ++never;
      if (!may_write_nothing(member)) {
        given.push_back(name);
        if (given.size() == 2) second = member;
      }
      if (listed.size() < 80) listed += (listed.empty() ? "'" : ", '") + name + "'";
    }
    if (never == names.size()) {
      report(way, true, "BW4203", "none of " + listed + " is ever there, but " + way.place + " requires one of them", Shape{});
    } else if (given.size() > 1) {
      report(inside(way, given[1], second), true, "BW4206",
             way.place + " takes only one of " + in_quotes(given[0]) + " and " + in_quotes(given[1]), second);
    }
  }

  void hold_member(const ObjectShape& object, const std::string& name, const ContractElement& type, const Way& way) {
    Shape member = object.member(name);
    if (member.is_only(kinds::missing) || member.can_be(kinds::function)) return;
    Way there = inside(way, name, member);
    if (!object.made() && member.can_be(kinds::missing)) {
      there.certain = false;
      there.exact = way.exact && member.exact;
    }
    if (member.can_be(kinds::missing) || (member.kinds & (member.kinds - 1)) != 0) there.always = false;
    if (name == "#text") {
      if (!type.text) return;
      // The text of an element with attributes.
      ContractElement leaf;
      leaf.text = type.text;
      there.place = way.place;
      if (!member.can_be(kinds::null | kinds::array)) hold(member, &leaf, false, there);
      return;
    }
    bool attribute = name.starts_with('@');
    const ContractMember* found = type.find(name);
    if (found == nullptr) {
      // Names with a prefix are the envelope's and the format's business.
      bool taken = attribute ? type.open_attributes : type.open;
      if (taken || name.find(':') != std::string::npos || may_write_nothing(without(member, kinds::missing))) return;
      std::vector<std::string_view> known;
      for (const ContractMember& one : type.members) known.push_back(one.name);
      std::sort(known.begin(), known.end());
      report(there, true, "BW4206", way.place + " takes no member " + in_quotes(name) + did_you_mean(name, known), member);
      return;
    }
    if (attribute) return hold(member, found->type, false, there);
    hold_count(member, *found, there);
    if (!member.can_be(kinds::array)) return hold(member, found->type, found->nillable, there);
    if (member.array == nullptr || member.array->most() == 0) return;
    // A value that stands alone is an element like those of a list.
    Shape item = member.array->item();
    Shape alone = without(member, kinds::array | kinds::missing);
    Way below = there;
    below.path += "/*";
    below.level += 1;
    below.always = false;
    below.exact = there.exact && member.exact;
    if (item.at >= 0) below.at = item.at;
    if (!member.array->made() && member.array->fewest() == 0) below.certain = false;
    if (alone.kinds != 0) item = join(item, alone, true);
    hold(item, found->type, found->nillable, below);
  }

  void hold_count(const Shape& member, const ContractMember& wanted, const Way& way) {
    auto items = [](std::uint64_t count) { return std::to_string(count) + (count == 1 ? " element" : " elements"); };
    bool only = member.is_only(kinds::array | kinds::missing);
    if (!member.can_be(kinds::array)) {
      if (wanted.fewest > 1)
        report(way, true, "BW4207", "this gives one element, but " + way.place + " takes at least " + items(wanted.fewest),
               member);
      return;
    }
    if (member.array == nullptr) return;
    const ArrayShape& array = *member.array;
    Way here = way;
    here.exact = way.exact && member.exact;
    here.certain = way.certain && only;
    if (array.most() < wanted.fewest) {
      report(here, true, "BW4207",
             "this gives at most " + items(array.most()) + ", but " + way.place + " takes at least " + items(wanted.fewest),
             member);
    } else if (array.fewest() > wanted.most) {
      report(here, true, "BW4207",
             (only ? "this gives at least " + items(array.fewest()) : "this may give " + items(array.fewest()) + " or more") +
                 ", but " + way.place + " takes at most " + items(wanted.most),
             member);
    } else if (array.lengths_happen() && happens(here) && array.fewest() < wanted.fewest) {
      report(here, false, "BW4207", "this may give fewer than " + items(wanted.fewest) + ", but " + way.place + " takes no fewer",
             member);
    } else if (array.lengths_happen() && happens(here) && array.most() > wanted.most) {
      report(here, false, "BW4207", "this may give more than " + items(wanted.most) + ", but " + way.place + " takes no more",
             member);
    }
  }

  // Of members that stand in the wrong order, the first.
  void hold_order(const ObjectShape& object, const std::vector<std::string>& names, const ContractElement& type, const Way& way) {
    struct Seen {
      const ContractMember* member;
      Shape shape;
    };
    std::vector<Seen> before;
    for (const std::string& name : names) {
      const ContractMember* member = type.find(name);
      if (member == nullptr || member->rank == 0) continue;
      Shape shape = object.member(name);
      if (shape.is_only(kinds::missing) || shape.can_be(kinds::function)) continue;
      bool sure = !may_write_nothing(shape);
      for (const Seen& seen : before) {
        if (seen.member->rank <= member->rank) continue;
        bool seen_sure = !may_write_nothing(seen.shape);
        // Each may be there alone unless one of them always is.
        if (!sure && !seen_sure) continue;
        Way there = inside(way, name, shape);
        there.certain = way.certain && sure && seen_sure;
        there.exact = way.exact && (sure || turns_up(shape)) && (seen_sure || turns_up(seen.shape));
        std::size_t told = out_.size();
        report(there, true, "BW4210",
               in_quotes(name) + " stands behind " + in_quotes(seen.member->name) + ", but " + way.place + " has it before",
               shape);
        if (out_.size() != told) return;
      }
      before.push_back({member, std::move(shape)});
    }
  }

  // That it writes something does happen.
  static bool turns_up(const Shape& shape) { return shape.exact && (shape.kinds & ~(kinds::missing | kinds::array)) != 0; }

  static Way inside(const Way& way, const std::string& name, const Shape& part) {
    Way out = way;
    out.path += "/" + name;
    out.place += "/" + name;
    out.level += 1;
    if (part.at >= 0) out.at = part.at;
    return out;
  }

  Guards guards_;
  std::vector<Misfit>& out_;
  std::uint64_t work_ = 0;
};

}  // namespace

std::vector<Misfit> misfits(const Shape& shape, const MessageContract& target, Guards guards) {
  std::vector<Misfit> out;
  ElementHolder::Way way;
  way.place = place_of(target);
  ElementHolder(guards, out).hold(shape, target.root, target.nillable, way);
  return out;
}

}  // namespace busway::inference
