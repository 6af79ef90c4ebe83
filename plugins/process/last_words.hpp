#pragma once

#include <string>
#include <string_view>

namespace busway::plugins {

// What a program has said last on its standard error, for the reason of its end: the last line that says something by itself.
// `RuntimeError: no price list` is one; a line that only leads to another is not, such as a frame of a stack, which is indented,
// or the version that Node signs with. Where there is no better one, it is the last that is not empty. At most 300 bytes, in
// UTF-8 and without control characters. One thread.
class LastWords {
 public:
  // A line without its end, in UTF-8.
  void hear(std::string_view line);
  // Empty when it has said nothing.
  const std::string& text() const { return said_.empty() ? anything_ : said_; }

 private:
  std::string said_;
  std::string anything_;
};

}  // namespace busway::plugins
