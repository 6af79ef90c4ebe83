#include "transforms/formats/xml_document.hpp"

#include "bus/pause.hpp"
#include "bus/spare.hpp"
#include "transforms/formats/key_index.hpp"
#include "transforms/formats/utf8.hpp"
#include "transforms/formats/xml_name.hpp"

namespace busway {

namespace {

constexpr std::size_t few_names = 12;

// Children of one element that share a member.
struct Group {
  const XmlElement* first;
  std::string_view local;
  std::string_view uri;
  std::string_view name;  // of the member
  std::uint32_t count = 0;
  Node* items = nullptr;
  Node* next = nullptr;
};

class Converter {
 public:
  Converter(const XmlRules& rules, XmlBudget& budget, Arena& arena) : rules_(rules), budget_(budget), arena_(arena) {
    groups_.clear();
  }

  // `elder` is the value of the element before it in the same array, or null. Recursion is bounded by the parser's depth limit.
  bool value(const XmlElement& element, const ArrayPaths* arrays, const Node* elder, Node& out);
  bool member_name(std::string_view local, std::string_view uri, bool attribute, std::string_view& name);
  Error error() { return std::move(error_); }

 private:
  bool refuse(std::string text) {
    error_ = {.kind = ErrorKind::format, .text = "reading XML: " + text};
    return false;
  }
  bool take(std::size_t bytes) {
    return budget_.take(bytes) || refuse("the document needs more than ten times its size in memory");
  }
  static bool is_leaf(const XmlElement& element) { return element.attributes().empty() && element.first_child() == nullptr; }
  static bool same_members(const XmlElement& element, const Node& elder);
  bool value_like(const XmlElement& element, const Node& elder, Node& out);
  bool group_children(const XmlElement& element);
  std::size_t group_of(const XmlElement& child, std::size_t base, std::size_t hint) const;
  bool add_attributes(const XmlElement& element, Member* members, std::size_t& filled);

  const XmlRules& rules_;
  XmlBudget& budget_;
  Arena& arena_;
  Spare<std::vector<Group>> spare_;
  std::vector<Group>& groups_ = *spare_;  // a stack: each level's begin where its parent's end
  KeyIndex index_;                        // of the level being grouped
  Error error_;
};

bool Converter::member_name(std::string_view local, std::string_view uri, bool attribute, std::string_view& name) {
  std::string_view prefix;
  if (uri == xml_namespace) {
    prefix = "xml";
  } else if (!uri.empty() && (attribute || uri != rules_.default_namespace)) {
    for (const auto& [known, bound] : rules_.namespaces) {
      if (bound == uri) prefix = known;
    }
  }
  if (prefix.empty() && !attribute) {
    name = local;
    return true;
  }
  std::string built = attribute ? "@" : "";
  if (!prefix.empty()) built.append(prefix).append(":");
  built.append(local);
  if (!take(built.size())) return false;
  name = arena_.copy(built);
  return true;
}

// Where the child belongs among the groups from `base` on; groups_.size() when nowhere yet.
std::size_t Converter::group_of(const XmlElement& child, std::size_t base, std::size_t hint) const {
  auto same = [&](const Group& group) {
    return group.first->named_as(child) || (group.local == child.local() && group.uri == child.uri());
  };
  // Repeats mostly follow each other, or come round in the same order.
  if (hint < groups_.size() && same(groups_[hint])) return hint;
  if (hint + 1 < groups_.size() && same(groups_[hint + 1])) return hint + 1;
  for (std::size_t i = base; i < groups_.size() && i < base + few_names; ++i) {
    if (same(groups_[i])) return i;
  }
  return groups_.size();
}

bool Converter::group_children(const XmlElement& element) {
  std::size_t base = groups_.size();
  std::size_t hint = base;
  bool indexed = false;
  for (const XmlElement* child = element.first_child(); child != nullptr; child = child->next()) {
    std::size_t at = group_of(*child, base, hint);
    if (at == groups_.size() && groups_.size() - base >= few_names) {
      // Many names: an index by local name, which is the key under which a clash shows as well.
      if (!indexed) {
        std::size_t children = 0;
        for (const XmlElement* c = element.first_child(); c != nullptr; c = c->next()) ++children;
        index_.start(children + few_names);
        indexed = true;
        for (std::size_t i = base; i < groups_.size(); ++i) index_.add(groups_[i].name, static_cast<std::uint32_t>(i));
      }
      std::string_view name;
      if (!member_name(child->local(), child->uri(), false, name)) return false;
      pause_if_due();
      std::uint32_t found = index_.add(name, static_cast<std::uint32_t>(groups_.size()));
      if (found != KeyIndex::none) at = found;
    }
    if (at == groups_.size()) {
      std::string_view name;
      if (!member_name(child->local(), child->uri(), false, name)) return false;
      groups_.push_back({.first = child, .local = child->local(), .uri = child->uri(), .name = name});
    }
    Group& group = groups_[at];
    if (!group.first->named_as(*child) && group.uri != child->uri()) {
      return refuse("'" + printable(group.name) + "' stands in '" + printable(element.local()) + "' in two namespaces, '" +
                    printable(group.uri) + "' and '" + printable(child->uri()) + "'; give them prefixes with `namespaces:`");
    }
    ++group.count;
    hint = at;
  }
  // A clash among the first few, which were told apart by their namespace.
  for (std::size_t i = base; i < groups_.size() && i < base + few_names; ++i) {
    for (std::size_t j = base; j < i; ++j) {
      if (groups_[i].name != groups_[j].name) continue;
      return refuse("'" + printable(groups_[i].name) + "' stands in '" + printable(element.local()) + "' in two namespaces, '" +
                    printable(groups_[j].uri) + "' and '" + printable(groups_[i].uri) +
                    "'; give them prefixes with `namespaces:`");
    }
  }
  return true;
}

bool Converter::add_attributes(const XmlElement& element, Member* members, std::size_t& filled) {
  for (const XmlAttribute& attribute : element.attributes()) {
    if (attribute.uri() == xmlns_namespace || attribute.uri() == xsi_namespace) continue;
    std::string_view name;
    if (!member_name(attribute.local(), attribute.uri(), true, name)) return false;
    for (std::size_t i = 0; i < filled; ++i) {
      if (members[i].key.text() == name) {
        return refuse("'" + printable(element.local()) + "' has two attributes '" + printable(attribute.local()) +
                      "' of different namespaces; give them prefixes with `namespaces:`");
      }
    }
    members[filled++] = {Node::string(name), Node::string(attribute.value())};
  }
  return true;
}

// Whether the element's children are, one for one, the members of the value before it. The parser has compared their names.
bool Converter::same_members(const XmlElement& element, const Node& elder) {
  if (!elder.is_object() || !element.attributes().empty() || !element.text().empty()) return false;
  std::span<const Member> members = elder.members();
  std::size_t at = 0;
  for (const XmlElement* child = element.first_child(); child != nullptr; child = child->next()) {
    pause_if_due();
    if (at == members.size() || members[at].value.is_array()) return false;
    std::string_view local = child->local();
    std::string_view key = members[at++].key.text();
    if (local.data() != key.data() || local.size() != key.size()) return false;
  }
  return at == members.size();
}

bool Converter::value_like(const XmlElement& element, const Node& elder, Node& out) {
  if (!take(elder.size() * sizeof(Member))) return false;
  auto* members = arena_.array<Member>(elder.size());
  std::size_t at = 0;
  for (const XmlElement* child = element.first_child(); child != nullptr; child = child->next(), ++at) {
    pause_if_due();
    const Member& like = elder.members()[at];
    members[at].key = like.key;
    if (is_leaf(*child)) {
      members[at].value = Node::string(child->text());
    } else if (!value(*child, nullptr, &like.value, members[at].value)) {
      return false;
    }
  }
  out = Node::object({members, at});
  return true;
}

bool Converter::value(const XmlElement& element, const ArrayPaths* arrays, const Node* elder, Node& out) {
  if (is_leaf(element)) {
    out = Node::string(element.text());
    return true;
  }
  if (elder != nullptr && arrays == nullptr && same_members(element, *elder)) return value_like(element, *elder, out);
  std::size_t attributes = 0;
  for (const XmlAttribute& attribute : element.attributes()) {
    if (attribute.uri() != xmlns_namespace && attribute.uri() != xsi_namespace) ++attributes;
  }
  bool nil = element.is_nil() && element.first_child() == nullptr && element.text().empty();
  if (attributes == 0 && element.first_child() == nullptr) {
    out = nil ? Node::null() : Node::string(element.text());
    return true;
  }
  std::size_t base = groups_.size();
  if (!group_children(element)) return false;
  std::size_t end = groups_.size();
  bool texted = nil || !element.text().empty();
  std::size_t count = attributes + (end - base) + (texted ? 1 : 0);
  if (!take(count * sizeof(Member))) return false;
  auto* members = arena_.array<Member>(count);
  std::size_t filled = 0;
  if (!add_attributes(element, members, filled)) return false;
  for (std::size_t i = base; i < end; ++i) {
    Group& group = groups_[i];
    const ArrayPaths* below = arrays == nullptr ? nullptr : arrays->below(group.name);
    Node* slot = &members[filled].value;
    members[filled++].key = Node::string(group.name);
    if (group.count > 1 || (below != nullptr && below->is_array())) {
      if (!take(group.count * sizeof(Node))) return false;
      group.items = arena_.array<Node>(group.count);
      *slot = Node::array({group.items, group.count});
      group.next = group.items;
    } else {
      group.next = slot;
    }
  }
  // The index serves one level at a time: with many names every child finds its group before the first is converted.
  std::vector<std::uint32_t> found;
  std::size_t hint = base;
  if (end - base > few_names) {
    index_.start(end - base);
    for (std::size_t i = base; i < end; ++i) index_.add(groups_[i].name, static_cast<std::uint32_t>(i));
    for (const XmlElement* child = element.first_child(); child != nullptr; child = child->next()) {
      pause_if_due();
      hint = group_of(*child, base, hint);
      if (hint == end) {
        std::string_view name;
        if (!member_name(child->local(), child->uri(), false, name)) return false;
        hint = index_.find(name);
      }
      found.push_back(static_cast<std::uint32_t>(hint));
    }
  }
  std::size_t position = 0;
  for (const XmlElement* child = element.first_child(); child != nullptr; child = child->next()) {
    pause_if_due();
    hint = found.empty() ? group_of(*child, base, hint) : found[position++];
    Group& group = groups_[hint];
    const ArrayPaths* below = arrays == nullptr ? nullptr : arrays->below(group.name);
    const Node* before = group.items == nullptr || group.next == group.items ? nullptr : group.next - 1;
    if (!value(*child, below, before, *group.next++)) return false;
  }
  groups_.resize(base);
  if (texted) members[filled++] = {Node::string("#text"), nil ? Node::null() : Node::string(element.text())};
  out = Node::object({members, filled});
  return true;
}

}  // namespace

void ArrayPaths::add(std::string_view path) {
  ArrayPaths* at = this;
  while (!path.empty()) {
    std::size_t slash = path.find('/');
    std::string_view name = path.substr(0, slash);
    path = slash == std::string_view::npos ? std::string_view() : path.substr(slash + 1);
    if (name.empty()) continue;
    auto& child = at->children_[std::string(name)];
    if (!child) child = std::make_unique<ArrayPaths>();
    at = child.get();
  }
  at->is_array_ = true;
}

Result<Node> element_value(const XmlElement& element, const XmlRules& rules, const ArrayPaths* arrays, XmlBudget& budget,
                           Arena& arena) {
  Converter converter(rules, budget, arena);
  Node out;
  if (!converter.value(element, arrays, nullptr, out)) return std::unexpected(converter.error());
  return out;
}

Result<Node> xml_document(XmlDocument& document, const XmlRules& rules, Arena& arena) {
  Converter converter(rules, document.budget, arena);
  std::string_view name;
  Node out;
  if (!converter.member_name(document.root->local(), document.root->uri(), false, name) ||
      !converter.value(*document.root, rules.arrays.below(name), nullptr, out)) {
    return std::unexpected(converter.error());
  }
  auto* member = arena.array<Member>(1);
  *member = {Node::string(name), out};
  return Node::object({member, 1});
}

}  // namespace busway
