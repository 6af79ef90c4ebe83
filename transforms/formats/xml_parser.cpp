#include "transforms/formats/xml_parser.hpp"

#include <cstring>
#include <new>

#include "bus/pause.hpp"
#include "transforms/formats/utf8.hpp"
#include "transforms/formats/xml_name.hpp"

namespace busway {

namespace {

constexpr std::size_t largest_name = 4096;

}  // namespace

XmlParser::Open* XmlParser::opened(std::vector<Open>& open, std::size_t depth) {
  if (open.size() <= depth) open.resize(depth + 1);
  return open.data();
}

XmlParser::XmlParser(char* text, std::size_t size, Arena& arena, const XmlLimits& limits, XmlBudget& budget, Workbench& bench)
    : at_(text),
      end_(text + size),
      begin_(text),
      arena_(arena),
      limits_(limits),
      budget_(budget),
      open_(opened(bench.open, limits.depth)),
      open_limit_(open_ + limits.depth),
      bindings_(bench.bindings),
      attributes_(bench.attributes),
      pieces_(bench.pieces) {
  top_ = open_;
  bindings_.clear();
}

bool XmlParser::refuse(const char* at, std::string why) {
  error_offset_ = static_cast<std::size_t>(at - begin_);
  error_ = std::move(why);
  return false;
}

bool XmlParser::refuse_depth(const char* at) {
  if (!begins_name({at + 1, static_cast<std::size_t>(end_ - at - 1)})) {
    return refuse(at, "expected the name of an element behind '<'");
  }
  return refuse(at, "elements nest deeper than " + std::to_string(limits_.depth) + " levels");
}

bool XmlParser::refuse_end_tag(const char* at, std::string_view found, std::string_view wanted) {
  return refuse(at, "expected '</" + printable(wanted) + ">', found '</" + printable(found) + ">'");
}

bool XmlParser::refuse_prefix(const char* at, std::string_view prefix) {
  return refuse(at, "the prefix '" + printable(prefix) + "' is not declared");
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

bool XmlParser::run(XmlElement* elements, std::size_t room) {
  elements_ = elements;
  element_room_ = room;
  if (at_string("<?xml") && at_ + 5 < end_ && is_space(at_[5]) && !declaration()) return false;
  if (!misc(true)) return false;
  if (at_ == end_) return refuse(at_, "there is no element");
  if (*at_ != '<') return refuse(at_, "expected '<': a document is one element, with nothing but comments around it");
  if (!start_tag() || !(limits_.pieces ? content_in_order() : content())) return false;
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
  while (top_ != open_) {
    if (top_->twin != 0) twins();
    if (!at_tag(at_) && !text()) return false;
    if (at_[1] == '/' ? !end_tag() : !start_tag()) return false;
    pause_if_due();
  }
  return true;
}

// The text up to the next tag. White space alone counts where there are no elements beside it.
bool XmlParser::text() {
  char* from = nullptr;
  char* to = nullptr;
  if (!text_part(from, to)) return false;
  if (from == to) return true;
  bool blank = true;
  for (char* c = from; c < to && blank; ++c) blank = is_space(*c);
  bool leaf = at_[1] == '/' && top_->last_child == 0;
  return (blank && !leaf) || add_text(*top_, from, static_cast<std::size_t>(to - from));
}

// The name at at_, which moves behind it. Where there is none, `otherwise` is refused at `from`.
bool XmlParser::name(Name& out, const char* from, const char* otherwise) {
  std::size_t size = ascii_ncname_size(at_);
  std::size_t prefix = 0;
  if (size != 0 && at_[size] == ':') {
    prefix = size;
    size = ascii_ncname_size(at_ + prefix + 1);
  }
  std::size_t whole = prefix == 0 ? size : prefix + 1 + size;
  bool ends = at_[whole] != ':' && static_cast<unsigned char>(at_[whole]) < 0x80;
  if (size == 0 || !ends || whole > largest_name || !limits_.namespaces) return unusual_name(out, from, otherwise);
  out = {whole, static_cast<std::uint16_t>(prefix), static_cast<std::uint16_t>(size)};
  at_ += whole;
  return true;
}

// Any name of XML: letters of all the world, and mistakes.
bool XmlParser::unusual_name(Name& out, const char* from, const char* otherwise) {
  std::string_view whole(at_, xml_name_size({at_, static_cast<std::size_t>(end_ - at_)}));
  if (whole.empty()) return refuse(from, otherwise);
  if (whole.size() > largest_name) return refuse(at_, "the name is longer than " + std::to_string(largest_name) + " bytes");
  std::size_t colon = limits_.namespaces ? whole.find(':') : std::string_view::npos;
  if (colon == std::string_view::npos) {
    out = {whole.size(), 0, static_cast<std::uint16_t>(whole.size())};
  } else {
    // The whole is a Name: its parts are NCNames if neither is empty, there is one colon, and the second may begin one.
    std::string_view local = whole.substr(colon + 1);
    if (colon == 0 || local.empty() || local.find(':') != std::string_view::npos || !begins_name(local)) {
      return refuse(at_, "'" + printable(whole) + "' is not a name of the form prefix:name");
    }
    out = {whole.size(), static_cast<std::uint16_t>(colon), static_cast<std::uint16_t>(local.size())};
  }
  at_ += whole.size();
  return true;
}

void XmlParser::link_child(Open& parent, std::uint32_t index) {
  if (parent.last_child == 0) {
    elements_[parent.index].has_children_ = true;
  } else {
    elements_[parent.last_child].next_ = index - parent.last_child;
  }
  parent.last_child = index;
}

bool XmlParser::start_tag() {
  char* from = at_++;
  if (top_ == open_limit_) return refuse_depth(from);
  if (element_count_ == element_room_) return refuse(from, "this is not a start tag");
  auto index = static_cast<std::uint32_t>(element_count_);
  XmlElement& element = *new (&elements_[index]) XmlElement();
  if (top_ == open_) {
    ++element_count_;
    return tag_rest(element, 0, from);
  }
  Open& parent = *top_;
  std::size_t size = 0;
  std::uint32_t twin = parent.twin;
  if (!takes_twin(twin, element, size)) {
    twin = parent.last_child;
    if (!takes_twin(twin, element, size)) {
      ++element_count_;
      return tag_rest(element, parent.last_child, from);
    }
  }
  ++element_count_;
  const XmlElement& like = elements_[twin];
  if (twin == parent.twin) parent.twin = like.next_ == 0 ? 0 : twin + like.next_;
  link_child(parent, index);
  at_ += size + 1;
  if (!like.has_children_ && leaf(element, size)) return true;
  push_open(index, like.has_children_ ? twin + 1 : 0);
  return true;
}

// A start tag that says more than its twin, or has none. `elder` is the sibling before it: when that has the same name after all,
// they share it.
bool XmlParser::tag_rest(XmlElement& element, std::uint32_t elder, char* from) {
  element.name_ = at_;
  Name read;
  if (!name(read, from, "expected the name of an element behind '<'")) return false;
  element.prefix_size_ = read.prefix_size;
  element.local_size_ = read.local_size;
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
    XmlAttribute found;
    if (!attribute(found)) return false;
    attributes_.push_back(found);
  }
  auto index = static_cast<std::uint32_t>(&element - elements_);
  if (top_ != open_) link_child(*top_, index);
  push_open(index, 0);
  if (attributes_.empty() && limits_.namespaces) {
    element.uri_ = uri_of(element.prefix());
    if (element.uri_ == nullptr) return refuse_prefix(element.name_, element.prefix());
  } else if (!resolve_names(element)) {
    return false;
  }
  if (elder != 0) {
    const XmlElement& like = elements_[elder];
    if (like.uri_ == element.uri_ && like.name() == element.name()) {
      element.name_ = like.name_;
      // Below them the same prefixes mean the same.
      if (like.has_children_ && !like.declares_ && !element.declares_) top_->twin = elder + 1;
    }
  }
  return !empty || close_element();
}

bool XmlParser::end_tag() {
  char* from = at_;
  const XmlElement& element = elements_[top_->index];
  std::string_view name = element.name();
  if (at_end_tag(name.data(), name.size())) {
    at_ += name.size() + 3;
    return close_element();
  }
  at_ += 2;
  std::size_t size = xml_name_size({at_, static_cast<std::size_t>(end_ - at_)});
  if (std::string_view(at_, size) != name) {
    return refuse_end_tag(from, {at_, size}, name);
  }
  at_ += size;
  skip_space();
  if (at_ == end_ || *at_ != '>') return refuse(at_, "expected '>' at the end of the end tag");
  ++at_;
  return close_element();
}

bool XmlParser::close_element() {
  const Open& open = *top_--;
  XmlElement& element = elements_[open.index];
  element.text_ = open.text;
  element.text_size_ = static_cast<std::uint32_t>(open.text_size);
  if (bindings_.size() != open.bindings) bindings_.resize(open.bindings);
  return true;
}

}  // namespace busway
