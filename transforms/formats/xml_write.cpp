#include <array>

#include "bus/number_text.hpp"
#include "bus/pause.hpp"
#include "transforms/formats/utf8.hpp"
#include "transforms/formats/xml_document.hpp"
#include "transforms/formats/xml_name.hpp"

namespace busway {

namespace {

constexpr std::size_t deepest = 128;  // what parse_xml() reads back

constexpr std::array<bool, 256> make_special() {
  std::array<bool, 256> table{};
  table['&'] = table['<'] = table['>'] = table['"'] = table['\r'] = table['\n'] = table['\t'] = true;
  return table;
}
constexpr auto special = make_special();

void append_escaped(std::string_view text, bool attribute, std::string& out) {
  std::size_t from = 0;
  for (std::size_t at = 0; at < text.size(); ++at) {
    char c = text[at];
    if (!special[static_cast<unsigned char>(c)]) continue;
    std::string_view escape;
    switch (c) {
      case '&': escape = "&amp;"; break;
      case '<': escape = "&lt;"; break;
      case '>': escape = "&gt;"; break;
      case '\r': escape = "&#13;"; break;
      case '"': escape = attribute ? "&quot;" : ""; break;
      case '\n': escape = attribute ? "&#10;" : ""; break;
      default: escape = attribute ? "&#9;" : ""; break;
    }
    if (escape.empty()) continue;
    out.append(text, from, at - from).append(escape);
    from = at + 1;
  }
  out.append(text, from, text.size() - from);
}

bool is_blank(std::string_view text) {
  return text.find_first_not_of(" \t\r\n") == std::string_view::npos;
}

class ElementWriter {
 public:
  ElementWriter(const XmlRules& rules, const XmlWriting& how, std::string& out) : rules_(rules), how_(how), out_(out) {}

  // The outermost element.
  bool document(std::string_view name, const Node& value) {
    path_.push_back({.name = name});
    return element(name, value);
  }
  Error error() {
    std::string path;
    for (const Step& step : path_) {
      if (step.name.empty()) {
        path += "[" + std::to_string(step.index) + "]";
      } else {
        path += (path.empty() ? "" : ".") + printable(step.name);
      }
    }
    return {.kind = ErrorKind::format, .text = "writing XML: " + (path.empty() ? "" : path + ": ") + reason_};
  }

 private:
  // A member, or with an empty name an item. The names are the document's.
  struct Step {
    std::string_view name;
    std::size_t index = 0;
  };
  bool element(std::string_view name, const Node& value);
  bool refuse(std::string reason) {
    reason_ = std::move(reason);
    return false;
  }
  bool one(std::string_view name, const Node& value);
  bool attributes(const Node& object);
  bool content(const Node& object);
  bool check_name(std::string_view name);
  bool scalar(const Node& value, bool attribute) { return append_xml_scalar(value, attribute, out_, reason_); }
  void declare();

  const XmlRules& rules_;
  const XmlWriting& how_;
  std::string& out_;
  std::vector<Step> path_;  // left as it is when something is refused
  std::string reason_;
  std::size_t depth_ = 0;
  bool has_nil_ = false;
};

bool ElementWriter::check_name(std::string_view name) {
  std::size_t colon = name.find(':');
  std::string_view local = colon == std::string_view::npos ? name : name.substr(colon + 1);
  if (!is_ncname(local) || (colon != std::string_view::npos && !is_ncname(name.substr(0, colon)))) {
    return refuse("'" + printable(name) + "' is not a name in XML");
  }
  if (colon == std::string_view::npos) return true;
  std::string_view prefix = name.substr(0, colon);
  if (prefix == "xml") return true;
  for (const auto& [known, uri] : rules_.namespaces) {
    if (known == prefix) return true;
  }
  return refuse("the prefix '" + printable(prefix) + "' is not declared under `namespaces:`");
}

void ElementWriter::declare() {
  if (depth_ != 1) return;
  out_ += how_.declarations;
  if (how_.declare_rules) {
    auto binding = [&](std::string_view prefix, std::string_view uri) {
      out_.append(prefix.empty() ? " xmlns" : " xmlns:").append(prefix).append("=\"");
      append_escaped(uri, true, out_);
      out_ += '"';
    };
    if (!rules_.default_namespace.empty()) binding("", rules_.default_namespace);
    for (const auto& [prefix, uri] : rules_.namespaces) binding(prefix, uri);
  }
  if (has_nil_ && how_.declare_xsi) out_.append(" xmlns:xsi=\"").append(xsi_namespace).append("\"");
}

bool ElementWriter::attributes(const Node& object) {
  for (const Member& member : object.members()) {
    std::string_view key = member.key.text();
    if (!key.starts_with('@')) continue;
    path_.push_back({.name = key});
    std::string_view name = key.substr(1);
    if (name == "xmlns" || name.starts_with("xmlns:")) return refuse("namespaces are declared by the option `namespaces:`");
    if (!check_name(name)) return false;
    out_.append(" ").append(name).append("=\"");
    if (!scalar(member.value, true)) return false;
    out_ += '"';
    path_.pop_back();
  }
  return true;
}

bool ElementWriter::content(const Node& object) {
  bool has_children = false;
  for (const Member& member : object.members()) {
    std::string_view key = member.key.text();
    if (!key.starts_with('@') && key != "#text") has_children = true;
  }
  for (const Member& member : object.members()) {
    std::string_view key = member.key.text();
    if (key.starts_with('@')) continue;
    if (key != "#text") {
      path_.push_back({.name = key});
      if (!element(key, member.value)) return false;
      path_.pop_back();
      continue;
    }
    path_.push_back({.name = key});
    if (member.value.is_null() && has_children) return refuse("null cannot stand beside elements");
    if (!member.value.is_null()) {
      if (has_children && member.value.is_string() && !member.value.text().empty() && is_blank(member.value.text())) {
        return refuse("white space beside elements would not be read back");
      }
      if (!scalar(member.value, false)) return false;
    }
    path_.pop_back();
  }
  return true;
}

bool ElementWriter::one(std::string_view name, const Node& value) {
  pause_if_due();
  if (depth_ == deepest) return refuse("elements nest deeper than " + std::to_string(deepest) + " levels");
  if (!check_name(name)) return false;
  ++depth_;
  bool prefixed = !how_.prefix.empty() && name.find(':') == std::string_view::npos;
  auto append_tag = [&] {
    if (prefixed) out_.append(how_.prefix).append(1, ':');
    out_.append(name);
  };
  out_ += '<';
  append_tag();
  declare();
  bool nil = value.is_null() || (value.is_object() && value.member("#text").is_null());
  if (nil) out_ += " xsi:nil=\"true\"";
  if (value.is_object() && !attributes(value)) return false;
  std::size_t empty_at = out_.size();
  out_ += '>';
  if (value.is_object() ? !content(value) : !value.is_null() && !scalar(value, false)) return false;
  if (out_.size() == empty_at + 1) {
    out_.back() = '/';
    out_ += '>';
  } else {
    out_ += "</";
    append_tag();
    out_ += '>';
  }
  --depth_;
  return true;
}

// Null anywhere in the value: then the outermost element declares xsi. Bounded as the writing itself is.
bool holds_null(const Node& value, std::size_t levels) {
  pause_if_due();
  if (value.is_null()) return true;
  if (levels == 0) return false;
  if (value.is_array()) {
    for (const Node& item : value.items()) {
      if (holds_null(item, levels - 1)) return true;
    }
  } else if (value.is_object()) {
    for (const Member& member : value.members()) {
      if (holds_null(member.value, levels - 1)) return true;
    }
  }
  return false;
}

bool ElementWriter::element(std::string_view name, const Node& value) {
  bool outermost = depth_ == 0;
  if (!value.is_array()) {
    if (outermost) has_nil_ = how_.declare_xsi && holds_null(value, 2 * deepest);
    return one(name, value);
  }
  std::size_t index = 0;
  for (const Node& item : value.items()) {
    path_.push_back({.name = {}, .index = index++});
    if (item.is_array()) return refuse("an array directly in an array has no form in XML");
    if (outermost) has_nil_ = how_.declare_xsi && holds_null(item, 2 * deepest);
    if (!one(name, item)) return false;
    path_.pop_back();
  }
  return true;
}

}  // namespace

void append_xml_text(std::string_view text, std::string& out) {
  append_escaped(text, false, out);
}
void append_xml_attribute(std::string_view text, std::string& out) {
  append_escaped(text, true, out);
}

bool append_xml_scalar(const Node& value, bool attribute, std::string& out, std::string& reason) {
  switch (value.kind()) {
    case Node::Kind::boolean: out += value.as_boolean() ? "true" : "false"; return true;
    case Node::Kind::number: {
      char buffer[32];
      out += number_to_text(value, buffer);
      return true;
    }
    case Node::Kind::string: {
      std::size_t bad = find_non_xml(value.text());
      if (bad == std::string_view::npos) {
        append_escaped(value.text(), attribute, out);
        return true;
      }
      reason = "the text has a character at offset " + std::to_string(bad) + " that XML cannot hold";
      return false;
    }
    default: reason = "expected a text, a number or a boolean, found " + std::string(name_of(value.kind())); return false;
  }
}

Result<void> write_element(std::string_view name, const Node& value, const XmlRules& rules, const XmlWriting& how,
                           std::string& out) {
  ElementWriter writer(rules, how, out);
  if (!writer.document(name, value)) return std::unexpected(writer.error());
  return {};
}

}  // namespace busway
