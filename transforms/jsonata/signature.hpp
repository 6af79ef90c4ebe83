#pragma once

#include <cstdint>
#include <span>
#include <string_view>

#include "bus/document.hpp"
#include "bus/error.hpp"
#include "transforms/jsonata/items.hpp"

namespace busway::jsonata {

// A function's signature such as `<s-nn?:s>`: which arguments it takes, and which of them are filled from the context when they
// are missing. Immutable, lives in an arena.
class Signature {
 public:
  static constexpr std::size_t most_parameters = 60;

  // Errors carry the offset into `text` as position.
  static Result<const Signature*> parse(std::string_view text, Arena& arena);

  // Why arguments do not fit: the code, the argument (from 1) and the type an array lacks.
  struct Mismatch {
    std::string_view code{};
    std::size_t argument = 0;
    std::string_view type{};
  };

  // Checks `given` and completes it to what the function is called with: missing ones from `context`, single values for arrays
  // wrapped. True and the arguments in `out` (in `arena` if they differ from `given`), else false and `mismatch`.
  bool fit(std::span<const Node> given, const Node& context, Arena& arena, std::span<const Node>& out, Mismatch& mismatch) const;

  // fit() for the usual case, in place: `arguments` has room for most_plain of them. False says nothing, ask fit(). Otherwise
  // there are size() arguments now.
  static constexpr std::size_t most_plain = 6;
  bool is_plain() const { return plain_; }
  bool fit_plain(Node* arguments, std::size_t count, Arena& arena) const;
  std::size_t size() const { return parameters_.size; }

  // The same in another arena.
  Signature copy(Arena& arena) const;

  // A call with `count` arguments may read the context.
  bool may_use_context(std::size_t count) const { return uses_context_ && count < parameters_.size; }

 private:
  struct Parameter {
    std::uint8_t kinds = 0;  // a set of kind bits
    bool optional = false;
    bool repeated = false;
    bool from_context = false;
    bool array = false;
    bool function = false;
    std::string_view item{};  // the type inside `a<...>`
  };

  bool place(std::span<const std::uint8_t> kinds, std::span<std::uint8_t> counts) const;
  std::size_t first_mismatch(std::span<const std::uint8_t> kinds) const;

  Items<Parameter> parameters_{};
  bool uses_context_ = false;
  bool plain_ = false;
};

}  // namespace busway::jsonata
