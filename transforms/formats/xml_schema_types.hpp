#pragma once

#include <cstdint>
#include <deque>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "bus/message_contract.hpp"
#include "transforms/formats/xml_tree.hpp"

namespace busway {

// A name in a namespace.
using XmlQName = std::pair<std::string, std::string>;  // uri, local

// What the types of XML Schemas (XSD 1.0) say of plain documents, as far as a check needs to know it. It reads declarations and
// judges none: a schema that breaks the rules of XSD gives contracts that say less. Everything is bounded: a hostile schema makes
// it give up, and then it knows nothing. One thread, during a check.
class XmlSchemaTypes {
 public:
  // The text of the file at a schemaLocation, and the name it has from there on; nullopt when it may not be had. `from`: the
  // name of the file that names it.
  struct File {
    std::string text;
    std::string name;
  };
  using Open = std::function<std::optional<File>(std::string_view location, const std::string& from)>;
  explicit XmlSchemaTypes(Open open) : open_(std::move(open)) {}
  XmlSchemaTypes(const XmlSchemaTypes&) = delete;
  XmlSchemaTypes& operator=(const XmlSchemaTypes&) = delete;

  // An xs:schema element and those around it, outermost first, in the file of that name. What it includes and imports is read.
  // The tree must live as long as this object.
  void add(const XmlElement& schema, const std::vector<const XmlElement*>& around, const std::string& file);
  // A whole file.
  void add_file(const File& file);

  // What a global element holds; null when it is not declared or nothing is known. `name` as MessageContract::name.
  ContractPtr element(const XmlQName& element, const std::string& name);
  // A document whose one member is a global element of the namespace.
  ContractPtr root_of(const std::string& uri, const std::string& name);
  // Every file was read and understood.
  bool complete();

 private:
  // The elements around a declaration: where its prefixes are bound.
  struct Scope {
    const Scope* up;
    const XmlElement* element;
  };
  struct Component {
    const XmlElement* element = nullptr;
    const Scope* scope = nullptr;
    std::string uri;  // target namespace
  };
  using Components = std::map<XmlQName, Component>;
  // How often, and where, the particle that is looked at may stand.
  struct Place {
    std::uint64_t fewest = 1;
    std::uint64_t most = 1;
    int repeats = 0;         // groups around it that may stand more than once
    std::uint32_t rank = 0;  // of all that is inside; 0: each has its own
    int depth = 0;
  };
  // A content model while it is put together.
  struct Content {
    ContractElement& out;
    std::uint32_t ranks = 0;
    std::set<std::string> twice{};  // names that stand in it more than once
  };
  struct Pending {
    ContractElement* out;
    Component type;
  };

  void add_schema(const XmlElement& schema, const Scope* around, const std::string& file, const std::string& chameleon);
  void add_located(std::string_view location, const std::string& from, const std::string& chameleon);
  void finish();
  void note_base(const Component& type);

  // An element of a schema below another.
  Component inside(const Component& around, const XmlElement& element);
  XmlQName resolve(std::string_view name, const Component& at) const;
  std::optional<Component> find(const Components& among, const XmlQName& name) const;
  bool exhausted() { return ++work_ > most_work; }

  // The type of an element declaration; null: nothing is known.
  const ContractElement* type_of(const Component& element);
  const ContractElement* named_type(const XmlQName& name);
  const ContractElement* leaf(ContractText text, const std::string& name, bool replaceable);
  void work_off();
  static void finish_content(Content& content);

  void read_complex(Content& content, const Component& type, bool attributes_only, int depth);
  void read_derived(Content& content, const Component& derivation, bool simple, bool attributes_only, int depth);
  void read_base(Content& content, const XmlQName& base, bool simple, bool attributes_only, int depth);
  void read_attributes(Content& content, const Component& holder, int depth);
  void read_attribute(Content& content, const Component& attribute);
  void read_particle(Content& content, const Component& particle, Place place);
  void read_choice(Content& content, const Component& choice, Place place);
  void read_element(Content& content, const Component& element, Place place);
  static void put(Content& content, ContractMember member);

  std::optional<ContractText> text_of(const XmlQName& name, int depth);
  ContractText text_of_simple(const Component& type, int depth);

  static constexpr std::size_t most_files = 200;
  static constexpr std::uint64_t most_work = 200'000;
  static constexpr int most_depth = 60;
  Open open_;
  Arena arena_;
  std::deque<Scope> scopes_;
  Components elements_;
  Components types_;
  Components groups_;
  Components attribute_groups_;
  Components attributes_;
  std::set<XmlQName> heads_;     // of substitution groups
  std::set<XmlQName> replaced_;  // types that others stand for
  std::set<std::string> namespaces_;
  std::set<std::string> imported_;
  std::set<std::pair<std::string, std::string>> files_;  // by name and chameleon namespace
  std::shared_ptr<std::deque<ContractElement>> made_ = std::make_shared<std::deque<ContractElement>>();
  std::map<XmlQName, const ContractElement*> named_;
  std::map<const XmlElement*, const ContractElement*> nameless_;
  std::deque<Pending> pending_;
  bool incomplete_ = false;
  bool finished_ = false;
  std::uint64_t work_ = 0;
};

}  // namespace busway
