#include "transforms/formats/xml_mixed.hpp"

#include <algorithm>

#include "bus/pause.hpp"

namespace busway {

bool XmlMixedReader::value(const XmlElement& element, Node& out) {
  // Pieces inside the element stand behind its start tag.
  auto first = std::upper_bound(pieces_.begin(), pieces_.end(), index_of(element),
                                [](std::uint32_t index, const XmlPiece& piece) { return index < piece.before; });
  next_ = static_cast<std::size_t>(first - pieces_.begin());
  return inner(element, true, out);
}

bool XmlMixedReader::inner(const XmlElement& element, bool always, Node& out) {
  bool children = element.first_child() != nullptr;
  bool nil = !children && element.text().empty() && element.is_nil();
  bool ordered = children || (always && !nil);
  std::size_t attributes = members_.count(element);
  if (attributes == 0 && !ordered) {
    out = nil ? Node::null() : Node::string(element.text());
    return true;
  }
  bool filled_in = ordered || nil || !element.text().empty();
  std::size_t room = attributes + (filled_in ? 1 : 0);
  if (!members_.take(room * sizeof(Member))) return false;
  auto* members = arena_.array<Member>(room);
  std::size_t filled = 0;
  if (!members_.add_attributes(element, members, filled)) return false;
  if (ordered) {
    members[filled].key = Node::string("#mixed");
    if (!content(element, members[filled++].value)) return false;
  } else if (filled_in) {
    members[filled++] = {Node::string("#text"), nil ? Node::null() : Node::string(element.text())};
  }
  out = Node::object({members, filled});
  return true;
}

bool XmlMixedReader::content(const XmlElement& element, Node& out) {
  std::size_t children = 0;
  for (const XmlElement* child = element.first_child(); child != nullptr; child = child->next()) {
    pause_if_due();
    ++children;
  }
  std::size_t room = children == 0 ? 1 : 2 * children + 1;
  if (!members_.take(room * sizeof(Node) + children * sizeof(Member))) return false;
  auto* items = arena_.array<Node>(room);
  auto* elements = arena_.array<Member>(children);
  std::size_t filled = 0;
  const std::uint32_t parent = index_of(element);
  auto piece_before = [&](const XmlElement* child) {
    if (next_ == pieces_.size()) return;
    const XmlPiece& piece = pieces_[next_];
    if (piece.parent != parent || (child != nullptr && piece.before != index_of(*child))) return;
    items[filled++] = Node::string({piece.text, piece.size});
    ++next_;
  };
  if (children == 0 && !element.text().empty()) items[filled++] = Node::string(element.text());
  for (const XmlElement* child = element.first_child(); child != nullptr; child = child->next()) {
    pause_if_due();
    piece_before(child);
    Member& member = *elements++;
    std::string_view name;
    if (!members_.name_of(child->local(), child->uri(), false, name) || !inner(*child, false, member.value)) return false;
    member.key = Node::string(name);
    items[filled++] = Node::object({&member, 1});
  }
  if (children != 0) piece_before(nullptr);
  out = Node::array({items, filled});
  return true;
}

}  // namespace busway
