#include "adapters/soap/wsdl_contracts.hpp"

#include <algorithm>
#include <set>

#include "adapters/soap/quoted.hpp"
#include "transforms/formats/xml_name.hpp"
#include "transforms/formats/xml_schema_types.hpp"

namespace busway::soap {

namespace {

constexpr std::string_view wsdl_namespace = "http://schemas.xmlsoap.org/wsdl/";
constexpr std::string_view xsd = "http://www.w3.org/2001/XMLSchema";
constexpr std::size_t most_files = 100;
constexpr std::size_t most_operations = 10'000;

using Around = std::vector<const XmlElement*>;

bool is_soap(std::string_view uri) {
  return uri == "http://schemas.xmlsoap.org/wsdl/soap/" || uri == "http://schemas.xmlsoap.org/wsdl/soap12/";
}

std::string_view attribute(const XmlElement& element, std::string_view name) {
  const XmlAttribute* found = element.attribute("", name);
  return found == nullptr ? std::string_view() : found->value();
}

const XmlElement* soap_child(const XmlElement& element, std::string_view local) {
  for (const XmlElement* one = element.first_child(); one != nullptr; one = one->next()) {
    if (is_soap(one->uri()) && one->local() == local) return one;
  }
  return nullptr;
}

// A child by its attribute `name`.
const XmlElement* named_child(const XmlElement& element, std::string_view local, std::string_view name) {
  for (const XmlElement* one = element.first_child(); one != nullptr; one = one->next()) {
    if (one->is(wsdl_namespace, local) && attribute(*one, "name") == name) return one;
  }
  return nullptr;
}

XmlQName resolve(std::string_view name, const Around& around) {
  std::size_t colon = name.find(':');
  std::string_view prefix = colon == std::string_view::npos ? std::string_view() : name.substr(0, colon);
  std::string local(colon == std::string_view::npos ? name : name.substr(colon + 1));
  for (auto element = around.rbegin(); element != around.rend(); ++element) {
    for (const XmlAttribute& one : (*element)->attributes()) {
      if (one.uri() != xmlns_namespace) continue;
      bool bound = prefix.empty() ? one.prefix().empty() : !one.prefix().empty() && one.local() == prefix;
      if (bound) return {std::string(one.value()), local};
    }
  }
  return {"", local};
}

// The files of a WSDL, and what is declared in them.
class Definitions {
 public:
  explicit Definitions(const BundleFiles& files) : files_(files) {}

  Result<void> add(const std::string& text, const std::string& file) {
    auto document = parse_xml(text, arena_);
    if (!document) return fail(ErrorKind::config, document.error().text);
    if (!document->root->is(wsdl_namespace, "definitions"))
      return fail(ErrorKind::config, "it is not a WSDL 1.1 file: its root is not 'definitions'");
    const XmlElement& root = *document->root;
    std::string uri(attribute(root, "targetNamespace"));
    for (const XmlElement* one = root.first_child(); one != nullptr; one = one->next()) {
      Declared declared{one, {&root, one}};
      XmlQName name{uri, attribute(*one, "name")};
      if (one->is(wsdl_namespace, "import")) import(attribute(*one, "location"), file);
      if (one->is(wsdl_namespace, "types")) add_types(*one, root, file);
      if (one->is(wsdl_namespace, "message")) messages.emplace(name, declared);
      if (one->is(wsdl_namespace, "portType")) ports.emplace(name, declared);
      if (one->is(wsdl_namespace, "binding")) bindings.push_back(declared);
    }
    return {};
  }

  struct Declared {
    const XmlElement* element;
    Around around;  // and itself
  };
  std::map<XmlQName, Declared> messages{};
  std::map<XmlQName, Declared> ports{};
  std::vector<Declared> bindings{};
  XmlSchemaTypes types{[this](std::string_view location, const std::string& from) { return open(location, from); }};
  bool complete = true;

 private:
  std::optional<XmlSchemaTypes::File> open(std::string_view location, const std::string& from) {
    // Of an address of the network, the file of that name.
    if (location.find("://") != std::string_view::npos) location.remove_prefix(location.rfind('/') + 1);
    Position at;
    at.file = std::make_shared<const std::string>(from);
    auto text = files_.read(location, at);
    if (!text) return std::nullopt;
    return XmlSchemaTypes::File{std::move(*text), files_.name_of(location, at)};
  }

  void import(std::string_view location, const std::string& from) {
    auto file = seen_.size() < most_files ? open(location, from) : std::nullopt;
    if (!file) {
      complete = false;
    } else if (seen_.insert(file->name).second) {
      complete = add(file->text, file->name).has_value() && complete;
    }
  }

  void add_types(const XmlElement& holder, const XmlElement& root, const std::string& file) {
    for (const XmlElement* one = holder.first_child(); one != nullptr; one = one->next()) {
      if (one->is(xsd, "schema")) types.add(*one, {&root, &holder}, file);
    }
  }

  const BundleFiles& files_;
  Arena arena_;
  std::set<std::string> seen_{};
};

// The element in the Body that the `input` or `output` of a portType's operation names; nullopt when it is not one.
std::optional<XmlQName> body_element(const Definitions& all, const Definitions::Declared& port, const XmlElement& operation,
                                     std::string_view direction, const XmlElement* bound) {
  const XmlElement* way = operation.child(wsdl_namespace, direction);
  if (way == nullptr) return std::nullopt;
  Around around = port.around;
  around.push_back(&operation);
  around.push_back(way);
  auto message = all.messages.find(resolve(attribute(*way, "message"), around));
  if (message == all.messages.end()) return std::nullopt;
  // The binding may put parts into headers.
  const XmlElement* body = bound == nullptr ? nullptr : soap_child(*bound, "body");
  if (body != nullptr && attribute(*body, "use") == "encoded") return std::nullopt;
  std::string_view parts = body == nullptr ? std::string_view() : attribute(*body, "parts");
  const XmlElement* part = nullptr;
  for (const XmlElement* one = message->second.element->first_child(); one != nullptr; one = one->next()) {
    if (!one->is(wsdl_namespace, "part") || (!parts.empty() && attribute(*one, "name") != parts)) continue;
    if (part != nullptr) return std::nullopt;
    part = one;
  }
  if (part == nullptr || attribute(*part, "element").empty()) return std::nullopt;
  Around inside = message->second.around;
  inside.push_back(part);
  return resolve(attribute(*part, "element"), inside);
}

}  // namespace

std::shared_ptr<const WsdlContracts> WsdlContracts::read(const FileRef& file, CheckContext& check) {
  Definitions all(check.files);
  if (auto good = all.add(file.content, check.files.name_of(file.path, file.at)); !good) {
    check.findings.error("BW5031", file.at, file.path + ": " + good.error().text);
    return nullptr;
  }
  auto out = std::make_shared<WsdlContracts>();
  out->name_ = file.path;
  bool complete = all.complete;
  for (const auto& binding : all.bindings) {
    const XmlElement* soap = soap_child(*binding.element, "binding");
    if (soap == nullptr) continue;
    auto port = all.ports.find(resolve(attribute(*binding.element, "type"), binding.around));
    if (port == all.ports.end()) {
      complete = false;
      continue;
    }
    for (const XmlElement* one = binding.element->first_child(); one != nullptr; one = one->next()) {
      if (!one->is(wsdl_namespace, "operation")) continue;
      const XmlElement* declared = named_child(*port->second.element, "operation", attribute(*one, "name"));
      const XmlElement* how = soap_child(*one, "operation");
      std::string_view style = how == nullptr ? std::string_view() : attribute(*how, "style");
      if (style.empty()) style = attribute(*soap, "style");
      auto request = declared == nullptr || style == "rpc" || out->operations_.size() > most_operations
                         ? std::nullopt
                         : body_element(all, port->second, *declared, "input", one->child(wsdl_namespace, "input"));
      if (!request) {
        complete = false;
        continue;
      }
      Operation operation{.uri = request->first, .name = request->second, .answer_uri = {}, .answer_name = {}, .contract = {}};
      if (auto answer = body_element(all, port->second, *declared, "output", one->child(wsdl_namespace, "output"))) {
        operation.answer_uri = answer->first;
        operation.answer_name = answer->second;
        operation.contract.answer = all.types.element(*answer, file.path);
      }
      operation.contract.request = all.types.element(*request, file.path);
      out->operations_.push_back(std::move(operation));
    }
  }
  out->complete_ = complete && !out->operations_.empty();
  return out;
}

const WsdlContracts::Operation* WsdlContracts::find(std::string_view uri, std::string_view name) const {
  const Operation* out = nullptr;
  for (const Operation& one : operations_) {
    if (one.name != name || (!uri.empty() && one.uri != uri)) continue;
    // Two bindings, of SOAP 1.1 and 1.2 mostly, have the same operations.
    bool same =
        out == nullptr || (out->uri == one.uri && out->answer_name == one.answer_name && out->answer_uri == one.answer_uri);
    if (!same) return nullptr;
    out = &one;
  }
  return out;
}

void check_operation(const WsdlContracts& wsdl, std::string_view uri, const std::string& operation, const Position& at,
                     CheckContext& check) {
  if (!wsdl.complete()) return;
  std::vector<std::string_view> names;
  std::string_view other;
  for (const WsdlContracts::Operation& one : wsdl.all()) {
    if (one.name == operation && (uri.empty() || one.uri == uri)) return;
    if (one.name == operation) other = one.uri;
    names.push_back(one.name);
  }
  std::sort(names.begin(), names.end());
  names.erase(std::unique(names.begin(), names.end()), names.end());
  if (!other.empty()) {
    check.findings.error("BW5032", at,
                         "in " + wsdl.name() + " the operation " + quoted(operation) + " is in the namespace " + quoted(other) +
                             ", not in " + quoted(uri));
  } else {
    check.findings.error(
        "BW5032", at,
        wsdl.name() + " has no operation whose request is the element " + quoted(operation) + did_you_mean(operation, names));
  }
}

}  // namespace busway::soap
