#include "transforms/inference/shape.hpp"

#include <algorithm>
#include <cmath>

namespace busway::inference {

namespace {

constexpr std::size_t most_values = 256;

class ListOf final : public ArrayShape {
 public:
  ListOf(Shape item, std::uint64_t fewest, std::uint64_t most, bool made)
      : item_(std::move(item)), fewest_(fewest), most_(most), made_(made) {}
  Shape item() const override { return item_; }
  std::uint64_t fewest() const override { return fewest_; }
  std::uint64_t most() const override { return most_; }
  bool made() const override { return made_; }

 private:
  Shape item_;
  std::uint64_t fewest_;
  std::uint64_t most_;
  bool made_;
};

class MadeObject final : public ObjectShape {
 public:
  explicit MadeObject(std::vector<std::pair<std::string, Shape>> members) : members_(std::move(members)) {}
  Shape member(std::string_view name) const override {
    for (const auto& [key, shape] : members_) {
      if (key == name) return shape;
    }
    return nothing();
  }
  std::vector<std::string> names() const override {
    std::vector<std::string> out;
    for (const auto& [key, shape] : members_) out.push_back(key);
    return out;
  }
  bool closed() const override { return true; }
  bool made() const override { return true; }
  bool ordered() const override { return true; }

 private:
  std::vector<std::pair<std::string, Shape>> members_;
};

class EitherObject final : public ObjectShape {
 public:
  EitherObject(std::shared_ptr<const ObjectShape> left, std::shared_ptr<const ObjectShape> right)
      : left_(std::move(left)), right_(std::move(right)) {}
  Shape member(std::string_view name) const override { return join(left_->member(name), right_->member(name), false); }
  std::vector<std::string> names() const override {
    std::vector<std::string> out = left_->names();
    std::vector<std::string> more = right_->names();
    out.insert(out.end(), more.begin(), more.end());
    std::sort(out.begin(), out.end());
    out.erase(std::unique(out.begin(), out.end()), out.end());
    return out;
  }
  bool closed() const override { return left_->closed() && right_->closed(); }
  bool made() const override { return left_->made() && right_->made(); }

 private:
  std::shared_ptr<const ObjectShape> left_;
  std::shared_ptr<const ObjectShape> right_;
};

class EitherArray final : public ArrayShape {
 public:
  EitherArray(std::shared_ptr<const ArrayShape> left, std::shared_ptr<const ArrayShape> right)
      : left_(std::move(left)), right_(std::move(right)) {}
  Shape item() const override { return join(left_->item(), right_->item(), false); }
  std::uint64_t fewest() const override { return std::min(left_->fewest(), right_->fewest()); }
  std::uint64_t most() const override { return std::max(left_->most(), right_->most()); }
  bool made() const override { return left_->made() && right_->made(); }

 private:
  std::shared_ptr<const ArrayShape> left_;
  std::shared_ptr<const ArrayShape> right_;
};

// Shapes lie behind one another without end when a schema is recursive, so places are taken away when a part is asked for.
class PlacelessObject final : public ObjectShape {
 public:
  explicit PlacelessObject(std::shared_ptr<const ObjectShape> of) : of_(std::move(of)) {}
  Shape member(std::string_view name) const override { return without_places(of_->member(name)); }
  std::vector<std::string> names() const override { return of_->names(); }
  bool closed() const override { return of_->closed(); }

 private:
  std::shared_ptr<const ObjectShape> of_;
};

class PlacelessArray final : public ArrayShape {
 public:
  explicit PlacelessArray(std::shared_ptr<const ArrayShape> of) : of_(std::move(of)) {}
  Shape item() const override { return without_places(of_->item()); }
  std::uint64_t fewest() const override { return of_->fewest(); }
  std::uint64_t most() const override { return of_->most(); }
  bool lengths_happen() const override { return of_->lengths_happen(); }

 private:
  std::shared_ptr<const ArrayShape> of_;
};

std::shared_ptr<const ScalarSet> either(const Shape& left, const Shape& right) {
  if (!left.can_be(kinds::scalar)) return right.values;
  if (!right.can_be(kinds::scalar) || left.values == right.values) return left.values;
  if (left.values == nullptr || right.values == nullptr) return nullptr;
  if (left.values->nodes.size() + right.values->nodes.size() > most_values) return nullptr;
  auto out = std::make_shared<ScalarSet>();
  for (const auto* set : {left.values.get(), right.values.get()}) {
    for (const Node& node : set->nodes) out->nodes.push_back(deep_copy(node, out->arena));
  }
  return out;
}

std::uint16_t kind_of(const Node& node) {
  switch (node.kind()) {
    case Node::Kind::nothing: return kinds::missing;
    case Node::Kind::null: return kinds::null;
    case Node::Kind::boolean: return kinds::boolean;
    case Node::Kind::number: {
      double value = node.as_double();
      return std::isfinite(value) && value == std::floor(value) ? kinds::whole : kinds::fraction;
    }
    case Node::Kind::string: return kinds::string;
    case Node::Kind::array: return kinds::array;
    case Node::Kind::object: return kinds::object;
    case Node::Kind::function: return kinds::function;
  }
  return kinds::missing;
}

}  // namespace

Shape anything() {
  Shape out = some(kinds::all);
  out.may_be_sequence = out.may_be_constructed = true;
  return out;
}

Shape any_json() {
  return some(kinds::json);
}

Shape nothing() {
  Shape out = some(kinds::missing);
  out.exact_missing = true;
  return out;
}

Shape some(std::uint16_t of) {
  Shape out;
  out.kinds = of;
  return out;
}

Shape just(const Node& scalar) {
  Shape out = some(kind_of(scalar));
  // A text that rounds to a whole number, such as 1.00000000000000000001, is none.
  if (scalar.is_number()) {
    bool digits = scalar.has_number_text() && scalar.text().find_first_of(".eE") == std::string_view::npos;
    if (!digits) out.kinds = kinds::number;
  }
  out.exact = out.kinds != kinds::number;
  auto values = std::make_shared<ScalarSet>();
  values->nodes.push_back(deep_copy(scalar, values->arena));
  out.values = std::move(values);
  return out;
}

std::shared_ptr<const ArrayShape> list_of(Shape item, std::uint64_t fewest, std::uint64_t most, bool made) {
  return std::make_shared<ListOf>(std::move(item), fewest, most, made);
}

std::shared_ptr<const ObjectShape> object_of(std::vector<std::pair<std::string, Shape>> members) {
  return std::make_shared<MadeObject>(std::move(members));
}

Shape join(const Shape& left, const Shape& right, bool both_happen) {
  Shape out;
  out.kinds = static_cast<std::uint16_t>(left.kinds | right.kinds);
  bool left_empty = !left.can_be(kinds::json | kinds::function);
  bool right_empty = !right.can_be(kinds::json | kinds::function);
  out.exact = both_happen && (left.exact || left_empty) && (right.exact || right_empty) && !(left_empty && right_empty);
  out.exact_missing = both_happen && ((left.can_be(kinds::missing) && left.exact_missing) ||
                                      (right.can_be(kinds::missing) && right.exact_missing));
  out.may_be_sequence = left.may_be_sequence || right.may_be_sequence;
  out.may_be_constructed = left.may_be_constructed || right.may_be_constructed;
  out.collapses = left.collapses || right.collapses;
  out.free_text = left.free_text || right.free_text;
  out.numeric_text = (left.numeric_text || !left.can_be(kinds::string)) && (right.numeric_text || !right.can_be(kinds::string));
  out.values = either(left, right);
  if (!left.can_be(kinds::object)) {
    out.object = right.object;
  } else if (!right.can_be(kinds::object) || left.object == right.object) {
    out.object = left.object;
  } else if (left.object != nullptr && right.object != nullptr) {
    out.object = std::make_shared<EitherObject>(left.object, right.object);
  }
  if (!left.can_be(kinds::array)) {
    out.array = right.array;
  } else if (!right.can_be(kinds::array) || left.array == right.array) {
    out.array = left.array;
  } else if (left.array != nullptr && right.array != nullptr) {
    out.array = std::make_shared<EitherArray>(left.array, right.array);
  }
  out.at = left.at;
  out.source = left.source.empty() ? right.source : right.source.empty() || left.source == right.source ? left.source : "";
  return out;
}

Shape without(Shape shape, std::uint16_t gone) {
  shape.kinds = static_cast<std::uint16_t>(shape.kinds & ~gone);
  if (!shape.can_be(kinds::scalar)) shape.values = nullptr;
  if (!shape.can_be(kinds::object)) shape.object = nullptr;
  if (!shape.can_be(kinds::array)) {
    shape.array = nullptr;
    shape.may_be_sequence = shape.may_be_constructed = false;
  }
  if (!shape.can_be(kinds::missing)) shape.exact_missing = false;
  return shape;
}

Shape inexact(Shape shape) {
  shape.exact = shape.exact_missing = false;
  return shape;
}

Shape without_places(const Shape& shape) {
  Shape out = shape;
  out.at = -1;
  if (out.object != nullptr) out.object = std::make_shared<PlacelessObject>(out.object);
  if (out.array != nullptr) out.array = std::make_shared<PlacelessArray>(out.array);
  return out;
}

std::string words(std::uint16_t some) {
  std::vector<std::string_view> names;
  if ((some & kinds::object) != 0) names.push_back("an object");
  if ((some & kinds::array) != 0) names.push_back("an array");
  if ((some & kinds::string) != 0) names.push_back("a string");
  if ((some & kinds::number) == kinds::fraction) {
    names.push_back("a number with decimals");
  } else if ((some & kinds::fraction) != 0) {
    names.push_back("a number");
  } else if ((some & kinds::whole) != 0) {
    names.push_back("a whole number");
  }
  if ((some & kinds::boolean) != 0) names.push_back("a boolean");
  if ((some & kinds::null) != 0) names.push_back("null");
  std::string out;
  for (std::size_t i = 0; i < names.size(); ++i) {
    out += i == 0 ? "" : i + 1 == names.size() ? " or " : ", ";
    out += names[i];
  }
  return out.empty() ? "nothing" : out;
}

bool holds(const Shape& shape, const Node& document) {
  std::uint16_t kind = kind_of(document);
  if (!shape.can_be(kind)) return false;
  if ((kind & kinds::scalar) != 0 && shape.values != nullptr) {
    const auto& nodes = shape.values->nodes;
    return std::any_of(nodes.begin(), nodes.end(), [&](const Node& node) { return equal(node, document); });
  }
  if (document.is_array() && shape.array != nullptr) {
    if (document.size() < shape.array->fewest() || document.size() > shape.array->most()) return false;
    Shape item = shape.array->item();
    return std::all_of(document.items().begin(), document.items().end(), [&](const Node& one) { return holds(item, one); });
  }
  if (document.is_object() && shape.object != nullptr) {
    std::vector<std::string> names = shape.object->names();
    for (const Member& member : document.members()) {
      bool named = std::find(names.begin(), names.end(), member.key.text()) != names.end();
      if (!named && shape.object->closed()) return false;
      if (!holds(shape.object->member(member.key.text()), member.value)) return false;
    }
    for (const std::string& name : names) {
      if (document.member(name).is_nothing() && !shape.object->member(name).can_be(kinds::missing)) return false;
    }
  }
  return true;
}

}  // namespace busway::inference
