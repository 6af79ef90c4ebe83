#pragma once

#include <cstdint>
#include <string>
#include <vector>

namespace busway::jsonata::test {

// Makes JSONata expressions and JSON documents that fit each other, the same ones for the same seed. Names and values come from a
// few, so that paths lead somewhere, keys repeat and predicates match; what no one would write (a sum of strings, a doubled key)
// comes too, since errors must be the same as well.
class Generator {
 public:
  explicit Generator(std::uint64_t seed) : state_(seed * 0x9E3779B97F4A7C15ULL + 1) {}

  std::string document();
  std::string expression();

 private:
  std::uint32_t below(std::uint32_t bound);
  bool one_in(std::uint32_t chances) { return below(chances) == 0; }
  std::string pick(std::initializer_list<const char*> choices);

  std::string scalar();
  std::string value(int depth);
  std::string object(int depth);
  std::string rows();

  std::string any(int depth);
  std::string path(int depth);
  std::string step(int depth);
  std::string predicate(int depth);
  std::string probe(int depth);
  std::string number(int depth);
  std::string text(int depth);
  std::string condition(int depth);
  std::string made(int depth);
  std::string function_call(int depth);
  std::string higher(int depth);
  std::string block(int depth);
  std::string loop(int depth);
  std::string name();
  std::string variable();
  std::string list();

  std::uint64_t state_;
  std::vector<std::string> variables_{};
};

}  // namespace busway::jsonata::test
