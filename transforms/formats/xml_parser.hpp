#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "transforms/formats/xml_tree.hpp"

namespace busway {

// The strict parser behind parse_xml(): one pass over a private copy of the text, which is decoded in place. Every method that
// can refuse answers false after refuse(). One document each.
class XmlParser {
 public:
  XmlParser(char* text, std::size_t size, Arena& arena, const XmlLimits& limits, XmlBudget& budget)
      : at_(text), end_(text + size), begin_(text), arena_(arena), limits_(limits), budget_(budget) {}

  bool run(std::size_t elements);
  const XmlElement* root() const { return elements_; }
  std::size_t error_offset() const { return error_offset_; }
  const std::string& error() const { return error_; }

  // How many start tags there are, by a look at every `<` outside comments, CDATA sections and processing instructions.
  static std::size_t count_elements(std::string_view text);

 private:
  // An element whose end tag is still to come.
  struct Open {
    std::uint32_t index = 0;
    std::uint32_t last_child = 0;  // 0: none yet (index 0 is the root, nobody's child)
    std::size_t bindings = 0;      // in scope around it
    char* text = nullptr;          // joined parts
    std::size_t text_size = 0;
    std::size_t text_room = 0;  // 0 while `text` points at the one part in the source
  };
  struct Binding {
    std::string_view prefix;
    const std::string_view* uri = nullptr;
  };

  bool refuse(const char* at, std::string why);
  bool at_string(std::string_view expected) const {
    return static_cast<std::size_t>(end_ - at_) >= expected.size() && std::string_view(at_, expected.size()) == expected;
  }
  static bool is_space(char c) { return c == ' ' || c == '\n' || c == '\t' || c == '\r'; }
  bool skip_space();  // true when there was some

  bool declaration();
  bool pseudo_attribute(std::string_view name, std::string_view& value, bool& found);
  bool misc(bool prolog);
  bool comment();
  bool instruction();
  bool content();
  bool text_part(char*& from, char*& to);
  bool reference(char*& out);
  bool start_tag();
  bool end_tag();
  bool close_element();
  bool attribute(XmlAttribute& out);
  bool attribute_value(XmlAttribute& out);
  bool declare_namespaces();
  bool resolve_names(XmlElement& element);
  bool split_name(std::string_view name, const char* at, std::uint16_t& prefix_size, std::uint16_t& local_size);
  const std::string_view* uri_of(std::string_view prefix) const;
  bool add_text(Open& open, char* from, std::size_t size);

  char* at_;
  char* const end_;
  char* const begin_;
  Arena& arena_;
  const XmlLimits& limits_;
  XmlBudget& budget_;
  XmlElement* elements_ = nullptr;
  std::size_t element_room_ = 0;
  std::size_t element_count_ = 0;
  std::vector<Open> open_;
  std::vector<Binding> bindings_;
  std::vector<XmlAttribute> attributes_;
  std::string error_;
  std::size_t error_offset_ = 0;
};

}  // namespace busway
