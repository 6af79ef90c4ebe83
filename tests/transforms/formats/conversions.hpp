#pragma once

#include <doctest/doctest.h>

#include <string>
#include <string_view>

#include "bus/format.hpp"
#include "bus/json_text.hpp"
#include "transforms/formats/json.hpp"

namespace busway {

// What a format makes of bytes, as JSON, and of a JSON document, as bytes; or "error: " and why it refuses.
inline std::string reads(const FormatPtr& format, std::string_view bytes) {
  Arena arena;
  auto read = format->read(bytes, arena);
  return read ? to_json(*read) : "error: " + read.error().text;
}
inline std::string writes(const FormatPtr& format, std::string_view json) {
  Arena arena;
  auto document = read_json(json, arena);
  REQUIRE(document);
  std::string out;
  auto written = format->write(*document, out);
  return written ? out : "error: " + written.error().text;
}

}  // namespace busway
