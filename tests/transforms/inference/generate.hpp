#pragma once

#include <cstdint>
#include <initializer_list>
#include <memory>
#include <string>
#include <vector>

namespace busway::inference::test {

// A JSON Schema that documents can be made for.
struct Pattern {
  enum class Kind { text, whole, number, boolean, null, choice, list, object, either, any };
  Kind kind = Kind::any;
  std::vector<std::string> values;  // of a choice, as JSON
  std::vector<Pattern> parts;       // item, members, alternatives
  std::vector<std::string> names;
  std::vector<bool> required;
  bool closed = false;
  int fewest = 0;
  int most = 3;
};

// Makes schemas, documents that fit them, and mappings that read such documents; the same ones for the same seed.
class Generator {
 public:
  explicit Generator(std::uint64_t seed) : state_(seed * 0x9E3779B97F4A7C15ULL + 1) {}

  Pattern object(int depth);
  // What a message is: an object mostly, or a list of them.
  Pattern root(int depth);
  std::string schema(const Pattern& pattern);
  std::string document(const Pattern& pattern);
  // The same with some places made otherwise.
  Pattern changed(const Pattern& pattern, int depth);
  // A mapping as people write them: each member is read from somewhere.
  std::string plain();
  std::string mapping() { return one_in(4) ? value(3) : made(3); }

 private:
  std::uint32_t below(std::uint32_t bound);
  bool one_in(std::uint32_t chances) { return below(chances) == 0; }
  std::string pick(std::initializer_list<const char*> choices);

  Pattern pattern(int depth);
  std::string value(int depth);
  std::string made(int depth);
  std::string path(int depth);
  std::string literal();
  std::string predicate(int depth);

  std::uint64_t state_;
};

}  // namespace busway::inference::test
