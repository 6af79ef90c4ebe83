#include "bus/headers.hpp"

namespace busway {

namespace {
constexpr char lower(char c) {
  return c >= 'A' && c <= 'Z' ? static_cast<char>(c | 0x20) : c;
}
}  // namespace

bool detail::same_ignoring_case(const char* left, const char* right, std::size_t size) {
  for (std::size_t i = 0; i < size; ++i) {
    if (left[i] != right[i] && lower(left[i]) != lower(right[i])) return false;
  }
  return true;
}

const Header* Headers::find(std::string_view name) const {
  for (const Header& header : entries_.items()) {
    if (equal_ignoring_case(header.name, name)) return &header;
  }
  return nullptr;
}

std::string_view Headers::value(std::string_view name) const {
  const Header* header = find(name);
  return header == nullptr ? std::string_view() : header->value;
}

void Headers::set(std::string_view name, std::string_view value) {
  remove(name);
  add(name, value, true);
}

void Headers::remove(std::string_view name) {
  std::size_t kept = 0;
  for (Header& header : entries_.mutable_items()) {
    if (!equal_ignoring_case(header.name, name)) entries_.mutable_items()[kept++] = header;
  }
  entries_.shrink(kept);
}

void Headers::keep_only_set() {
  std::size_t kept = 0;
  for (Header& header : entries_.mutable_items()) {
    if (header.set) entries_.mutable_items()[kept++] = header;
  }
  entries_.shrink(kept);
}

Headers Headers::copy(Arena& arena) const {
  Headers other(arena);
  for (const Header& header : all()) other.entries_.push(header);
  return other;
}

Node Headers::as_document(Arena& arena) const {
  Collector<Member> members(arena);
  std::span<const Header> entries = all();
  for (std::size_t i = 0; i < entries.size(); ++i) {
    bool seen = false;
    for (std::size_t j = 0; j < i && !seen; ++j) seen = equal_ignoring_case(entries[j].name, entries[i].name);
    if (seen) continue;
    auto* name = arena.array<char>(entries[i].name.size());
    for (std::size_t k = 0; k < entries[i].name.size(); ++k) name[k] = lower(entries[i].name[k]);
    std::string_view lowered(name, entries[i].name.size());
    bool listed = lowered == "set-cookie";
    Collector<Node> values(arena);
    std::size_t size = 0;
    for (std::size_t j = i; j < entries.size(); ++j) {
      if (!equal_ignoring_case(entries[j].name, lowered)) continue;
      values.push(Node::string(entries[j].value));
      size += entries[j].value.size() + 2;
    }
    Node value = values.items()[0];
    if (listed) {
      value = Node::array(values.items());
    } else if (values.size() > 1) {
      auto* joined = arena.array<char>(size);
      std::size_t at = 0;
      for (const Node& one : values.items()) {
        if (at != 0) {
          joined[at++] = ',';
          joined[at++] = ' ';
        }
        at += one.text().copy(joined + at, one.text().size());
      }
      value = Node::string({joined, at});
    }
    members.push({Node::string(lowered), value});
  }
  return Node::object(members.items());
}

}  // namespace busway
