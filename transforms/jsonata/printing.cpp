#include <cmath>

#include "bus/json_text.hpp"
#include "bus/pause.hpp"
#include "transforms/jsonata/evaluation.hpp"
#include "transforms/jsonata/list.hpp"
#include "transforms/jsonata/values.hpp"

namespace busway::jsonata {

namespace {

enum class Problem : std::uint8_t { none, non_finite, too_deep, too_long };

// Looks whether a value has a JSON text, and how long that is at most. Values share their parts, so the walk has its bounds.
class Inspection {
 public:
  Inspection(std::size_t most, Walk& walk, bool pretty) : left_(most), most_(most), walk_(walk), pretty_(pretty) {}
  std::size_t size() const { return most_ - left_; }

  Problem look(const Node& value, int level) {
    if (level > most_value_levels) return Problem::too_deep;
    if (!walk_.step()) return Problem::too_long;
    // Brackets, comma and colon, a line break and the blanks before it.
    std::size_t around = 4 + (pretty_ ? 4 + 4 * static_cast<std::size_t>(level) : 0);
    switch (value.kind()) {
      case Node::Kind::number:
        if (!std::isfinite(value.as_double())) return Problem::non_finite;
        return take(around + longest_number);
      case Node::Kind::string: return take_text(value.text(), around);
      case Node::Kind::array:
        for (const Node& item : value.items()) {
          if (Problem found = look(item, level + 1); found != Problem::none) return found;
        }
        break;
      case Node::Kind::object:
        for (const Member& member : value.members()) {
          if (Problem found = take_text(member.key.text(), 4); found != Problem::none) return found;
          if (Problem found = look(member.value, level + 1); found != Problem::none) return found;
        }
        break;
      default: return take(around + 5);
    }
    return take(around);
  }

 private:
  static constexpr std::size_t longest_number = 32;

  Problem take(std::size_t bytes) {
    if (bytes > left_) return Problem::too_long;
    left_ -= bytes;
    return Problem::none;
  }
  Problem take_text(std::string_view text, std::size_t around) {
    std::size_t size = text.size() + 2;
    for (char c : text) {
      auto byte = static_cast<unsigned char>(c);
      size += byte < 0x20 ? 5U : 0U;
      size += byte == '"' || byte == '\\' ? 1U : 0U;
      size += byte == 0xED ? 3U : 0U;  // a lone surrogate, three bytes, is six as an escape
    }
    return take(size + around);
  }

  std::size_t left_;
  std::size_t most_;
  Walk& walk_;
  bool pretty_;
};

}  // namespace

Node Evaluation::text_of(const Node& value, bool pretty) {
  if (value.is_nothing() || value.is_string()) return value;
  if (value.is_function()) return Node::string("");
  if (value.is_number() && !std::isfinite(value.as_double())) return fail("D3001");
  Walk through = walk();
  Inspection inspection(limits_.memory, through, pretty);
  Problem problem = inspection.look(value, 0);
  if (!walked(through)) return {};
  switch (problem) {
    case Problem::none: break;
    case Problem::non_finite: return fail("D1001");
    case Problem::too_deep: return fail("U1001", "the value is nested too deeply");
    case Problem::too_long: return fail("U1001", "too much memory");
  }
  TextDraft out(*this);
  if (!spend(inspection.size() / 64) || (inspection.size() > small_change && !out.reserve(inspection.size()))) return {};
  if (!write_json(value, out.text(), {.digits = JsonDigits::reprinted, .indent = pretty ? 2 : 0, .may_stop = true})) give_up();
  return out.finish();
}

}  // namespace busway::jsonata
