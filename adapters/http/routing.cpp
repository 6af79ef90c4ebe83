#include "adapters/http/routing.hpp"

#include <algorithm>

#include "adapters/http/grammar.hpp"

namespace busway::http {

namespace {

using Conditions = std::vector<std::pair<std::string, std::string>>;

Conditions sorted(Conditions conditions, bool ignore_case) {
  if (ignore_case) {
    for (auto& [name, value] : conditions) {
      for (char& c : name) c = c >= 'A' && c <= 'Z' ? static_cast<char>(c | 0x20) : c;
    }
  }
  std::sort(conditions.begin(), conditions.end());
  return conditions;
}

bool same_conditions(const HttpMatch& left, const HttpMatch& right) {
  return sorted(left.headers, true) == sorted(right.headers, true) && sorted(left.query, false) == sorted(right.query, false);
}

bool has_method(const HttpMatch& match, std::string_view method) {
  return std::find(match.methods.begin(), match.methods.end(), method) != match.methods.end();
}

bool same_methods(const HttpMatch& left, const HttpMatch& right) {
  if (left.methods.empty() || right.methods.empty()) return left.methods.empty() && right.methods.empty();
  return std::any_of(left.methods.begin(), left.methods.end(),
                     [&](const std::string& method) { return has_method(right, method); });
}

bool header_holds(std::span<const FieldLine> fields, const std::string& name, const std::string& value) {
  return std::any_of(fields.begin(), fields.end(), [&](const FieldLine& field) {
    return equal_ignoring_case(field.name, name) && (value == "*" || field.value == value);
  });
}

bool query_holds(std::string_view query, const std::string& name, const std::string& value) {
  while (!query.empty()) {
    std::string_view pair = query.substr(0, query.find('&'));
    query.remove_prefix(std::min(query.size(), pair.size() + 1));
    std::size_t equals = pair.find('=');
    if (!equals_decoded(pair.substr(0, equals), name)) continue;
    if (value == "*" || equals_decoded(equals == std::string_view::npos ? std::string_view() : pair.substr(equals + 1), value))
      return true;
  }
  return false;
}

bool conditions_hold(const HttpMatch& match, const RoutingTable::Asked& asked) {
  for (const auto& [name, value] : match.headers) {
    if (!header_holds(asked.fields, name, value)) return false;
  }
  for (const auto& [name, value] : match.query) {
    if (!query_holds(asked.query, name, value)) return false;
  }
  return true;
}

// Its decoded text would be another path for a reader behind us.
Refusal check_decoded(std::string_view decoded) {
  if (decoded.find('\0') != std::string_view::npos) return {400, "an encoded NUL in the path"};
  for (std::size_t at = 0; at <= decoded.size();) {
    std::size_t end = std::min(decoded.find_first_of("/\\", at), decoded.size());
    std::string_view part = decoded.substr(at, end - at);
    if (part == "." || part == "..") return {400, "a '.' or '..' segment in the path"};
    at = end + 1;
  }
  return {};
}

}  // namespace

// One look-up: the path's segments, and the way through the trie that is being tried.
class RoutingTable::Walk {
 public:
  Walk(const RoutingTable& table, const Asked& asked, Found& found)
      : asked_(asked), found_(found), method_(table.methods_.bit_of(asked.method)) {
    if (asked.method == "HEAD") get_ = table.methods_.bit_of("GET");
    segments().clear();
  }

  Refusal cut() {
    std::string_view rest = asked_.path.substr(1);
    bool escaped = rest.find('%') != std::string_view::npos;
    while (true) {
      std::size_t slash = rest.find('/');
      std::string_view piece = rest.substr(0, slash);
      if (piece.starts_with('.') || (escaped && piece.find('%') != std::string_view::npos)) {
        decoded_.clear();
        decode_percent(piece, false, decoded_);
        if (Refusal refusal = check_decoded(decoded_)) return refusal;
      }
      segments().push_back(piece);
      if (slash == std::string_view::npos) return {};
      rest.remove_prefix(slash + 1);
    }
  }

  bool enter(const RoutingBranch& branch, std::size_t depth) {
    if (depth == segments().size()) return take(branch.here, false, depth);
    std::string_view segment = segments()[depth];
    if (!branch.literals.empty()) {
      const RoutingBranch* next = branch.literals.find(plain(segment));
      if (next != nullptr) {
        next->footprint.fetch();
        if (enter(*next, depth + 1)) return true;
      }
    }
    if (segment.empty()) return false;  // a value is never empty
    if (branch.name != nullptr) {
      found_.captured.push_back(segment);
      if (enter(*branch.name, depth + 1)) return true;
      found_.captured.pop_back();
    }
    return !branch.rest.empty() && take(branch.rest, true, depth);
  }

 private:
  // Kept by the thread: a look-up allocates nothing in the steady state.
  static std::vector<std::string_view>& segments() {
    static thread_local std::vector<std::string_view> list;
    return list;
  }

  std::string_view plain(std::string_view segment) {
    if (segment.find('%') == std::string_view::npos) return segment;
    decoded_.clear();
    decode_percent(segment, false, decoded_);
    return decoded_;
  }

  static bool serves(const RoutingPlace& place, std::uint64_t bit, std::string_view method) {
    return (place.methods() & bit) != 0 && (bit != MethodNames::shared || has_method(place.first().match(), method));
  }

  const RoutingPlace* choose(const std::vector<RoutingPlace>& places) {
    // By conditions first, in file order; then the method itself, GET for HEAD, and any method.
    const RoutingPlace* by_get = nullptr;
    const RoutingPlace* by_any = nullptr;
    const RoutingPlace* by_method = nullptr;
    for (const RoutingPlace& place : places) {
      bool any = place.methods() == 0;
      bool exact = serves(place, method_, asked_.method);
      if (!any && !exact && !serves(place, get_, "GET")) {
        found_.known_path = true;
        continue;
      }
      if (place.conditional()) {
        if (conditions_hold(place.first().match(), asked_)) return &place;
        continue;
      }
      const RoutingPlace*& slot = exact ? by_method : any ? by_any : by_get;
      if (slot == nullptr) slot = &place;
    }
    return by_method != nullptr ? by_method : by_get != nullptr ? by_get : by_any;
  }

  bool take(const std::vector<RoutingPlace>& places, bool rest, std::size_t depth) {
    const RoutingPlace* place = choose(places);
    if (place == nullptr) return false;
    if (rest) {
      const char* start = segments()[depth].data();
      found_.captured.push_back({start, static_cast<std::size_t>(asked_.path.data() + asked_.path.size() - start)});
    }
    found_.inlets = place->inlets();
    found_.names = &place->names();
    return true;
  }

  const Asked& asked_;
  Found& found_;
  std::string decoded_;
  std::uint64_t method_;
  std::uint64_t get_ = 0;  // what serves HEAD as well
};

bool RoutingTable::add(std::unique_ptr<HttpInlet> inlet, Findings& findings) {
  const HttpMatch& match = inlet->match();
  auto read = PathTemplate::read(match.path);
  if (!read) {
    findings.error("BW5012", inlet->at(), "path '" + match.path + "': " + read.error().text);
    return false;
  }
  RoutingBranch* branch = &root_;
  bool rest = false;
  for (const PathTemplate::Segment& segment : read->segments) {
    if (segment.kind == PathTemplate::Segment::Kind::rest) {
      rest = true;
      break;
    }
    if (segment.kind == PathTemplate::Segment::Kind::literal) {
      branch = &branch->literals.at(segment.text);
    } else {
      if (branch->name == nullptr) branch->name = std::make_unique<RoutingBranch>();
      branch = branch->name.get();
    }
  }
  std::vector<RoutingPlace>& places = rest ? branch->rest : branch->here;
  for (RoutingPlace& place : places) {
    const HttpInlet& first = place.first();
    if (!same_methods(first.match(), match) || !same_conditions(first.match(), match)) continue;
    bool shared = first.shares_place() && inlet->shares_place() && first.protocol() == inlet->protocol();
    auto inlets = place.inlets();
    auto twin =
        std::find_if(inlets.begin(), inlets.end(), [&](const HttpInlet* other) { return !shared || inlet->clashes(*other); });
    if (twin == inlets.end()) {
      place.add(*inlet);
      inlets_.push_back(std::move(inlet));
      return true;
    }
    findings.error("BW5011", inlet->at(),
                   "route '" + inlet->route().name() + "' matches the same requests as route '" + (*twin)->route().name() +
                       "' at " + (*twin)->at().text());
    return false;
  }
  std::uint64_t methods = 0;
  for (const std::string& method : match.methods) methods |= methods_.learn(method);
  places.emplace_back(*inlet, methods, read->names());
  branch->take_footprint();
  inlets_.push_back(std::move(inlet));
  return true;
}

Refusal RoutingTable::find(const Asked& asked, Found& found) const {
  found.inlets = {};
  found.names = nullptr;
  found.captured.clear();
  found.known_path = false;
  if (!asked.path.starts_with('/')) return {};
  Walk walk(*this, asked, found);
  if (Refusal refusal = walk.cut()) return refusal;
  if (!walk.enter(root_, 0)) found.captured.clear();
  return {};
}

std::string RoutingTable::allowed(std::string_view path) const {
  std::string out;
  auto offer = [&](std::string_view method) {
    Found found;
    Refusal refusal = find({.method = method, .path = path, .query = {}, .fields = {}}, found);
    if (!refusal && !found.inlets.empty()) out += (out.empty() ? "" : ", ") + std::string(method);
  };
  std::vector<std::string> methods(methods_.all().begin(), methods_.all().end());
  if (methods_.bit_of("GET") != 0 && methods_.bit_of("HEAD") == 0) methods.emplace_back("HEAD");
  std::sort(methods.begin(), methods.end());
  for (const std::string& method : methods) offer(method);
  return out;
}

Node path_values(const RoutingTable::Found& found, Arena& arena) {
  if (found.names == nullptr || found.names->empty()) return Node();
  Collector<Member> members(arena);
  for (std::size_t i = 0; i < found.names->size(); ++i) {
    std::string_view raw = found.captured[i];
    std::string_view value = raw;
    if (raw.find('%') != std::string_view::npos) {
      bool several = raw.find('/') != std::string_view::npos;
      std::string decoded;
      for (std::size_t at = 0; at < raw.size();) {
        // In a value of several segments an encoded slash stays encoded: the borders are the sender's.
        if (several && raw[at] == '%' && raw.size() - at >= 3 && raw[at + 1] == '2' && (raw[at + 2] | 0x20) == 'f') {
          decoded += raw.substr(at, 3);
          at += 3;
          continue;
        }
        std::size_t size = raw[at] == '%' ? 3 : 1;
        decode_percent(raw.substr(at, size), false, decoded);
        at += size;
      }
      value = arena.copy(decoded);
    }
    members.push({Node::string((*found.names)[i]), Node::string(value)});
  }
  return Node::object(members.items());
}

}  // namespace busway::http
