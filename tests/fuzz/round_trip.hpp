#pragma once

#include <cstdio>
#include <cstdlib>
#include <string>
#include <string_view>

#include "bus/format.hpp"
#include "bus/json_text.hpp"

namespace busway {

// What is read must be written, and read back equal; anything else ends the program. `may_refuse`: the format can read what it
// cannot write.
inline void check_round_trip(const Format& format, std::string_view bytes, bool may_refuse = false) {
  Arena arena;
  auto first = format.read(bytes, arena);
  if (!first) {
    if (first.error().text.empty() || first.error().kind != ErrorKind::format) std::abort();
    return;
  }
  std::string out;
  auto written = format.write(*first, out);
  if (!written) {
    if (may_refuse) return;
    std::fprintf(stderr, "read, but not written: %s\n", written.error().text.c_str());
    std::abort();
  }
  auto second = format.read(out, arena);
  if (!second || !equal(*first, *second)) {
    std::fprintf(stderr, "not read back: %s\n", second ? to_json(*second).c_str() : second.error().text.c_str());
    std::abort();
  }
}

}  // namespace busway
