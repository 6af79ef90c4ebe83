#include "transforms/formats/xml_document.hpp"

#include "bus/pause.hpp"
#include "bus/spare.hpp"
#include "transforms/formats/key_index.hpp"
#include "transforms/formats/utf8.hpp"
#include "transforms/formats/xml_mixed.hpp"

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
  // `document`: where its elements may be mixed.
  Converter(const XmlRules& rules, XmlBudget& budget, Arena& arena, const XmlDocument* document = nullptr)
      : rules_(rules), document_(document), arena_(arena), members_(rules, budget, arena) {
    groups_.clear();
  }

  // `elder` is the value of the element before it in the same array, or null. Recursion is bounded by the parser's depth limit.
  bool value(const XmlElement& element, const XmlPaths* paths, const Node* elder, Node& out);
  bool member_name(std::string_view local, std::string_view uri, std::string_view& name) {
    return members_.name_of(local, uri, false, name);
  }
  Error error() { return members_.error(); }

 private:
  bool refuse(std::string text) { return members_.refuse(std::move(text)); }
  bool take(std::size_t bytes) { return members_.take(bytes); }
  static bool is_leaf(const XmlElement& element) { return element.attributes().empty() && element.first_child() == nullptr; }
  static bool same_members(const XmlElement& element, const Node& elder);
  bool value_like(const XmlElement& element, const Node& elder, Node& out);
  bool group_children(const XmlElement& element);
  std::size_t group_of(const XmlElement& child, std::size_t base, std::size_t hint) const;
  bool mixed(const XmlElement& element, Node& out);
  bool no_clash(const XmlElement& element, std::span<const Member> attributes, std::size_t base);

  const XmlRules& rules_;
  const XmlDocument* document_;
  Arena& arena_;
  XmlMembers members_;
  Spare<std::vector<Group>> spare_;
  std::vector<Group>& groups_ = *spare_;  // a stack: each level's begin where its parent's end
  KeyIndex index_;                        // of the level being grouped
};

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
      if (!member_name(child->local(), child->uri(), name)) return false;
      pause_if_due();
      std::uint32_t found = index_.add(name, static_cast<std::uint32_t>(groups_.size()));
      if (found != KeyIndex::none) at = found;
    }
    if (at == groups_.size()) {
      std::string_view name;
      if (!member_name(child->local(), child->uri(), name)) return false;
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

bool Converter::mixed(const XmlElement& element, Node& out) {
  return XmlMixedReader(document_->root, document_->pieces, members_, arena_).value(element, out);
}

// Where attributes are not told from elements by their names, one of each cannot have the same.
bool Converter::no_clash(const XmlElement& element, std::span<const Member> attributes, std::size_t base) {
  index_.start(attributes.size());
  for (const Member& attribute : attributes) index_.add(attribute.key.text(), 0);
  for (std::size_t i = base; i < groups_.size(); ++i) {
    pause_if_due();
    if (index_.find(groups_[i].name) == KeyIndex::none) continue;
    return refuse("'" + printable(element.local()) + "' has an attribute and an element that would both be the member '" +
                  printable(groups_[i].name) + "'; choose another `attribute_prefix`");
  }
  return true;
}

bool Converter::value(const XmlElement& element, const XmlPaths* paths, const Node* elder, Node& out) {
  if (paths != nullptr && paths->is(XmlPaths::Told::mixed)) return mixed(element, out);
  if (is_leaf(element)) {
    out = Node::string(element.text());
    return true;
  }
  if (elder != nullptr && paths == nullptr && same_members(element, *elder)) return value_like(element, *elder, out);
  std::size_t attributes = element.attributes().empty() ? 0 : members_.count(element);
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
  if (attributes != 0 && !members_.add_attributes(element, members, filled)) return false;
  if (filled != 0 && rules_.attribute_prefix != "@" && !no_clash(element, {members, filled}, base)) return false;
  for (std::size_t i = base; i < end; ++i) {
    Group& group = groups_[i];
    const XmlPaths* below = paths == nullptr ? nullptr : paths->below(group.name);
    Node* slot = &members[filled].value;
    members[filled++].key = Node::string(group.name);
    if (group.count > 1 || (below != nullptr && below->is(XmlPaths::Told::array))) {
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
        if (!member_name(child->local(), child->uri(), name)) return false;
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
    const XmlPaths* below = paths == nullptr ? nullptr : paths->below(group.name);
    const Node* before = group.items == nullptr || group.next == group.items ? nullptr : group.next - 1;
    if (!value(*child, below, before, *group.next++)) return false;
  }
  groups_.resize(base);
  if (texted) members[filled++] = {Node::string("#text"), nil ? Node::null() : Node::string(element.text())};
  out = Node::object({members, filled});
  return true;
}

}  // namespace

Result<Node> element_value(const XmlElement& element, const XmlRules& rules, const XmlPaths* paths, XmlBudget& budget,
                           Arena& arena) {
  Converter converter(rules, budget, arena);
  Node out;
  if (!converter.value(element, paths, nullptr, out)) return std::unexpected(converter.error());
  return out;
}

Result<Node> xml_document(XmlDocument& document, const XmlRules& rules, Arena& arena) {
  Converter converter(rules, document.budget, arena, &document);
  std::string_view name;
  Node out;
  if (!converter.member_name(document.root->local(), document.root->uri(), name) ||
      !converter.value(*document.root, rules.paths.below(name), nullptr, out)) {
    return std::unexpected(converter.error());
  }
  auto* member = arena.array<Member>(1);
  *member = {Node::string(name), out};
  return Node::object({member, 1});
}

}  // namespace busway
