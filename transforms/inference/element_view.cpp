#include "transforms/inference/element_view.hpp"

#include <algorithm>

namespace busway::inference {

namespace {

constexpr int most_levels = 24;
constexpr std::uint16_t of_xml = kinds::null | kinds::string | kinds::object;

// What is common to the parts of a contract's shapes.
struct View {
  ContractPtr contract;  // keeps what the parts point to
  std::string place;
  int level = 0;

  View at(std::string_view name) const { return {contract, place + "/" + std::string(name), level + 1}; }
};

bool has_attributes(const ContractElement& element) {
  return element.open_attributes ||
         std::any_of(element.members.begin(), element.members.end(), [](const auto& one) { return one.name.starts_with('@'); });
}

bool requires_attributes(const ContractElement& element) {
  return std::any_of(element.members.begin(), element.members.end(),
                     [](const auto& one) { return one.name.starts_with('@') && one.fewest > 0; });
}

Shape shape_of_text(const ContractText& text) {
  Shape out = some(kinds::string);
  out.exact = true;
  bool number = text.kind == ContractText::Kind::whole || text.kind == ContractText::Kind::decimal ||
                text.kind == ContractText::Kind::floating;
  out.numeric_text = number && text.values.empty();
  out.free_text = text.kind == ContractText::Kind::any && text.values.empty() && !text.says_more && text.min_length == 0 &&
                  text.max_length == unbounded;
  // Where white space does not count it is in the document all the same.
  if (text.values.empty() || !text.keeps_space) return out;
  auto set = std::make_shared<ScalarSet>();
  for (const std::string& value : text.values) set->nodes.push_back(Node::string(set->arena.copy(value)));
  out.values = std::move(set);
  out.exact = !text.says_more && text.min_length == 0 && text.max_length == unbounded;
  return out;
}

Shape shape_of_member(const View& view, const ContractMember& member);

class ElementObject final : public ObjectShape {
 public:
  ElementObject(View view, const ContractElement& element, bool nillable)
      : view_(std::move(view)), element_(element), nillable_(nillable) {}

  Shape member(std::string_view name) const override {
    if (name == "#text" && element_.text) {
      Shape out = shape_of_text(*element_.text);
      out.source = view_.place;
      // What has a form is not empty.
      if (element_.text->kind == ContractText::Kind::any) out.kinds |= kinds::missing;
      if (!nillable_) return out;
      out.values = nullptr;
      out.kinds |= kinds::null;
      return inexact(std::move(out));
    }
    if (name == "#text" && may_have_text()) {
      // White space counts where no element stands beside it.
      return some(kinds::string | kinds::missing);
    }
    if (const ContractMember* found = element_.find(name)) return shape_of_member(view_, *found);
    if (name.starts_with('@') && element_.open_attributes) return some(kinds::string | kinds::missing);
    return nothing();
  }

  std::vector<std::string> names() const override {
    std::vector<std::string> out;
    for (const ContractMember& one : element_.members) out.push_back(one.name);
    if (may_have_text()) out.emplace_back("#text");
    return out;
  }

  bool closed() const override { return !element_.open_attributes; }

 private:
  bool may_have_text() const { return element_.text.has_value() || element_.mixed || !requires_elements(); }
  bool requires_elements() const {
    return !element_.choices.empty() || std::any_of(element_.members.begin(), element_.members.end(),
                                                    [](const auto& one) { return !one.name.starts_with('@') && one.fewest > 0; });
  }

  View view_;
  const ContractElement& element_;
  bool nillable_;
};

class RepeatedElement final : public ArrayShape {
 public:
  RepeatedElement(Shape item, const ContractMember& member)
      : item_(std::move(item)),
        fewest_(std::max<std::uint64_t>(member.fewest, 2)),
        most_(member.most),
        all_(member.counts_happen) {}
  Shape item() const override { return item_; }
  std::uint64_t fewest() const override { return fewest_; }
  std::uint64_t most() const override { return most_; }
  bool lengths_happen() const override { return all_; }

 private:
  Shape item_;
  std::uint64_t fewest_;
  std::uint64_t most_;
  bool all_;
};

Shape shape_of_element(const View& view, const ContractElement* element, bool nillable) {
  Shape out = some(of_xml);
  if (element != nullptr && !nillable) out.kinds &= ~kinds::null;
  out.source = view.place;
  bool known = element != nullptr && !element->replaceable && !element->abstract && !element->open;
  if (!known || view.level > most_levels) return out;
  bool attributes = has_attributes(*element);
  auto object = std::make_shared<ElementObject>(view, *element, nillable);
  if (element->text) {
    out = shape_of_text(*element->text);
    out.source = view.place;
    if (attributes) {
      out.kinds |= kinds::object;
      out.object = std::move(object);
    }
    if (requires_attributes(*element)) {
      out = without(std::move(out), kinds::string);
      nillable = false;
    }
  } else {
    out.kinds = requires_members(*element) ? 0 : kinds::string;
    out.exact = true;
    if (!element->members.empty() || attributes) {
      out.kinds |= kinds::object;
      out.object = std::move(object);
    }
    if (nillable && attributes) {
      // Nil with an attribute: an object without its elements.
      out.object = nullptr;
      out.exact = false;
    }
    if (requires_attributes(*element)) nillable = false;
  }
  if (nillable) {
    out.kinds |= kinds::null;
    if (out.values != nullptr) {
      auto set = std::make_shared<ScalarSet>();
      for (const Node& value : out.values->nodes) set->nodes.push_back(deep_copy(value, set->arena));
      set->nodes.push_back(Node::null());
      out.values = std::move(set);
    }
  }
  return out;
}

Shape shape_of_member(const View& view, const ContractMember& member) {
  View inner = view.at(member.name);
  Shape one = shape_of_element(inner, member.type, member.nillable);
  if (member.name.starts_with('@')) one = without(std::move(one), kinds::null | kinds::object);
  Shape out = one;
  if (member.most > 1) {
    Shape many = some(kinds::array);
    many.source = inner.place;
    many.exact = true;
    many.array = std::make_shared<RepeatedElement>(std::move(one), member);
    if (member.fewest > 1) {
      out = many;
    } else {
      out.collapses = many.collapses = true;
      out = join(out, many, true);
    }
    if (!member.counts_happen) out = inexact(std::move(out));
  }
  if (member.fewest == 0) {
    out.kinds |= kinds::missing;
    out.exact_missing = member.counts_happen;
  }
  return out;
}

}  // namespace

std::string place_of(const MessageContract& contract) {
  return contract.name + "#" + contract.path;
}

bool requires_members(const ContractElement& element) {
  return !element.choices.empty() ||
         std::any_of(element.members.begin(), element.members.end(), [](const auto& one) { return one.fewest > 0; });
}

Shape shape_of(const ContractPtr& contract, bool envelope) {
  View view{contract, place_of(*contract), 0};
  Shape out = shape_of_element(view, contract->root, contract->nillable);
  bool empty = out.can_be(kinds::string);
  if (!envelope || !empty || out.can_be(kinds::object)) return out;
  out.kinds |= kinds::object;
  out.exact = false;
  return out;
}

}  // namespace busway::inference
