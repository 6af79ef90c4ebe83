#pragma once

#include "bus/format.hpp"

namespace busway {

// A format whose bytes mean more with the Content-Type that they came with: XML's charset parameter (RFC 7303, 3). Safe from any
// thread, as every format.
class LabelledFormat : public Format {
 public:
  // As read(). `content_type` is the whole field, empty where there was none; it comes from outside and may be anything.
  virtual Result<Node> read_labelled(std::string_view bytes, std::string_view content_type, Arena& arena) const = 0;
  Result<Node> read(std::string_view bytes, Arena& arena) const final { return read_labelled(bytes, {}, arena); }
};

// Reads by any format, with the label where the format makes use of it.
Result<Node> read_labelled(const Format& format, std::string_view bytes, std::string_view content_type, Arena& arena);

}  // namespace busway
