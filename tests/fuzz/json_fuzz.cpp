#include <cstddef>
#include <cstdint>

#include "bus/registry.hpp"
#include "tests/fuzz/round_trip.hpp"
#include "transforms/formats/json_canonical.hpp"
#include "transforms/formats/json_reader.hpp"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace busway;
  static const FormatPtr json = [] {
    Registry registry;
    registry.add(json_format());
    return registry.plain_format("json");
  }();
  std::string_view text(reinterpret_cast<const char*>(data), size);
  check_round_trip(*json, text);

  Arena arena(256);
  JsonOptions lenient{.duplicate_keys = JsonOptions::DuplicateKeys::last, .depth = 1000, .lone_surrogates = true};
  auto first = read_json(text, arena, lenient);
  // What is gathered goes to an arena that grows by doubling; a long text is laid out in one exact piece.
  std::size_t times = size > JsonReader::gathered ? 10 : 16;
  if (arena.reserved() > times * size + 2048) std::abort();
  if (!first) return 0;
  std::string out;
  write_json(*first, out);
  auto second = read_json(out, arena, lenient);
  if (!second || !equal(*first, *second)) std::abort();
  // The canonical text of what can be read has itself as its canonical text.
  std::string once;
  std::string twice;
  if (!write_canonical_json(*first, once)) return 0;
  auto again = read_json(once, arena, lenient);
  if (!again || !write_canonical_json(*again, twice) || once != twice) std::abort();
  return 0;
}
