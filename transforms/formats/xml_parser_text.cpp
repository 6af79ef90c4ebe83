// What stands between tags: XML 1.0, 2.4, 2.7, 2.11 and 4.1. Every byte of it is checked here, as it is passed.
#include <cstring>

#include "bus/byte_block.hpp"
#include "bus/pause.hpp"
#include "transforms/formats/utf8.hpp"
#include "transforms/formats/xml_name.hpp"
#include "transforms/formats/xml_parser.hpp"

namespace busway {

bool XmlParser::bad_character(const char* at) {
  bool utf8 = utf8_sequence({at, static_cast<std::size_t>(end_ - at)}) != 0;
  return refuse(at, utf8 ? "this control character cannot stand in XML" : "the text is not valid UTF-8");
}

// A part that is passed without a look at its bytes.
bool XmlParser::clean(std::string_view part) {
  std::size_t bad = find_in_pieces(part, find_non_xml);
  return bad == std::string_view::npos || bad_character(part.data() + bad);
}

// Moves at_ over text that stands for itself, to `<`, `&`, `]`, CR or the end.
bool XmlParser::skip_plain() {
  char* at = at_;
  for (;;) {
    ByteBlock block = load_block(at);
    unsigned stops = bits_of((block < 0x20) | (block == '<') | (block == '&') | (block == ']'));
    if (stops == 0) {
      at += sizeof block;
      continue;
    }
    at += std::countr_zero(stops);
    auto c = static_cast<unsigned char>(*at);
    if (c >= 0x80) {
      do {
        std::size_t size = utf8_sequence({at, static_cast<std::size_t>(end_ - at)});
        if (size == 0 || (size == 3 && !is_xml_char(decode_utf8(at, size)))) return bad_character(at);
        at += size;
      } while (static_cast<unsigned char>(*at) >= 0x80);
    } else if (c == '\n' || c == '\t') {
      do ++at;
      while (*at == ' ' || *at == '\n' || *at == '\t');
    } else {
      at_ = at;
      return c >= 0x20 || c == '\r' || at == end_ || bad_character(at);
    }
  }
}

// The text up to the next tag, decoded in place to [from, to). at_ is then at that tag's '<'.
bool XmlParser::text_part(char*& from, char*& to) {
  char* out = at_;
  from = at_;
  for (;;) {
    char* run = at_;
    if (!skip_plain()) return false;
    if (out != run) std::memmove(out, run, static_cast<std::size_t>(at_ - run));
    out += at_ - run;
    if (at_ >= end_) return refuse(at_, "the document ends inside '" + printable(elements_[top_->index].name()) + "'");
    switch (*at_) {
      case '\r':
        *out++ = '\n';
        at_ += at_[1] == '\n' ? 2 : 1;
        break;
      case ']':
        if (at_string("]]>")) return refuse(at_, "']]>' cannot stand in text; write ']]&gt;'");
        *out++ = *at_++;
        break;
      case '&':
        if (!reference(out)) return false;
        break;
      default: {
        bool tag = at_[1] != '!' && at_[1] != '?';
        if (!tag && !markup(out, tag)) return false;
        if (!tag) break;
        to = out;
        return true;
      }
    }
  }
}

// A comment, CDATA section or processing instruction; `tag` when it is none of them.
bool XmlParser::markup(char*& out, bool& tag) {
  if (at_string("<!--")) return comment();
  if (at_string("<?")) return instruction();
  if (!at_string("<![CDATA[")) {
    tag = at_ + 1 >= end_;
    return tag || refuse(at_, "expected a comment or a CDATA section behind '<!'");
  }
  char* start = at_;
  at_ += 9;
  std::string_view rest(at_, static_cast<std::size_t>(end_ - at_));
  std::size_t size = rest.find("]]>");
  if (size == std::string_view::npos) return refuse(start, "the CDATA section is not closed");
  if (!clean(rest.substr(0, size))) return false;
  char* stop = at_ + size;
  while (at_ < stop) {
    char c = *at_++;
    if (c == '\r') {
      if (at_ < stop && *at_ == '\n') ++at_;
      c = '\n';
    }
    *out++ = c;
  }
  at_ += 3;
  return true;
}

// `&lt;`, `&#8364;`, ...: puts the character at `out`, never more bytes than the reference took.
bool XmlParser::reference(char*& out) {
  char* from = at_++;
  char* stop = at_;
  pause_if_due();
  while (stop < end_ && *stop != ';' && stop - at_ < 64 && *stop != '<' && *stop != '&' && !is_space(*stop)) ++stop;
  if (stop == end_ || *stop != ';')
    return refuse(from, "'&' begins a reference that ends in ';'; write '&amp;' for the character");
  std::string_view name(at_, static_cast<std::size_t>(stop - at_));
  at_ = stop + 1;
  if (name.starts_with('#')) {
    bool hex = name.starts_with("#x");
    std::string_view digits = name.substr(hex ? 2 : 1);
    char32_t value = digits.empty() ? 0x110000 : 0;
    for (char c : digits) {
      int digit = c >= '0' && c <= '9' ? c - '0' : hex && (c | 0x20) >= 'a' && (c | 0x20) <= 'f' ? (c | 0x20) - 'a' + 10 : -1;
      if (digit < 0) {
        value = 0x110000;
        break;
      }
      if (value < 0x110000) value = value * (hex ? 16 : 10) + static_cast<char32_t>(digit);
    }
    if (!is_xml_char(value)) return refuse(from, "'&" + printable(name) + ";' is not a character of XML");
    std::string bytes;
    append_utf8(value, bytes);
    std::memcpy(out, bytes.data(), bytes.size());
    out += bytes.size();
    return true;
  }
  char c = name == "lt" ? '<' : name == "gt" ? '>' : name == "amp" ? '&' : name == "quot" ? '"' : name == "apos" ? '\'' : '\0';
  if (c == '\0')
    return refuse(from, "the entity '&" + printable(name) + ";' is not defined; only lt, gt, amp, quot and apos are");
  *out++ = c;
  return true;
}

}  // namespace busway
