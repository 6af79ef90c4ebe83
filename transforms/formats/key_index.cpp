#include "transforms/formats/key_index.hpp"

#include <bit>
#include <cstring>
#include <random>

namespace busway {

namespace {

std::uint64_t random_word() {
  std::random_device device;
  return (static_cast<std::uint64_t>(device()) << 32) | device();
}

// 64x64 -> 128 bit multiply, folded: the mixing step of the wyhash family.
std::uint64_t fold(std::uint64_t a, std::uint64_t b) {
  __extension__ typedef unsigned __int128 Wide;
  Wide product = static_cast<Wide>(a) * b;
  return static_cast<std::uint64_t>(product) ^ static_cast<std::uint64_t>(product >> 64);
}

std::uint64_t hash_of(std::string_view text) {
  static const std::uint64_t key_a = random_word();
  static const std::uint64_t key_b = random_word() | 1;
  std::uint64_t state = key_a ^ text.size();
  const char* at = text.data();
  std::size_t left = text.size();
  while (left >= 8) {
    std::uint64_t word;
    std::memcpy(&word, at, 8);
    state = fold(state ^ word, key_b);
    at += 8;
    left -= 8;
  }
  std::uint64_t word = 0;
  if (left != 0) std::memcpy(&word, at, left);
  return fold(fold(state ^ word, key_b), key_a | 1);
}

constexpr std::size_t kept_slots = 4096;  // what stays allocated between messages

}  // namespace

void KeyIndex::start(std::size_t names) {
  std::size_t wanted = std::bit_ceil(names + names / 2 + 8);
  if (wanted < slots_.size() && slots_.size() > kept_slots) slots_ = {};
  slots_.assign(wanted, Slot{});
  mask_ = wanted - 1;
}

std::size_t KeyIndex::slot_of(std::string_view name) const {
  std::size_t at = hash_of(name) & mask_;
  while (slots_[at].value != none) {
    const Slot& slot = slots_[at];
    if (slot.size == name.size() && (name.empty() || std::memcmp(slot.name, name.data(), name.size()) == 0)) return at;
    at = (at + 1) & mask_;
  }
  return at;
}

std::uint32_t KeyIndex::add(std::string_view name, std::uint32_t value) {
  Slot& slot = slots_[slot_of(name)];
  if (slot.value != none) return slot.value;
  slot = {name.data(), static_cast<std::uint32_t>(name.size()), value};
  return none;
}

std::uint32_t KeyIndex::find(std::string_view name) const {
  return slots_.empty() ? none : slots_[slot_of(name)].value;
}

}  // namespace busway
