#include <cstring>
#include <new>

#include "bus/pause.hpp"
#include "transforms/jsonata/evaluation.hpp"

namespace busway::jsonata {

namespace {

// A copy of a value whose objects can be changed in place. Each object is known by where its members lie; an object that grows
// moves, and stays known by both places.
class Draft {
 public:
  explicit Draft(Evaluation& evaluation) : evaluation_(evaluation), arena_(evaluation.arena()) {}

  // False when the value nests too deeply, or the budget ends.
  bool copy(const Node& from, Node* to, int level = 0) {
    if (level > most_value_levels) return false;
    *to = from;
    if (!from.is_array() && !from.is_object()) return true;
    // Values share their parts, copies do not.
    if (!evaluation_.spend(from.size() + 1) || !evaluation_.room((from.size() + 1) * sizeof(Member))) return false;
    if (from.is_array()) {
      Node* items = arena_.array<Node>(from.size());
      for (std::size_t i = 0; i < from.size(); ++i) {
        if (!copy(from.items()[i], &items[i], level + 1)) return false;
      }
      *to = Node::array({items, from.size()}).with_marks(from.marks());
    } else if (from.is_object()) {
      // One more than needed, so that an empty object has a place of its own too.
      Member* members = arena_.array<Member>(from.size() + 1);
      for (std::size_t i = 0; i < from.size(); ++i) {
        members[i].key = from.members()[i].key;
        if (!copy(from.members()[i].value, &members[i].value, level + 1)) return false;
      }
      *to = Node::object({members, from.size()});
      remember(members, to);
    }
    return true;
  }

  // Where the object that `match` shows now is; null when it is none of ours.
  Node* place_of(const Node& match) const {
    if (size_ == 0) return nullptr;
    for (std::size_t at = start(match.members().data());; at = (at + 1) & (size_ - 1)) {
      if (slots_[at].members == nullptr) return nullptr;
      if (slots_[at].members == match.members().data()) return slots_[at].entry->place;
    }
  }

  void set(Node* place, std::string_view key, const Node& key_node, const Node& value) {
    auto* members = const_cast<Member*>(place->members().data());
    for (std::size_t i = 0; i < place->size(); ++i) {
      if (members[i].key.text() == key) {
        detach(members[i].value);
        members[i].value = value;
        return;
      }
    }
    std::size_t count = place->size();
    Member* moved = arena_.array<Member>(count + 2);
    for (std::size_t i = 0; i < count; ++i) {
      moved[i] = members[i];
      // What lies in the members has moved along.
      if (moved[i].value.is_object()) move(moved[i].value.members().data(), &moved[i].value);
    }
    moved[count] = {key_node, value};
    Entry* entry = entry_of(members);
    *place = Node::object({moved, count + 1});
    if (entry != nullptr) insert(moved, entry);
  }

  void remove(Node* place, std::string_view key) {
    auto* members = const_cast<Member*>(place->members().data());
    std::size_t count = 0;
    for (std::size_t i = 0; i < place->size(); ++i) {
      if (members[i].key.text() == key) {
        detach(members[i].value);
        continue;
      }
      if (count != i) {
        members[count] = members[i];
        if (members[count].value.is_object()) move(members[count].value.members().data(), &members[count].value);
      }
      ++count;
    }
    *place = Node::object({members, count});
  }

 private:
  struct Entry {
    Node* place;
  };
  struct Slot {
    const Member* members;
    Entry* entry;
  };

  std::size_t start(const Member* members) const {
    auto bits = reinterpret_cast<std::uintptr_t>(members);
    return ((bits >> 4) * 0x9E3779B97F4A7C15ULL >> 20) & (size_ - 1);
  }
  Entry* entry_of(const Member* members) const {
    if (size_ == 0) return nullptr;
    for (std::size_t at = start(members); slots_[at].members != nullptr; at = (at + 1) & (size_ - 1)) {
      if (slots_[at].members == members) return slots_[at].entry;
    }
    return nullptr;
  }
  // An object that goes out of the tree may be among the matches still to come: it goes on in a place of its own.
  void detach(const Node& value) {
    if (!value.is_object()) return;
    Node* place = arena_.array<Node>(1);
    *place = value;
    move(value.members().data(), place);
  }
  void move(const Member* members, Node* place) {
    if (Entry* entry = entry_of(members)) entry->place = place;
  }
  void remember(const Member* members, Node* place) {
    insert(members, new (arena_.allocate(sizeof(Entry), alignof(Entry))) Entry{place});
  }
  void insert(const Member* members, Entry* entry) {
    if ((used_ + 1) * 2 > size_) grow();
    std::size_t at = start(members);
    while (slots_[at].members != nullptr) at = (at + 1) & (size_ - 1);
    slots_[at] = {members, entry};
    ++used_;
  }
  void grow() {
    Slot* old = slots_;
    std::size_t old_size = size_;
    size_ = size_ == 0 ? 32 : size_ * 2;
    slots_ = arena_.array<Slot>(size_);
    for (std::size_t i = 0; i < size_; ++i) slots_[i] = Slot{nullptr, nullptr};
    used_ = 0;
    for (std::size_t i = 0; i < old_size; ++i) {
      if (old[i].members != nullptr) insert(old[i].members, old[i].entry);
    }
  }

  Evaluation& evaluation_;
  Arena& arena_;
  Slot* slots_ = nullptr;
  std::size_t size_ = 0;
  std::size_t used_ = 0;
};

}  // namespace

Node Evaluation::run_transform(const Closure& closure, std::span<const Node> arguments) {
  const Op& op = *closure.op;
  if (arguments.size() != 1) return fail("T0410", "a transform takes one argument", op.position, op.text);
  const Node& given = arguments[0];
  if (given.is_nothing()) return {};
  if (!given.is_object() && !given.is_array()) return fail("T0410", "a transform takes an object or an array");
  Draft draft(*this);
  Node* copied = arena_.array<Node>(1);
  if (!draft.copy(given, copied)) return fail("U1001", "the value is nested too deeply");
  Node matches = evaluate(*op.left, *copied, closure.frame);
  if (failed_) return {};
  std::span<const Node> found =
      matches.is_array() ? matches.items() : std::span<const Node>(&matches, matches.is_nothing() ? 0 : 1);
  for (const Node& match : found) {
    Node* place = match.is_object() ? draft.place_of(match) : nullptr;
    Node context = place == nullptr ? match : *place;
    Node update = evaluate(*op.right, context, closure.frame);
    if (failed_) return {};
    if (!update.is_nothing()) {
      if (!update.is_object()) return fail("T2011", {}, op.right->position, op.right->text);
      if (place != nullptr) {
        for (const Member& member : update.members()) {
          // What goes in is a copy: a part of the draft inside itself would be a circle.
          Node value;
          if (!draft.copy(member.value, &value)) return fail("U1001", "the value is nested too deeply");
          draft.set(place, member.key.text(), member.key, value);
        }
      }
    }
    if (op.third == nullptr) continue;
    Node deletions = evaluate(*op.third, place == nullptr ? match : *place, closure.frame);
    if (failed_) return {};
    if (deletions.is_nothing()) continue;
    std::span<const Node> names = deletions.is_array() ? deletions.items() : std::span<const Node>(&deletions, 1);
    for (const Node& name : names) {
      if (!name.is_string()) return fail("T2012", {}, op.third->position, op.third->text);
    }
    if (place == nullptr) continue;
    for (const Node& name : names) draft.remove(place, name.text());
  }
  return *copied;
}

}  // namespace busway::jsonata
