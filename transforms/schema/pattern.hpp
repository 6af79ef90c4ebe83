#pragma once

#include <memory>
#include <string>
#include <string_view>

#include "bus/error.hpp"

namespace re2 {
class RE2;
}

namespace busway::schema {

// A compiled `pattern`: found anywhere in a text, in time linear in it. Immutable, any thread; the one file that knows RE2.
class Pattern {
 public:
  // `source` is ECMAScript's. Errors: kind `config`, with position and a text that says what cannot be done.
  static Result<Pattern> compile(std::string_view source);
  Pattern(Pattern&&) noexcept;
  Pattern& operator=(Pattern&&) noexcept;
  ~Pattern();

  bool matches(std::string_view text) const;
  const std::string& source() const { return source_; }

 private:
  Pattern(std::string source, std::unique_ptr<re2::RE2> compiled);
  std::string source_;
  std::unique_ptr<re2::RE2> compiled_;
};

}  // namespace busway::schema
