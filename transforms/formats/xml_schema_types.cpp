#include "transforms/formats/xml_schema_types.hpp"

#include "transforms/formats/xml_name.hpp"
#include "transforms/formats/xml_schema_parts.hpp"
#include "transforms/formats/xml_schema_text.hpp"

namespace busway {

using xml_schema::attribute;
using xml_schema::child;
using xml_schema::is_true;

namespace {

constexpr std::string_view xsd = xml_schema_namespace;

}  // namespace

void XmlSchemaTypes::add(const XmlElement& schema, const std::vector<const XmlElement*>& around, const std::string& file) {
  const Scope* scope = nullptr;
  for (const XmlElement* element : around) scope = &scopes_.emplace_back(scope, element);
  add_schema(schema, scope, file, "");
}

void XmlSchemaTypes::add_file(const File& file) {
  files_.emplace(file.name, "");
  auto document = parse_xml(file.text, arena_);
  if (!document || !document->root->is(xsd, "schema")) {
    incomplete_ = true;
    return;
  }
  add_schema(*document->root, nullptr, file.name, "");
}

void XmlSchemaTypes::add_located(std::string_view location, const std::string& from, const std::string& chameleon) {
  auto file = files_.size() < most_files ? open_(location, from) : std::nullopt;
  if (!file) {
    incomplete_ = true;
    return;
  }
  if (!files_.emplace(file->name, chameleon).second) return;
  auto document = parse_xml(file->text, arena_);
  if (!document || !document->root->is(xsd, "schema")) {
    incomplete_ = true;
    return;
  }
  add_schema(*document->root, nullptr, file->name, chameleon);
}

void XmlSchemaTypes::add_schema(const XmlElement& schema, const Scope* around, const std::string& file,
                                const std::string& chameleon) {
  const Scope* scope = &scopes_.emplace_back(around, &schema);
  std::string uri(attribute(schema, "targetNamespace"));
  if (uri.empty()) uri = chameleon;
  namespaces_.insert(uri);
  for (const XmlElement* one = schema.first_child(); one != nullptr; one = one->next()) {
    if (one->uri() != xsd) continue;
    std::string_view kind = one->local();
    if (kind == "include") {
      add_located(attribute(*one, "schemaLocation"), file, uri);
    } else if (kind == "import") {
      imported_.emplace(attribute(*one, "namespace"));
      std::string_view location = attribute(*one, "schemaLocation");
      // What is not there is told by a namespace that nobody declared.
      if (!location.empty() && attribute(*one, "namespace") != xml_namespace) add_located(location, file, "");
    } else if (kind == "redefine") {
      incomplete_ = true;
    }
    Components* among = kind == "element"                               ? &elements_
                        : kind == "complexType" || kind == "simpleType" ? &types_
                        : kind == "group"                               ? &groups_
                        : kind == "attributeGroup"                      ? &attribute_groups_
                        : kind == "attribute"                           ? &attributes_
                                                                        : nullptr;
    if (among == nullptr) continue;
    Component component = inside({.element = nullptr, .scope = scope, .uri = uri}, *one);
    if (!among->emplace(XmlQName(uri, attribute(*one, "name")), component).second) incomplete_ = true;
  }
}

bool XmlSchemaTypes::complete() {
  finish();
  return !incomplete_;
}

void XmlSchemaTypes::finish() {
  if (finished_) return;
  finished_ = true;
  for (const std::string& uri : imported_) {
    if (uri != xml_namespace && !namespaces_.contains(uri)) incomplete_ = true;
  }
  for (const auto& [name, element] : elements_) {
    std::string_view head = attribute(*element.element, "substitutionGroup");
    if (!head.empty()) heads_.insert(resolve(head, element));
  }
  for (const auto& [name, type] : types_) note_base(type);
}

// A type that another extends or restricts may be replaced by it, and so may those it is made of.
void XmlSchemaTypes::note_base(const Component& type) {
  const XmlElement* content = child(*type.element, {"simpleContent", "complexContent"});
  if (content == nullptr) return;
  Component around = inside(type, *content);
  const XmlElement* derivation = child(*content, {"extension", "restriction"});
  if (derivation == nullptr) return;
  XmlQName base = resolve(attribute(*derivation, "base"), inside(around, *derivation));
  // Of simple types, all up to the first.
  for (int level = 0; level < most_depth && replaced_.insert(base).second; ++level) {
    if (base.first == xsd) {
      base = {base.first, std::string(xml_schema_parent(base.second))};
      continue;
    }
    auto found = find(types_, base);
    if (!found || found->element->local() != "simpleType") return;
    const XmlElement* restriction = child(*found->element, {"restriction"});
    if (restriction == nullptr || attribute(*restriction, "base").empty()) return;
    base = resolve(attribute(*restriction, "base"), inside(*found, *restriction));
  }
}

XmlSchemaTypes::Component XmlSchemaTypes::inside(const Component& around, const XmlElement& element) {
  Component out{.element = &element, .scope = around.scope, .uri = around.uri};
  for (const XmlAttribute& one : element.attributes()) {
    if (one.uri() != xmlns_namespace) continue;
    out.scope = &scopes_.emplace_back(around.scope, &element);
    break;
  }
  return out;
}

XmlQName XmlSchemaTypes::resolve(std::string_view name, const Component& at) const {
  std::size_t first = name.find_first_not_of(" \t\r\n");
  if (first == std::string_view::npos) return {};
  name = name.substr(first, name.find_last_not_of(" \t\r\n") - first + 1);
  std::size_t colon = name.find(':');
  std::string_view prefix = colon == std::string_view::npos ? std::string_view() : name.substr(0, colon);
  std::string local(colon == std::string_view::npos ? name : name.substr(colon + 1));
  if (prefix == "xml") return {std::string(xml_namespace), local};
  bool chameleon = false;
  for (const Scope* scope = at.scope; scope != nullptr; scope = scope->up) {
    const XmlElement& element = *scope->element;
    for (const XmlAttribute& one : element.attributes()) {
      if (one.uri() != xmlns_namespace) continue;
      bool bound = prefix.empty() ? one.prefix().empty() : !one.prefix().empty() && one.local() == prefix;
      if (bound) return {std::string(one.value()), local};
    }
    if (element.is(xsd, "schema") && attribute(element, "targetNamespace").empty()) chameleon = true;
  }
  return {chameleon ? at.uri : std::string(), local};
}

std::optional<XmlSchemaTypes::Component> XmlSchemaTypes::find(const Components& among, const XmlQName& name) const {
  auto found = among.find(name);
  if (found == among.end()) return std::nullopt;
  return found->second;
}

ContractPtr XmlSchemaTypes::element(const XmlQName& name, const std::string& file) {
  finish();
  auto found = find(elements_, name);
  if (!found) return nullptr;
  bool others = heads_.contains(name) || is_true(attribute(*found->element, "abstract"));
  const ContractElement* type = others ? nullptr : type_of(*found);
  work_off();
  if (type == nullptr || work_ > most_work) return nullptr;
  auto out = std::make_shared<MessageContract>();
  out->name = file;
  out->path = "/" + name.second;
  out->root = type;
  out->nillable = is_true(attribute(*found->element, "nillable"));
  out->elements = made_;
  return out;
}

ContractPtr XmlSchemaTypes::root_of(const std::string& uri, const std::string& file) {
  finish();
  ContractElement& root = made_->emplace_back();
  std::vector<std::string> names;
  for (const auto& [name, element] : elements_) {
    if (name.first != uri) continue;
    bool others = heads_.contains(name) || is_true(attribute(*element.element, "abstract"));
    names.push_back(name.second);
    root.members.push_back({.name = name.second,
                            .type = others ? nullptr : type_of(element),
                            .fewest = 0,
                            .nillable = is_true(attribute(*element.element, "nillable"))});
  }
  root.open = incomplete_;
  if (!incomplete_ && names.size() == 1) root.members.front().fewest = 1;
  if (!incomplete_ && names.size() > 1) root.choices.push_back(std::move(names));
  work_off();
  if (work_ > most_work || root.members.empty()) return nullptr;
  auto out = std::make_shared<MessageContract>();
  out->name = file;
  out->root = &root;
  out->elements = made_;
  return out;
}

const ContractElement* XmlSchemaTypes::type_of(const Component& element) {
  std::string_view name = attribute(*element.element, "type");
  bool given = element.element->attribute("", "default") != nullptr || element.element->attribute("", "fixed") != nullptr;
  if (!name.empty()) {
    XmlQName type = resolve(name, element);
    const ContractElement* out = named_type(type);
    // An empty element stands for the value that is given here.
    if (given && out != nullptr && out->text) return leaf(unknown_xml_schema_text(), out->name, out->replaceable);
    return out;
  }
  const XmlElement* type = child(*element.element, {"complexType", "simpleType"});
  if (type == nullptr) return nullptr;
  auto [known, fresh] = nameless_.emplace(type, nullptr);
  if (!fresh) return known->second;
  Component inner = inside(element, *type);
  if (type->local() == "simpleType") {
    ContractText text = given ? unknown_xml_schema_text() : text_of_simple(inner, 0);
    known->second = leaf(std::move(text), "", false);
  } else {
    ContractElement& out = made_->emplace_back();
    known->second = &out;
    pending_.push_back({&out, inner});
  }
  return nameless_[type];
}

const ContractElement* XmlSchemaTypes::named_type(const XmlQName& name) {
  if (name.first == xsd && (name.second == "anyType" || name.second == "anySimpleType")) return nullptr;
  auto known = named_.find(name);
  if (known != named_.end()) return known->second;
  bool replaceable = incomplete_ || replaced_.contains(name);
  auto found = find(types_, name);
  const ContractElement* out = nullptr;
  if (found && found->element->local() == "complexType") {
    ContractElement& made = made_->emplace_back();
    made.name = name.second;
    made.replaceable = replaceable;
    pending_.push_back({&made, *found});
    out = &made;
  } else if (auto text = text_of(name, 0)) {
    std::string shown = text->name;
    out = leaf(std::move(*text), shown, replaceable);
  }
  return named_[name] = out;
}

const ContractElement* XmlSchemaTypes::leaf(ContractText text, const std::string& name, bool replaceable) {
  ContractElement& out = made_->emplace_back();
  out.name = name;
  out.text = std::move(text);
  out.replaceable = replaceable;
  return &out;
}

// Types are filled in turn: how deep they lie in one another is the schema's to say.
void XmlSchemaTypes::work_off() {
  while (!pending_.empty() && work_ <= most_work) {
    Pending next = pending_.front();
    pending_.pop_front();
    Content content{*next.out};
    next.out->abstract = is_true(attribute(*next.type.element, "abstract"));
    read_complex(content, next.type, false, 0);
    finish_content(content);
  }
}

void XmlSchemaTypes::finish_content(Content& content) {
  ContractElement& out = content.out;
  for (ContractMember& member : out.members) {
    if (out.open || content.twice.contains(member.name)) member.rank = 0;
  }
  std::erase_if(out.choices, [&](const std::vector<std::string>& names) {
    for (const std::string& name : names) {
      if (content.twice.contains(name)) return true;
    }
    return out.open;
  });
  std::erase_if(out.members, [](const ContractMember& member) { return member.most == 0; });
}

}  // namespace busway
