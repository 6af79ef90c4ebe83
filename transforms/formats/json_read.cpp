#include <algorithm>
#include <cstring>

#include "bus/pause.hpp"
#include "bus/spare.hpp"
#include "transforms/formats/json_reader.hpp"
#include "transforms/formats/utf8.hpp"

namespace busway {

namespace {

constexpr std::string_view doing = "reading JSON";
constexpr std::size_t largest = 0x7FFFFFFF;

}  // namespace

Result<Node> read_json(std::string_view text, Arena& arena, const JsonOptions& options) {
  if (text.size() > largest) return fail(ErrorKind::format, "reading JSON: the text is larger than 2 GiB");
  if (text.starts_with("\xEF\xBB\xBF")) {
    return refuse_text(doing, text, 0, "the text begins with a byte order mark, which JSON does not allow");
  }
  char* copy = arena.array<char>(text.size() + JsonReader::padding);
  constexpr std::size_t in_a_row = 64 * 1024;  // fresh memory costs more than the copy
  for (std::size_t at = 0; at < text.size(); at += in_a_row) {
    if (at != 0) pause_if_due(1024);
    std::memcpy(copy + at, text.data() + at, std::min(in_a_row, text.size() - at));
  }
  std::memset(copy + text.size(), 0, JsonReader::padding);
  Spare<JsonReader::Workbench> bench;
  JsonReader reader(copy, text.size(), arena, options, *bench);
  bool good = reader.run();
  if (text.size() > JsonReader::gathered) bench->scan.trim();
  // Decoded in place, the copy no longer has its lines: places are counted in the text as it came.
  if (!good) return refuse_text(doing, text, reader.error_offset(), reader.error());
  return reader.root();
}

}  // namespace busway
