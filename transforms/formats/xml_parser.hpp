#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "transforms/formats/xml_tree.hpp"

namespace busway {

// The strict parser behind parse_xml(): one pass over a private copy of the text, which is decoded in place and ends in zeros.
// Every method that can refuse answers false after refuse(). One document each.
//
// Rows of a table repeat their names: an element is first compared with the one that stood in its place in the row before (its
// twin), and takes over the twin's name and namespace when its tag is the same and no declaration came between.
class XmlParser {
 public:
  static constexpr std::size_t padding = 32;  // zeros behind the text, to stop at and for loads of a block

  // What is kept between documents (a Spare), so that parsing allocates nothing but from the arena.
  struct Workbench;

  XmlParser(char* text, std::size_t size, Arena& arena, const XmlLimits& limits, XmlBudget& budget, Workbench& bench);

  // `elements` has room for all of the document's; they lie there and not yet in the arena.
  bool run(XmlElement* elements, std::size_t room);
  std::size_t element_count() const { return element_count_; }
  std::size_t error_offset() const { return error_offset_; }
  const std::string& error() const { return error_; }

  // How many start tags there are, by a look at every `<` outside comments, CDATA sections and processing instructions.
  static std::size_t count_elements(std::string_view text);

 private:
  // An element whose end tag is still to come.
  struct Open {
    std::uint32_t index = 0;
    std::uint32_t last_child = 0;  // 0: none yet (index 0 is the root, nobody's child)
    std::uint32_t twin = 0;        // what the next child is expected to be like; 0: nothing is known
    std::size_t bindings = 0;      // in scope around it
    char* text = nullptr;          // joined parts
    std::size_t text_size = 0;
    std::size_t text_room = 0;  // 0 while `text` points at the one part in the source
  };
  struct Binding {
    std::string_view prefix;
    const std::string_view* uri = nullptr;
  };

  // Out of line, so that what reads well pays for no string.
  [[gnu::cold, gnu::noinline]] bool refuse(const char* at, std::string why);
  [[gnu::cold, gnu::noinline]] bool refuse(const char* at, const char* why) { return refuse(at, std::string(why)); }
  [[gnu::cold, gnu::noinline]] bool refuse_depth(const char* at);
  [[gnu::cold, gnu::noinline]] bool refuse_prefix(const char* at, std::string_view prefix);
  [[gnu::cold, gnu::noinline]] bool refuse_end_tag(const char* at, std::string_view found, std::string_view wanted);
  bool at_string(std::string_view expected) const {
    return static_cast<std::size_t>(end_ - at_) >= expected.size() && std::string_view(at_, expected.size()) == expected;
  }
  static bool is_space(char c) { return c == ' ' || c == '\n' || c == '\t' || c == '\r'; }
  static bool at_tag(const char* at) { return at[0] == '<' && at[1] != '!' && at[1] != '?'; }
  bool skip_space();  // true when there was some

  bool declaration();
  bool pseudo_attribute(std::string_view name, std::string_view& value, bool& found);
  bool misc(bool prolog);
  bool comment();
  bool instruction();
  bool content();
  bool text();
  // xml_parser_mixed.cpp
  bool content_in_order();
  bool piece();
  static Open* opened(std::vector<Open>& open, std::size_t depth);
  void link_child(Open& parent, std::uint32_t index);
  [[gnu::noinline]] bool add_text(Open& open, char* from, std::size_t size);
  Open* push_open(std::uint32_t index, std::uint32_t twin) {
    *++top_ = {.index = index, .twin = twin, .bindings = bindings_.size()};
    return top_;
  }
  bool start_tag();
  bool tag_rest(XmlElement& element, std::uint32_t elder, char* from);
  bool end_tag();
  bool close_element();
  // xml_parser_rows.cpp
  bool takes_twin(std::uint32_t candidate, XmlElement& element, std::size_t& size) const;
  void twins();
  bool leaf(XmlElement& element, std::size_t size);
  bool at_end_tag(const char* name, std::size_t size) const;
  // Sizes of the name at at_ and its parts.
  struct Name {
    std::size_t size = 0;
    std::uint16_t prefix_size = 0;
    std::uint16_t local_size = 0;
  };
  bool name(Name& out, const char* from, const char* otherwise);
  [[gnu::noinline]] bool unusual_name(Name& out, const char* from, const char* otherwise);
  // xml_parser_text.cpp
  bool skip_plain();
  bool text_part(char*& from, char*& to);
  bool markup(char*& out, bool& tag);
  bool reference(char*& out);
  bool clean(std::string_view part);
  [[gnu::cold, gnu::noinline]] bool bad_character(const char* at);
  // xml_attributes.cpp
  bool attribute(XmlAttribute& out);
  bool attribute_value(XmlAttribute& out);
  // xml_namespaces.cpp
  bool declare_namespaces(XmlElement& element);
  bool resolve_names(XmlElement& element);
  const std::string_view* uri_of(std::string_view prefix) const;

  char* at_;
  char* const end_;
  char* const begin_;
  Arena& arena_;
  const XmlLimits& limits_;
  XmlBudget& budget_;
  XmlElement* elements_ = nullptr;
  std::size_t element_room_ = 0;
  std::size_t element_count_ = 0;
  Open* top_;               // the innermost one
  Open* const open_;        // before the first
  Open* const open_limit_;  // the deepest there may be
  std::vector<Binding>& bindings_;
  std::vector<XmlAttribute>& attributes_;
  std::vector<XmlPiece>& pieces_;
  std::string error_;
  std::size_t error_offset_ = 0;
};

struct XmlParser::Workbench {
  static constexpr std::size_t small = 64 * 1024;  // texts up to this size are parsed before their elements are counted
  std::vector<Open> open;
  std::vector<Binding> bindings;
  std::vector<XmlAttribute> attributes;
  std::vector<XmlPiece> pieces;           // of a document in which their order counts
  std::unique_ptr<std::byte[]> elements;  // of a small text
};

}  // namespace busway
