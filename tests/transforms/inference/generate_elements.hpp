#pragma once

#include <cstdint>
#include <initializer_list>
#include <string>
#include <vector>

namespace busway::inference::test {

// An element that XML can be made for.
struct Element {
  enum class Kind { text, number, decimal, boolean, code, date, parts, valued };
  Kind kind = Kind::text;
  std::string name;
  int fewest = 1;
  int most = 1;  // 9: unbounded
  bool nillable = false;
  bool repeated = false;        // of `parts`: the group of its elements stands once or twice
  bool extended = false;        // ... and comes from two types
  bool any_order = false;       // xs:all
  std::vector<Element> parts;   // in their order
  std::vector<Element> choice;  // one of these behind them
  bool choice_once = true;
  std::vector<std::string> attributes;  // "k" required, "o" optional
};

// Makes XML Schemas and documents that keep to them, mostly; the same ones for the same seed.
class ElementGenerator {
 public:
  explicit ElementGenerator(std::uint64_t seed) : state_(seed * 0x9E3779B97F4A7C15ULL + 7) {}

  // Of the name "root".
  Element root();
  // The same with some places made otherwise.
  Element changed(const Element& element);
  // A schema without a namespace, with the element as a global one.
  std::string schema(const Element& element);
  std::string document(const Element& element);

 private:
  std::uint32_t below(std::uint32_t bound);
  bool one_in(std::uint32_t chances) { return below(chances) == 0; }
  std::string pick(std::initializer_list<const char*> choices);

  Element parts(std::string name, int depth);
  Element element(std::string name, int depth);
  std::string declaration(const Element& element, bool global);
  std::string content(const Element& element);
  std::string attributes(const Element& element);
  std::string text(const Element& element);

  std::uint64_t state_;
  std::string types_{};
  int named_ = 0;
};

}  // namespace busway::inference::test
