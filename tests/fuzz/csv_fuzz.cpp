#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <vector>

#include "bus/registry.hpp"
#include "tests/fuzz/round_trip.hpp"
#include "tests/transforms/formats/made_format.hpp"
#include "transforms/formats/csv.hpp"
#include "transforms/formats/lines.hpp"

namespace {

using namespace busway;

struct Dialect {
  FormatPtr format;
  bool may_refuse = false;  // without quotes, or with CR alone in a line: it can read what it cannot write
};

ConfigNode flag(bool value) {
  return config_scalar(value ? "true" : "false", ConfigNode::Kind::boolean);
}

std::vector<Dialect> dialects() {
  using Options = std::vector<std::pair<std::string, ConfigNode>>;
  auto csv = [](Options options) { return make_format(csv_format(), config_map(std::move(options))).format; };
  auto text = [](const char* value) { return config_scalar(value); };
  return {{csv({})},
          {csv({{"header", flag(false)}})},
          {csv({{"delimiter", text(";")}, {"typed", flag(true)}, {"line_end", text("lf")}})},
          {csv({{"delimiter", text("||")},
                {"quote", text("'")},
                {"escape", text("\\")},
                {"ragged", flag(true)},
                {"comment", text("#")}})},
          {csv({{"delimiter", text("\t")}, {"quote", text("")}, {"header", flag(false)}, {"line_end", text("crlf")}}), true},
          {csv({{"header", flag(false)}, {"columns", config_list({text("a"), text("b")})}, {"line_end", text("cr")}})},
          {csv({{"skip_empty_lines", flag(false)}, {"header", flag(false)}, {"typed", flag(true)}})},
          {csv({{"charset", text("windows-1252")}})},
          {plain(lines_format()), true},
          {plain(ndjson_format())}};
}

}  // namespace

// A byte that chooses the dialect, and a text: it is refused with a reason, or what is read is written, and read back equal, in
// memory that its size bounds.
extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  static const std::vector<Dialect> known = dialects();
  if (size == 0) return 0;
  const Dialect& dialect = known[data[0] % known.size()];
  std::string_view text(reinterpret_cast<const char*>(data + 1), size - 1);
  check_round_trip(*dialect.format, text, dialect.may_refuse);
  Arena arena(256);
  (void)dialect.format->read(text, arena);
  if (arena.reserved() > 16 * size + 4UL * 1024 * 1024) std::abort();
  return 0;
}
