#pragma once

#include <zlib.h>

#include <string>
#include <string_view>

#include "bus/assert.hpp"

namespace busway::fakes {

// What a sender makes of `text` for Content-Encoding: gzip.
inline std::string gzip(std::string_view text) {
  z_stream stream{};
  BUSWAY_ASSERT(deflateInit2(&stream, 9, Z_DEFLATED, MAX_WBITS + 16, 8, Z_DEFAULT_STRATEGY) == Z_OK);
  std::string out(deflateBound(&stream, text.size()) + 64, '\0');
  stream.next_in = reinterpret_cast<Bytef*>(const_cast<char*>(text.data()));
  stream.avail_in = static_cast<uInt>(text.size());
  stream.next_out = reinterpret_cast<Bytef*>(out.data());
  stream.avail_out = static_cast<uInt>(out.size());
  BUSWAY_ASSERT(deflate(&stream, Z_FINISH) == Z_STREAM_END);
  out.resize(stream.total_out);
  deflateEnd(&stream);
  return out;
}

}  // namespace busway::fakes
