#include "transforms/schema/report.hpp"

namespace busway::schema {

namespace {

std::string detail(const Violation& violation) {
  return "expected " + violation.expected + ", got " + violation.got;
}

}  // namespace

Node to_document(const std::vector<Violation>& violations, Arena& arena) {
  Collector<Node> items(arena);
  for (const Violation& violation : violations) {
    Collector<Member> members(arena);
    auto add = [&](std::string_view name, std::string_view text) {
      members.push({Node::string(name), Node::string(arena.copy(text))});
    };
    add(violation.xpath ? "xpath" : "pointer", violation.pointer);
    add("detail", violation.expected.empty() ? violation.got : detail(violation));
    if (!violation.expected.empty()) {
      add("expected", violation.expected);
      add("got", violation.got);
    }
    if (!violation.keyword.empty()) add("keyword", violation.keyword);
    if (!violation.schema.empty()) add("schema", violation.schema);
    items.push(Node::object(members.items()));
  }
  return Node::array(items.items());
}

std::string summary(const std::vector<Violation>& violations) {
  if (violations.empty()) return "it fits";
  const Violation& first = violations.front();
  std::string out = first.pointer.empty() ? "" : first.pointer + ": ";
  out += first.expected.empty() ? "it does not fit" : "expected " + first.expected;
  if (violations.size() > 1) out += ", and " + std::to_string(violations.size() - 1) + " more";
  return out;
}

}  // namespace busway::schema
