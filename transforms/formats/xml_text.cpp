#include "transforms/formats/xml_text.hpp"

#include <array>

#include "bus/number_text.hpp"
#include "transforms/formats/xml_document.hpp"
#include "transforms/formats/xml_name.hpp"

namespace busway {

namespace {

bool put_plain(std::string_view text, bool attribute, TextSink& out) {
  return !(attribute && text.find('"') != std::string_view::npos) && put_plain_xml(text, out);
}

constexpr std::array<bool, 256> make_special() {
  std::array<bool, 256> table{};
  table['&'] = table['<'] = table['>'] = table['"'] = table['\r'] = table['\n'] = table['\t'] = true;
  return table;
}
constexpr auto special = make_special();

[[gnu::noinline]] void put_escaped(std::string_view text, bool attribute, TextSink& out) {
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
    out.append(text.substr(from, at - from));
    out.append(escape);
    from = at + 1;
  }
  out.append(text.substr(from));
}

}  // namespace

void put_xml_text(std::string_view text, bool attribute, TextSink& out) {
  if (!put_plain(text, attribute, out)) put_escaped(text, attribute, out);
}

bool put_xml_cdata(std::string_view text, TextSink& out, std::string& reason) {
  if (text.empty()) return true;
  if (std::size_t bad = find_non_xml(text); bad != std::string_view::npos) {
    reason = "the text has a character at offset " + std::to_string(bad) + " that XML cannot hold";
    return false;
  }
  constexpr std::string_view open = "<![CDATA[";
  constexpr std::string_view close = "]]>";
  out.append(open);
  std::size_t from = 0;
  for (std::size_t at = 0; (at = text.find_first_of("]\r", at)) != std::string_view::npos; ++at) {
    bool ends = text.substr(at).starts_with(close);
    if (text[at] != '\r' && !ends) continue;
    // The end mark is cut in two, and a CR, which would be read as a line end, stands outside as a reference.
    std::size_t to = ends ? at + 2 : at;
    out.append(text.substr(from, to - from));
    out.append(close);
    if (!ends) out.append("&#13;");
    out.append(open);
    from = ends ? to : at + 1;
  }
  out.append(text.substr(from));
  out.append(close);
  return true;
}

void append_xml_text(std::string_view text, std::string& out) {
  TextSink sink(out);
  put_xml_text(text, false, sink);
}
void append_xml_attribute(std::string_view text, std::string& out) {
  TextSink sink(out);
  put_xml_text(text, true, sink);
}

bool put_xml_scalar(const Node& value, bool attribute, TextSink& out, std::string& reason) {
  switch (value.kind()) {
    case Node::Kind::boolean: out.append(value.as_boolean() ? "true" : "false"); return true;
    case Node::Kind::number: {
      char buffer[32];
      out.append(number_to_text(value, buffer));
      return true;
    }
    case Node::Kind::string: {
      if (put_plain(value.text(), attribute, out)) return true;
      std::size_t bad = find_non_xml(value.text());
      if (bad == std::string_view::npos) {
        put_escaped(value.text(), attribute, out);
        return true;
      }
      reason = "the text has a character at offset " + std::to_string(bad) + " that XML cannot hold";
      return false;
    }
    default: reason = "expected a text, a number or a boolean, found " + std::string(name_of(value.kind())); return false;
  }
}

bool append_xml_scalar(const Node& value, bool attribute, std::string& out, std::string& reason) {
  TextSink sink(out);
  return put_xml_scalar(value, attribute, sink, reason);
}

}  // namespace busway
