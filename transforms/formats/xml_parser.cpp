#include "transforms/formats/xml_parser.hpp"

#include <array>
#include <cstring>
#include <new>

#include "bus/pause.hpp"
#include "transforms/formats/utf8.hpp"
#include "transforms/formats/xml_name.hpp"

namespace busway {

namespace {

constexpr std::size_t largest_name = 4096;

// Bytes that end a run of plain text.
constexpr std::array<bool, 256> make_stops() {
  std::array<bool, 256> table{};
  table['<'] = table['&'] = table[']'] = table['\r'] = table[0] = true;
  return table;
}
constexpr auto text_stops = make_stops();

}  // namespace

bool XmlParser::refuse(const char* at, std::string why) {
  error_offset_ = static_cast<std::size_t>(at - begin_);
  error_ = std::move(why);
  return false;
}

bool XmlParser::skip_space() {
  char* from = at_;
  while (at_ < end_ && is_space(*at_)) ++at_;
  return at_ != from;
}

std::size_t XmlParser::count_elements(std::string_view text) {
  std::size_t count = 0;
  std::size_t at = 0;
  auto behind = [&](std::string_view closing) {
    std::size_t found = text.find(closing, at);
    return found == std::string_view::npos ? text.size() : found + closing.size();
  };
  constexpr std::size_t piece = 64UL * 1024;  // after which it is time to ask for a pause
  for (std::size_t stop = piece;; stop += piece) {
    while ((at = text.find('<', at)) < stop) {
      std::string_view rest = text.substr(at);
      if (rest.starts_with("<!--")) {
        at += 4;
        at = behind("-->");
      } else if (rest.starts_with("<![CDATA[")) {
        at = behind("]]>");
      } else if (rest.starts_with("<?")) {
        at = behind("?>");
      } else {
        ++at;
        if (rest.size() > 1 && rest[1] != '/' && rest[1] != '!' && rest[1] != '<') ++count;
      }
    }
    if (at == std::string_view::npos) return count;
    pause_if_due(64);
  }
}

bool XmlParser::run(std::size_t elements) {
  elements_ = arena_.array<XmlElement>(elements);
  element_room_ = elements;
  if (at_string("<?xml") && at_ + 5 < end_ && is_space(at_[5]) && !declaration()) return false;
  if (!misc(true)) return false;
  if (at_ == end_) return refuse(at_, "there is no element");
  if (*at_ != '<') return refuse(at_, "expected '<': a document is one element, with nothing but comments around it");
  if (!start_tag() || !content()) return false;
  if (!misc(false)) return false;
  if (at_ != end_) return refuse(at_, "something follows the root element");
  return true;
}

bool XmlParser::add_text(Open& open, char* from, std::size_t size) {
  if (open.text == nullptr) {
    open.text = from;
    open.text_size = size;
    return true;
  }
  std::size_t whole = open.text_size + size;
  if (whole > open.text_room) {
    if (!budget_.take(whole * 2)) return refuse(from, "the document needs more than ten times its size in memory");
    char* joined = arena_.array<char>(whole * 2);
    std::memcpy(joined, open.text, open.text_size);
    open.text = joined;
    open.text_room = whole * 2;
  }
  std::memcpy(open.text + open.text_size, from, size);
  open.text_size = whole;
  return true;
}

// Everything between the root's start tag and its end tag.
bool XmlParser::content() {
  while (!open_.empty()) {
    char* from = nullptr;
    char* to = nullptr;
    if (!text_part(from, to)) return false;
    bool blank = true;
    for (char* c = from; c < to && blank; ++c) blank = is_space(*c);
    bool closes = at_[1] == '/';
    Open& open = open_.back();
    bool leaf = closes && open.last_child == 0;
    if ((!blank || leaf) && from != to && !add_text(open, from, static_cast<std::size_t>(to - from))) return false;
    if (closes ? !end_tag() : !start_tag()) return false;
    if (!closes) pause_if_due();
  }
  return true;
}

// The text up to the next tag, decoded in place to [from, to). at_ is then at that tag's '<'.
bool XmlParser::text_part(char*& from, char*& to) {
  char* out = at_;
  from = at_;
  for (;;) {
    char* run = at_;
    while (!text_stops[static_cast<unsigned char>(*at_)]) ++at_;
    if (out != run) std::memmove(out, run, static_cast<std::size_t>(at_ - run));
    out += at_ - run;
    if (at_ >= end_) return refuse(at_, "the document ends inside '" + printable(elements_[open_.back().index].name()) + "'");
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
      default:
        if (at_string("<!--")) {
          if (!comment()) return false;
        } else if (at_string("<![CDATA[")) {
          char* start = at_;
          at_ += 9;
          std::string_view rest(at_, static_cast<std::size_t>(end_ - at_));
          std::size_t size = rest.find("]]>");
          if (size == std::string_view::npos) return refuse(start, "the CDATA section is not closed");
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
        } else if (at_string("<?")) {
          if (!instruction()) return false;
        } else if (at_ + 1 < end_ && at_[1] == '!') {
          return refuse(at_, "expected a comment or a CDATA section behind '<!'");
        } else {
          to = out;
          return true;
        }
    }
  }
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

bool XmlParser::attribute_value(XmlAttribute& out) {
  if (at_ == end_ || (*at_ != '"' && *at_ != '\'')) return refuse(at_, "expected a quoted value");
  char quote = *at_++;
  char* to = at_;
  out.value_ = to;
  for (;;) {
    if (at_ >= end_) return refuse(out.value_, "the attribute's value is not closed");
    char c = *at_;
    if (c == quote) break;
    if (c == '<') return refuse(at_, "'<' cannot stand in an attribute's value; write '&lt;'");
    if (c == '&') {
      if (!reference(to)) return false;
      continue;
    }
    if (c == '\r' && at_ + 1 < end_ && at_[1] == '\n') ++at_;
    *to++ = is_space(c) ? ' ' : c;
    ++at_;
  }
  ++at_;
  out.value_size_ = static_cast<std::uint32_t>(to - out.value_);
  return true;
}

bool XmlParser::split_name(std::string_view name, const char* at, std::uint16_t& prefix_size, std::uint16_t& local_size) {
  if (name.size() > largest_name) return refuse(at, "the name is longer than " + std::to_string(largest_name) + " bytes");
  std::size_t colon = limits_.namespaces ? name.find(':') : std::string_view::npos;
  if (colon == std::string_view::npos) {
    prefix_size = 0;
    local_size = static_cast<std::uint16_t>(name.size());
    return true;
  }
  // The whole is a Name: its parts are NCNames if neither is empty, there is one colon, and the second may begin one.
  std::string_view local = name.substr(colon + 1);
  if (colon == 0 || local.empty() || local.find(':') != std::string_view::npos || !begins_name(local)) {
    return refuse(at, "'" + printable(name) + "' is not a name of the form prefix:name");
  }
  prefix_size = static_cast<std::uint16_t>(colon);
  local_size = static_cast<std::uint16_t>(name.size() - colon - 1);
  return true;
}

bool XmlParser::attribute(XmlAttribute& out) {
  char* name = at_;
  std::size_t size = xml_name_size({at_, static_cast<std::size_t>(end_ - at_)});
  if (size == 0) return refuse(at_, "expected an attribute, '>' or '/>'");
  out.name_ = name;
  if (!split_name({name, size}, name, out.prefix_size_, out.local_size_)) return false;
  at_ += size;
  skip_space();
  if (at_ == end_ || *at_ != '=') return refuse(at_, "expected '=' behind the attribute's name");
  ++at_;
  skip_space();
  if (!attribute_value(out)) return false;
  for (const XmlAttribute& other : attributes_) {
    if (other.name() == out.name()) return refuse(name, "the attribute '" + printable(out.name()) + "' stands twice");
  }
  return true;
}

bool XmlParser::start_tag() {
  char* from = at_++;
  std::size_t size = xml_name_size({at_, static_cast<std::size_t>(end_ - at_)});
  if (size == 0) return refuse(from, "expected the name of an element behind '<'");
  if (open_.size() == limits_.depth)
    return refuse(from, "elements nest deeper than " + std::to_string(limits_.depth) + " levels");
  if (element_count_ == element_room_) return refuse(from, "this is not a start tag");
  auto index = static_cast<std::uint32_t>(element_count_++);
  XmlElement& element = *new (&elements_[index]) XmlElement();
  element.name_ = at_;
  if (!split_name({at_, size}, at_, element.prefix_size_, element.local_size_)) return false;
  at_ += size;
  attributes_.clear();
  bool empty = false;
  for (;;) {
    bool spaced = skip_space();
    if (at_ == end_) return refuse(from, "the start tag is not closed");
    if (*at_ == '>') {
      ++at_;
      break;
    }
    if (at_string("/>")) {
      empty = true;
      at_ += 2;
      break;
    }
    if (!spaced) return refuse(at_, "expected white space, '>' or '/>' in the start tag");
    if (attributes_.size() == limits_.attributes) {
      return refuse(at_, "an element has more than " + std::to_string(limits_.attributes) + " attributes");
    }
    XmlAttribute read;
    if (!attribute(read)) return false;
    attributes_.push_back(read);
  }
  if (!open_.empty()) {
    Open& parent = open_.back();
    if (parent.last_child == 0) {
      elements_[parent.index].has_children_ = true;
    } else {
      elements_[parent.last_child].next_ = index - parent.last_child;
    }
    parent.last_child = index;
  }
  open_.push_back({.index = index, .bindings = bindings_.size()});
  if (!resolve_names(element)) return false;
  return !empty || close_element();
}

bool XmlParser::end_tag() {
  char* from = at_;
  at_ += 2;
  std::string_view name = elements_[open_.back().index].name();
  if (at_string(name) && at_ + name.size() != end_ && at_[name.size()] == '>') {
    at_ += name.size() + 1;
    return close_element();
  }
  std::size_t size = xml_name_size({at_, static_cast<std::size_t>(end_ - at_)});
  if (std::string_view(at_, size) != name) {
    return refuse(from, "expected '</" + printable(name) + ">', found '</" + printable({at_, size}) + ">'");
  }
  at_ += size;
  skip_space();
  if (at_ == end_ || *at_ != '>') return refuse(at_, "expected '>' at the end of the end tag");
  ++at_;
  return close_element();
}

bool XmlParser::close_element() {
  Open& open = open_.back();
  XmlElement& element = elements_[open.index];
  element.text_ = open.text;
  element.text_size_ = static_cast<std::uint32_t>(open.text_size);
  bindings_.resize(open.bindings);
  open_.pop_back();
  return true;
}

}  // namespace busway
