#include "adapters/soap/fault.hpp"

#include "transforms/formats/xml_document.hpp"
#include "transforms/formats/xml_name.hpp"

namespace busway::soap {

namespace {

constexpr std::size_t most_subcodes = 8;

// 1.1's children are in no namespace, but services that qualify them are common.
const XmlElement* part_of(const XmlElement& element, std::string_view local) {
  for (const XmlElement* child = element.first_child(); child != nullptr; child = child->next()) {
    if (child->local() == local) return child;
  }
  return nullptr;
}

std::string_view trimmed(std::string_view text) {
  std::size_t from = text.find_first_not_of(" \t\r\n");
  if (from == std::string_view::npos) return {};
  return text.substr(from, text.find_last_not_of(" \t\r\n") - from + 1);
}

std::string_view without_prefix(std::string_view name) {
  name = trimmed(name);
  std::size_t colon = name.rfind(':');
  return colon == std::string_view::npos ? name : name.substr(colon + 1);
}

Result<Node> read_detail(const XmlElement* element, Envelope& envelope, const BodyShape& shape, Arena& arena) {
  if (element == nullptr) return Node();
  auto detail = shape.read(*element, envelope.version, envelope.budget, arena);
  if (detail && detail->is_object() && detail->size() == 0) return Node();
  return detail;
}

std::string code_1_2(const XmlElement& fault) {
  std::string code;
  const XmlElement* level = fault.child(envelope_1_2, "Code");
  for (std::size_t depth = 0; level != nullptr && depth <= most_subcodes; ++depth) {
    const XmlElement* value = level->child(envelope_1_2, "Value");
    if (value == nullptr) break;
    if (!code.empty()) code += '.';
    code += without_prefix(value->text());
    level = level->child(envelope_1_2, "Subcode");
  }
  return code;
}

std::string_view reason_1_2(const XmlElement& fault) {
  const XmlElement* reason = fault.child(envelope_1_2, "Reason");
  const XmlElement* best = nullptr;
  for (const XmlElement* text = reason == nullptr ? nullptr : reason->first_child(); text != nullptr; text = text->next()) {
    if (!text->is(envelope_1_2, "Text")) continue;
    const XmlAttribute* language = text->attribute(xml_namespace, "lang");
    bool english = language != nullptr && language->value().starts_with("en");
    if (best == nullptr || english) best = text;
    if (english) break;
  }
  return best == nullptr ? std::string_view() : trimmed(best->text());
}

struct Words {
  std::string_view in_1_1;
  std::string_view in_1_2;
};
constexpr Words words[] = {{"Client", "Sender"},
                           {"Server", "Receiver"},
                           {"MustUnderstand", "MustUnderstand"},
                           {"VersionMismatch", "VersionMismatch"},
                           {"Client", "DataEncodingUnknown"}};

// SOAP's own word in `version` for the first part of a code; empty when it is none of SOAP's.
std::string_view word_in(Version version, std::string_view first) {
  for (const Words& row : words) {
    if (first == row.in_1_2 && version == Version::v1_2) return row.in_1_2;
    if (first == row.in_1_1 || first == row.in_1_2) return version == Version::v1_1 ? row.in_1_1 : row.in_1_2;
  }
  return {};
}

void write_code_1_2(std::string_view own, std::string_view rest, std::string_view uri, std::string& out) {
  out.append("<soap:Code><soap:Value>soap:").append(own).append("</soap:Value>");
  std::size_t open = 0;
  while (!rest.empty() && open < most_subcodes) {
    std::size_t dot = rest.find('.');
    std::string_view part = rest.substr(0, dot);
    rest = dot == std::string_view::npos ? std::string_view() : rest.substr(dot + 1);
    if (!is_ncname(part)) continue;
    out += "<soap:Subcode><soap:Value";
    if (!uri.empty()) {
      out += " xmlns:n=\"";
      append_xml_attribute(uri, out);
      out += "\">n:";
    } else {
      out += '>';
    }
    out.append(part).append("</soap:Value>");
    ++open;
  }
  for (; open != 0; --open) out += "</soap:Subcode>";
  out += "</soap:Code>";
}

}  // namespace

Result<Fault> read_fault(Envelope& envelope, const BodyShape& shape, Arena& arena) {
  const XmlElement& element = *envelope.payload;
  Fault fault;
  const XmlElement* detail_element = nullptr;
  if (envelope.version == Version::v1_2) {
    fault.code = code_1_2(element);
    fault.text = reason_1_2(element);
    detail_element = element.child(envelope_1_2, "Detail");
  } else {
    if (const XmlElement* code = part_of(element, "faultcode")) fault.code = without_prefix(code->text());
    if (const XmlElement* text = part_of(element, "faultstring")) fault.text = trimmed(text->text());
    detail_element = part_of(element, "detail");
  }
  auto detail = read_detail(detail_element, envelope, shape, arena);
  if (!detail) return detail.error().while_doing("reading a Fault's detail");
  fault.detail = *detail;
  return fault;
}

bool blames_caller(std::string_view code) {
  std::string_view first = code.substr(0, code.find('.'));
  return first == "Client" || first == "Sender" || first == "MustUnderstand" || first == "VersionMismatch" ||
         first == "DataEncodingUnknown";
}

int fault_status(Version version, std::string_view code) {
  return version == Version::v1_2 && word_in(version, code.substr(0, code.find('.'))) == "Sender" ? 400 : 500;
}

std::string_view fault_code_for(Version version, int status) {
  bool callers = status < 500;
  if (version == Version::v1_1) return callers ? "Client" : "Server";
  return callers ? "Sender" : "Receiver";
}

Result<void> write_fault(Version version, const FaultText& fault, std::string& out) {
  if (find_non_xml(fault.text) != std::string_view::npos) {
    return fail(ErrorKind::format, "writing a Fault: its text has a character that XML cannot hold");
  }
  std::size_t dot = fault.code.find('.');
  std::string_view own = word_in(version, fault.code.substr(0, dot));
  std::string_view rest = own.empty()                     ? fault.code
                          : dot == std::string_view::npos ? std::string_view()
                                                          : fault.code.substr(dot + 1);
  out += "<soap:Fault>";
  if (version == Version::v1_1) {
    std::string code(own);
    if (is_ncname(rest)) code.append(code.empty() ? "" : ".").append(rest);
    bool foreign = own.empty() && !code.empty();
    if (code.empty()) code = "Server";
    out += "<faultcode";
    if (foreign && !fault.uri.empty()) {
      out += " xmlns:n=\"";
      append_xml_attribute(fault.uri, out);
      out += "\">n:";
    } else {
      out += foreign ? ">" : ">soap:";
    }
    out.append(code).append("</faultcode><faultstring xml:lang=\"").append(fault.language).append("\">");
    append_xml_text(fault.text, out);
    out += "</faultstring>";
    if (!fault.detail.empty()) out.append("<detail>").append(fault.detail).append("</detail>");
  } else {
    write_code_1_2(own.empty() ? "Receiver" : own, rest, fault.uri, out);
    out.append("<soap:Reason><soap:Text xml:lang=\"").append(fault.language).append("\">");
    append_xml_text(fault.text, out);
    out += "</soap:Text></soap:Reason>";
    if (!fault.detail.empty()) out.append("<soap:Detail>").append(fault.detail).append("</soap:Detail>");
  }
  out += "</soap:Fault>";
  return {};
}

}  // namespace busway::soap
