#pragma once

#include <cstddef>
#include <cstdint>
#include <string_view>
#include <vector>

namespace busway {

// Finds names of one message in constant time each. The hash is keyed with a secret of the process, so that nobody can choose
// names that collide. Reused from message to message by its owner; one thread.
class KeyIndex {
 public:
  static constexpr std::uint32_t none = 0xFFFFFFFF;

  // Forgets everything and makes room for `names` names.
  void start(std::size_t names);
  // The value first stored under `name`; when there is none, stores `value` and answers `none`. `name` is borrowed until start().
  std::uint32_t add(std::string_view name, std::uint32_t value);
  // The value stored under `name`, or `none`.
  std::uint32_t find(std::string_view name) const;

 private:
  struct Slot {
    const char* name = nullptr;
    std::uint32_t size = 0;
    std::uint32_t value = none;
  };
  std::size_t slot_of(std::string_view name) const;
  std::vector<Slot> slots_;
  std::size_t mask_ = 0;
};

}  // namespace busway
