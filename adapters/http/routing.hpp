#pragma once

#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "adapters/http/head.hpp"
#include "adapters/http/routing_branch.hpp"
#include "bus/finding.hpp"

namespace busway::http {

// A path template cut up: "/orders/{id}/lines/{rest*}".
struct PathTemplate {
  struct Segment {
    enum class Kind : std::uint8_t { literal, name, rest };
    Kind kind = Kind::literal;
    std::string text;  // a literal percent-decoded, or the name
  };
  std::vector<Segment> segments;

  // Errors: kind `config`, in words for the user.
  static Result<PathTemplate> read(std::string_view text);
  // Templates that match the same paths have the same key.
  std::string key() const;
  std::vector<std::string> names() const;
};

// The inlets of one listener, found by method and path in a time that does not grow with their number: a trie of segments, the
// literals of each branch hashed. Filled during the check, read by all workers afterwards.
class RoutingTable {
 public:
  // A finding at the second of two that match alike, unless both share their place. False after one.
  bool add(std::unique_ptr<HttpInlet> inlet, Findings& findings);

  // What a request's head is matched by.
  struct Asked {
    std::string_view method;
    std::string_view path;
    std::string_view query;
    std::span<const FieldLine> fields;
  };
  struct Found {
    std::span<const HttpInlet* const> inlets;  // the first one serves; empty when none matched
    const std::vector<std::string>* names = nullptr;
    std::vector<std::string_view> captured;  // raw segments, in the order of `names`
    bool known_path = false;                 // some method is served there
  };
  // Refuses paths whose decoded segments hold "." or ".." or NUL: no reader behind us may see another path than the one matched.
  Refusal find(const Asked& asked, Found& found) const;
  // "GET, HEAD, POST" of a path that is known.
  std::string allowed(std::string_view path) const;

  bool empty() const { return inlets_.empty(); }

 private:
  class Walk;

  std::vector<std::unique_ptr<HttpInlet>> inlets_;
  MethodNames methods_;
  RoutingBranch root_;
};

// The template values of a match as an object, percent-decoded, in `arena`.
Node path_values(const RoutingTable::Found& found, Arena& arena);

}  // namespace busway::http
