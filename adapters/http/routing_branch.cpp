#include "adapters/http/routing_branch.hpp"

#include <algorithm>
#include <functional>
#include <utility>

namespace busway::http {

std::uint64_t MethodNames::bit_of(std::string_view method) const {
  auto at = std::find(names_.begin(), names_.end(), method);
  if (at == names_.end()) return 0;
  return std::uint64_t{1} << std::min<std::ptrdiff_t>(at - names_.begin(), 63);
}

std::uint64_t MethodNames::learn(std::string_view method) {
  if (std::uint64_t known = bit_of(method); known != 0) return known;
  names_.emplace_back(method);
  return bit_of(method);
}

RoutingPlace::RoutingPlace(const HttpInlet& first, std::uint64_t methods, std::vector<std::string> names)
    : first_(&first),
      methods_(methods),
      names_(std::move(names)),
      conditional_(!first.match().headers.empty() || !first.match().query.empty()) {}

void RoutingPlace::add(const HttpInlet& inlet) {
  if (shared_ == nullptr) shared_ = std::make_unique<std::vector<const HttpInlet*>>(1, first_);
  shared_->push_back(&inlet);
}

void RoutingBranch::take_footprint() {
  footprint = {};
  for (const std::vector<RoutingPlace>* places : {&rest, &here}) {
    footprint.add(places->data(), places->size() * sizeof(RoutingPlace));
    for (const RoutingPlace& place : *places) place.first().leave(footprint);
  }
}

// Where the segment is, or would be.
std::size_t RoutingLiterals::place_of(std::string_view segment, std::size_t hash) const {
  std::size_t at = hash & (slots_.size() - 1);
  while (slots_[at].branch != nullptr && (slots_[at].hash != hash || slots_[at].branch->segment != segment)) {
    at = (at + 1) & (slots_.size() - 1);
  }
  return at;
}

const RoutingBranch* RoutingLiterals::find(std::string_view segment) const {
  if (slots_.empty()) return nullptr;
  return slots_[place_of(segment, std::hash<std::string_view>()(segment))].branch.get();
}

RoutingBranch& RoutingLiterals::at(std::string_view segment) {
  if (used_ * 2 >= slots_.size()) grow();
  std::size_t hash = std::hash<std::string_view>()(segment);
  Slot& slot = slots_[place_of(segment, hash)];
  if (slot.branch == nullptr) {
    slot.branch = std::make_unique<RoutingBranch>();
    slot.branch->segment = segment;
    slot.hash = hash;
    ++used_;
  }
  return *slot.branch;
}

void RoutingLiterals::grow() {
  std::vector<Slot> old = std::exchange(slots_, {});
  slots_.resize(std::max<std::size_t>(4, old.size() * 2));
  for (Slot& slot : old) {
    if (slot.branch != nullptr) slots_[place_of(slot.branch->segment, slot.hash)] = std::move(slot);
  }
}

}  // namespace busway::http
