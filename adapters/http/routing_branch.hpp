#pragma once

#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "bus/footprint.hpp"
#include "bus/http_inlet.hpp"

namespace busway::http {

// The trie of a RoutingTable. With thousands of routes each request finds its own in cold memory, so what a look-up reads lies
// together: a slot, a branch and a place are four or five lines of the cache, whatever the number of routes.

// The methods that a listener's inlets name, a bit each; from the 64th on they share the last bit.
class MethodNames {
 public:
  static constexpr std::uint64_t shared = std::uint64_t{1} << 63;
  std::uint64_t learn(std::string_view method);
  std::uint64_t bit_of(std::string_view method) const;  // 0: no inlet names it
  std::span<const std::string> all() const { return names_; }

 private:
  std::vector<std::string> names_;
};

// All inlets of one template, one set of methods and one of conditions.
class alignas(64) RoutingPlace {
 public:
  // `methods`: of all inlets, 0 when they take any.
  RoutingPlace(const HttpInlet& first, std::uint64_t methods, std::vector<std::string> names);
  void add(const HttpInlet& inlet);

  const HttpInlet& first() const { return *first_; }
  std::span<const HttpInlet* const> inlets() const { return shared_ == nullptr ? std::span(&first_, 1) : std::span(*shared_); }
  std::uint64_t methods() const { return methods_; }
  bool conditional() const { return conditional_; }
  const std::vector<std::string>& names() const { return names_; }  // of the template's values

 private:
  const HttpInlet* first_;
  std::uint64_t methods_;
  std::vector<std::string> names_;
  bool conditional_;
  std::unique_ptr<std::vector<const HttpInlet*>> shared_;  // the first one too; null when it is alone
};

struct RoutingBranch;

// The branches behind the literal segments of one branch: open addressing, at most half full.
class RoutingLiterals {
 public:
  bool empty() const { return slots_.empty(); }
  const RoutingBranch* find(std::string_view segment) const;  // null when there is none
  RoutingBranch& at(std::string_view segment);                // made when there is none

 private:
  struct Slot {
    std::size_t hash = 0;
    std::unique_ptr<RoutingBranch> branch;
  };
  std::size_t place_of(std::string_view segment, std::size_t hash) const;
  void grow();
  std::vector<Slot> slots_;  // a power of two of them
  std::size_t used_ = 0;
};

struct alignas(64) RoutingBranch {
  std::string segment;  // its literal
  RoutingLiterals literals;
  std::unique_ptr<RoutingBranch> name;
  std::vector<RoutingPlace> rest;
  std::vector<RoutingPlace> here;
  Footprint footprint;  // of those that end here

  void take_footprint();
};

}  // namespace busway::http
