#include "transforms/schema/deep_value.hpp"

#include <algorithm>
#include <cstring>
#include <random>

#include "bus/pause.hpp"
#include "transforms/schema/decimal.hpp"

namespace busway::schema {

namespace {

__extension__ using Wide = unsigned __int128;

std::uint64_t secret() {
  static const std::uint64_t value = [] {
    std::random_device device;
    return (std::uint64_t{device()} << 32 | device()) | 1;
  }();
  return value;
}

std::uint64_t hash_text(std::string_view text, std::uint64_t seed) {
  std::uint64_t hash = mix(seed, text.size());
  while (text.size() >= 8) {
    std::uint64_t word = 0;
    std::memcpy(&word, text.data(), 8);
    hash = mix(hash, word);
    text.remove_prefix(8);
  }
  std::uint64_t word = 0;
  if (!text.empty()) std::memcpy(&word, text.data(), text.size());
  return mix(hash, word);
}

bool equal_numbers(const Node& left, const Node& right) {
  char left_buffer[32];
  char right_buffer[32];
  return Decimal(decimal_text(left, left_buffer)) == Decimal(decimal_text(right, right_buffer));
}

// Members of an object in the order of their keys.
std::vector<const Member*> sorted_members(const Node& object) {
  std::vector<const Member*> members;
  members.reserve(object.size());
  for (const Member& member : object.members()) members.push_back(&member);
  std::sort(members.begin(), members.end(),
            [](const Member* left, const Member* right) { return left->key.text() < right->key.text(); });
  return members;
}

bool equal_objects(const Node& left, const Node& right) {
  std::size_t at = 0;
  std::size_t size = left.size();
  // One origin mostly means one order.
  while (at < size && left.members()[at].key.text() == right.members()[at].key.text()) ++at;
  if (at == size) {
    for (std::size_t i = 0; i < size; ++i) {
      if (!deep_equal(left.members()[i].value, right.members()[i].value)) return false;
    }
    return true;
  }
  auto one = sorted_members(left);
  auto other = sorted_members(right);
  for (std::size_t i = 0; i < size; ++i) {
    if (one[i]->key.text() != other[i]->key.text() || !deep_equal(one[i]->value, other[i]->value)) return false;
  }
  return true;
}

}  // namespace

std::uint64_t mix(std::uint64_t left, std::uint64_t right) {
  Wide product = Wide{left ^ secret()} * (right ^ 0x9E37'79B9'7F4A'7C15);
  return static_cast<std::uint64_t>(product) ^ static_cast<std::uint64_t>(product >> 64);
}

std::uint64_t deep_hash(const Node& value) {
  pause_if_due();
  auto seed = static_cast<std::uint64_t>(value.kind());
  switch (value.kind()) {
    case Node::Kind::boolean: return mix(seed, value.as_boolean() ? 2 : 1);
    case Node::Kind::number: {
      char buffer[32];
      return Decimal(decimal_text(value, buffer)).hash(seed);
    }
    case Node::Kind::string: return hash_text(value.text(), seed);
    case Node::Kind::array: {
      std::uint64_t hash = mix(seed, value.size());
      for (const Node& item : value.items()) hash = mix(hash, deep_hash(item));
      return hash;
    }
    case Node::Kind::object: {
      // A sum: members may stand in any order.
      std::uint64_t sum = 0;
      for (const Member& member : value.members()) sum += mix(hash_text(member.key.text(), seed), deep_hash(member.value));
      return mix(sum, value.size());
    }
    default: return mix(seed, seed);
  }
}

bool deep_equal(const Node& left, const Node& right) {
  pause_if_due();
  if (left.kind() != right.kind()) return false;
  switch (left.kind()) {
    case Node::Kind::boolean: return left.as_boolean() == right.as_boolean();
    case Node::Kind::number: return equal_numbers(left, right);
    case Node::Kind::string: return left.text() == right.text();
    case Node::Kind::array:
      return left.size() == right.size() &&
             std::equal(left.items().begin(), left.items().end(), right.items().begin(), deep_equal);
    case Node::Kind::object: return left.size() == right.size() && equal_objects(left, right);
    case Node::Kind::function: return left.closure() == right.closure();
    default: return true;
  }
}

std::optional<std::pair<std::size_t, std::size_t>> find_equal_items(std::span<const Node> items) {
  std::vector<std::pair<std::uint64_t, std::size_t>> hashes;
  hashes.reserve(items.size());
  for (std::size_t i = 0; i < items.size(); ++i) hashes.emplace_back(deep_hash(items[i]), i);
  std::sort(hashes.begin(), hashes.end());
  for (std::size_t i = 0; i + 1 < hashes.size(); ++i) {
    for (std::size_t k = i + 1; k < hashes.size() && hashes[k].first == hashes[i].first; ++k) {
      if (deep_equal(items[hashes[i].second], items[hashes[k].second])) return std::pair(hashes[i].second, hashes[k].second);
    }
  }
  return std::nullopt;
}

void ValueSet::add(const Node& value) {
  by_hash_.emplace(deep_hash(value), values_.size());
  values_.push_back(value);
}

bool ValueSet::contains(const Node& value) const {
  if (values_.size() == 1) return deep_equal(value, values_.front());
  auto [first, last] = by_hash_.equal_range(deep_hash(value));
  return std::any_of(first, last, [&](const auto& entry) { return deep_equal(value, values_[entry.second]); });
}

}  // namespace busway::schema
