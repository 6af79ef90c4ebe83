#include <array>

#include "bus/pause.hpp"
#include "transforms/formats/utf8.hpp"
#include "transforms/formats/xml_document.hpp"
#include "transforms/formats/xml_name.hpp"
#include "transforms/formats/xml_text.hpp"

namespace busway {

namespace {

constexpr std::size_t deepest = 128;                  // what parse_xml() reads back
constexpr std::size_t marks = 8 + sizeof(ByteBlock);  // `<`, `:`, `>`, `</`, `/>` and what put_again() needs

bool is_blank(std::string_view text) {
  return text.find_first_not_of(" \t\r\n") == std::string_view::npos;
}

// Where the writer is: a member, or with an empty name an item. The names are the document's.
struct Step {
  const Step* above = nullptr;
  std::string_view name;
  std::size_t index = 0;
};

std::string path_to(const Step* step) {
  std::vector<const Step*> steps;
  for (; step != nullptr; step = step->above) steps.push_back(step);
  std::string path;
  for (auto at = steps.rbegin(); at != steps.rend(); ++at) {
    if ((*at)->name.empty()) {
      path += "[" + std::to_string((*at)->index) + "]";
    } else {
      path += (path.empty() ? "" : ".") + printable((*at)->name);
    }
  }
  return path;
}

// `More`: the rules say more than the plain shape (XmlRules::writes_more()). What is written without pays nothing for it.
template <bool More>
class ElementWriter {
 public:
  ElementWriter(const XmlRules& rules, const XmlWriting& how, std::string& out) : rules_(rules), how_(how), out_(out) {}

  // The outermost element.
  bool document(std::string_view name, const Node& value) {
    Step step{.above = nullptr, .name = name};
    step_ = &step;
    if constexpr (More) place_ = &rules_.paths;
    return element(name, value);
  }
  Error error() { return std::move(error_); }

 private:
  // The members of an object by what becomes of them.
  struct Content {
    bool attributes = false;
    bool children = false;
    bool null_text = false;
    bool mixed = false;  // beside children or a text it is refused
    bool text = false;
  };
  // A name that has passed check_name(): rows of a table bring the same few, often at the same place in memory.
  struct Known {
    const char* name = nullptr;
    std::size_t size = 0;
    bool prefixed = false;  // by the document, not by XmlWriting::prefix
    // Where these were written, to be put again; 0: not yet.
    std::size_t tag_at = 0;    // the name with its prefix
    std::size_t open_at = 0;   // the start tag without attributes
    std::size_t close_at = 0;  // the end tag
    std::size_t tag_size = 0;
  };

  bool element(std::string_view name, const Node& value);
  bool outermost(std::string_view name, const Node& value);
  bool one(std::string_view name, const Node& value);
  bool leaf(Known& known, std::string_view name, const Node& value);
  bool is_attribute(std::string_view key) const {
    if constexpr (More) return !rules_.attribute_prefix.empty() && key.starts_with(rules_.attribute_prefix);
    return key.starts_with('@');
  }
  bool is_mixed(std::string_view key) const {
    if constexpr (More) return rules_.mixed && key == "#mixed";
    return false;
  }
  bool in_cdata(const Node& value) const {
    if constexpr (More) return place_ != nullptr && place_->is(XmlPaths::Told::cdata) && value.is_string();
    return false;
  }
  Content content_of(const Node& object) const;
  bool mixed(const Node& pieces);
  bool leave(const XmlPaths* around) {
    if constexpr (More) place_ = around;
    return true;
  }
  bool attributes(const Node& object);
  bool content(const Node& object, const Content& what);
  bool text(const Node& value, const Content& what);
  // Null after refuse().
  Known* checked(std::string_view name) {
    Known& known = known_[(reinterpret_cast<std::uintptr_t>(name.data()) / 4 + name.size()) % known_.size()];
    if (known.name == name.data() && known.size == name.size() && !name.empty()) return &known;
    return check_name(name, known) ? &known : nullptr;
  }
  [[gnu::noinline]] bool check_name(std::string_view name, Known& known);
  bool check_prefix(std::string_view name);
  bool scalar(const Node& value, bool attribute);
  void declare();
  void put_tag(Known& known, std::string_view name);
  // Out of line, so that what can be written pays for no string.
  [[gnu::cold, gnu::noinline]] bool refuse_depth() {
    return refuse("elements nest deeper than " + std::to_string(deepest) + " levels");
  }
  [[gnu::cold, gnu::noinline]] bool refuse(std::string_view reason) {
    std::string path = path_to(step_);
    error_ = {.kind = ErrorKind::format, .text = "writing XML: " + (path.empty() ? "" : path + ": ") + std::string(reason)};
    return false;
  }

  const XmlRules& rules_;
  const XmlWriting& how_;
  TextSink out_;
  const Step* step_ = nullptr;
  Error error_;
  std::string reason_;
  std::size_t depth_ = 0;
  std::array<Known, 16> known_{};
  bool has_nil_ = false;             // in the outermost element being written
  const XmlPaths* place_ = nullptr;  // of the element being written, with More; null: nothing is told of it
};

template <bool More>
bool ElementWriter<More>::check_name(std::string_view name, Known& known) {
  bool prefixed = !is_ncname(name);
  if (prefixed && !check_prefix(name)) return false;
  known = {.name = name.data(), .size = name.size(), .prefixed = prefixed};
  return true;
}

template <bool More>
void ElementWriter<More>::put_tag(Known& known, std::string_view name) {
  if (known.tag_at != 0) {
    out_.put_again(known.tag_at, known.tag_size);
    return;
  }
  known.tag_at = out_.size();
  if (!known.prefixed && !how_.prefix.empty()) {
    out_.put(how_.prefix);
    out_.put(':');
  }
  out_.put(name);
  known.tag_size = out_.size() - known.tag_at;
}

// A name that is no NCName: then it has a prefix that is declared.
template <bool More>
bool ElementWriter<More>::check_prefix(std::string_view name) {
  std::size_t colon = name.find(':');
  if (colon == std::string_view::npos || !is_ncname(name.substr(colon + 1)) || !is_ncname(name.substr(0, colon))) {
    return refuse("'" + printable(name) + "' is not a name in XML");
  }
  std::string_view prefix = name.substr(0, colon);
  if (prefix == "xml") return true;
  for (const auto& [declared, uri] : rules_.namespaces) {
    if (declared == prefix) return true;
  }
  return refuse("the prefix '" + printable(prefix) + "' is not declared under `namespaces:`");
}

template <bool More>
bool ElementWriter<More>::scalar(const Node& value, bool attribute) {
  if (!attribute && in_cdata(value)) return put_xml_cdata(value.text(), out_, reason_) || refuse(reason_);
  if (!attribute && value.is_string() && put_plain_xml(value.text(), out_)) return true;
  return put_xml_scalar(value, attribute, out_, reason_) || refuse(reason_);
}

template <bool More>
void ElementWriter<More>::declare() {
  out_.append(how_.declarations);
  if (!how_.declare_rules) return;
  auto binding = [&](std::string_view prefix, std::string_view uri) {
    out_.append(prefix.empty() ? " xmlns" : " xmlns:");
    out_.append(prefix);
    out_.append("=\"");
    put_xml_text(uri, true, out_);
    out_.append("\"");
  };
  if (!rules_.default_namespace.empty()) binding("", rules_.default_namespace);
  for (const auto& [prefix, uri] : rules_.namespaces) binding(prefix, uri);
}

template <bool More>
bool ElementWriter<More>::attributes(const Node& object) {
  for (const Member& member : object.members()) {
    std::string_view key = member.key.text();
    if (!is_attribute(key)) continue;
    Step step{.above = step_, .name = key};
    step_ = &step;
    std::string_view name = key.substr(More ? rules_.attribute_prefix.size() : 1);
    if (name == "xmlns" || name.starts_with("xmlns:")) return refuse("namespaces are declared by the option `namespaces:`");
    if (checked(name) == nullptr) return false;
    out_.reserve(name.size() + 3);
    out_.put(' ');
    out_.put(name);
    out_.put("=\"");
    if (!scalar(member.value, true)) return false;
    out_.append("\"");
    step_ = step.above;
  }
  return true;
}

template <bool More>
typename ElementWriter<More>::Content ElementWriter<More>::content_of(const Node& object) const {
  Content what;
  for (const Member& member : object.members()) {
    std::string_view key = member.key.text();
    char first = key.empty() ? '\0' : key.front();
    if (More ? is_attribute(key) : first == '@') {
      what.attributes = true;
    } else if (first == '#' && key == "#text") {
      what.null_text = member.value.is_null();
      if constexpr (More) what.text = true;
    } else if (More && is_mixed(key)) {
      what.mixed = true;
    } else {
      what.children = true;
    }
  }
  return what;
}

template <bool More>
bool ElementWriter<More>::text(const Node& value, const Content& what) {
  if (value.is_null()) return !what.children || refuse("null cannot stand beside elements");
  if (what.children && value.is_string() && !value.text().empty() && is_blank(value.text())) {
    return refuse("white space beside elements would not be read back");
  }
  return scalar(value, false);
}

template <bool More>
bool ElementWriter<More>::content(const Node& object, const Content& what) {
  Step step{.above = step_, .name = {}};
  step_ = &step;
  for (const Member& member : object.members()) {
    std::string_view key = member.key.text();
    char first = key.empty() ? '\0' : key.front();
    if (More ? is_attribute(key) : first == '@') continue;
    step.name = key;
    bool is_text = first == '#' && key == "#text";
    bool written = is_text                   ? text(member.value, what)
                   : More && is_mixed(key)   ? mixed(member.value)
                   : member.value.is_array() ? element(key, member.value)
                                             : one(key, member.value);
    if (!written) return false;
  }
  step_ = step.above;
  return true;
}

// Texts and elements in the order of the array.
template <bool More>
bool ElementWriter<More>::mixed(const Node& pieces) {
  if (!pieces.is_array()) return refuse("'#mixed' is an array of texts and of objects with one element each");
  Step step{.above = step_, .name = {}, .index = 0};
  step_ = &step;
  for (const Node& piece : pieces.items()) {
    pause_if_due();
    if (!piece.is_object()) {
      if (!scalar(piece, false)) return false;
    } else {
      std::string_view name = piece.size() == 1 ? piece.members().front().key.text() : std::string_view();
      if (name.empty() || name.front() == '#' || is_attribute(name) || piece.members().front().value.is_array())
        return refuse("an element in '#mixed' is an object with one member, the element");
      if (!one(name, piece.members().front().value)) return false;
    }
    ++step.index;
  }
  step_ = step.above;
  return true;
}

// An element inside another with nothing in it but a text, and not an empty one.
template <bool More>
bool ElementWriter<More>::leaf(Known& known, std::string_view name, const Node& value) {
  if (value.is_string() && known.close_at != 0 &&
      out_.put_between(known.open_at, known.tag_size + 2, value.text(), known.close_at, known.tag_size + 3, telling_in_xml)) {
    return true;
  }
  std::size_t tag = how_.prefix.size() + name.size() + marks;
  out_.reserve(tag);
  if (known.open_at != 0) {
    out_.put_again(known.open_at, known.tag_size + 2);
  } else {
    known.open_at = out_.size();
    out_.put('<');
    put_tag(known, name);
    out_.put('>');
  }
  if (!scalar(value, false)) return false;
  out_.reserve(tag);
  if (known.close_at != 0) {
    out_.put_again(known.close_at, known.tag_size + 3);
  } else {
    known.close_at = out_.size();
    out_.put("</");
    put_tag(known, name);
    out_.put('>');
  }
  return true;
}

template <bool More>
bool ElementWriter<More>::one(std::string_view name, const Node& value) {
  pause_if_due();
  if (depth_ == deepest) return refuse_depth();
  Known* known = checked(name);
  if (known == nullptr) return false;
  [[maybe_unused]] const XmlPaths* around = place_;
  if constexpr (More) place_ = around == nullptr ? nullptr : around->below(name);
  bool inner = depth_ != 0 && !in_cdata(value);
  if (inner && (value.is_string() ? value.size() != 0 : value.is_number() || value.is_boolean()))
    return leaf(*known, name, value) && leave(around);
  ++depth_;
  std::size_t tag = how_.prefix.size() + name.size() + marks;
  out_.reserve(tag);
  out_.put('<');
  put_tag(*known, name);
  std::size_t tag_at = known->tag_at;
  std::size_t tag_size = known->tag_size;
  if (depth_ == 1) declare();
  bool object = value.is_object();
  Content what;
  if (object) what = content_of(value);
  if (More && what.mixed && (what.children || what.text)) return refuse("what stands beside '#mixed' has no place in its order");
  bool nil = value.is_null() || what.null_text;
  if (nil) {
    out_.append(" xsi:nil=\"true\"");
    has_nil_ = true;
  }
  if (what.attributes && !attributes(value)) return false;
  out_.reserve(1);
  out_.put('>');
  std::size_t inside = out_.size();
  if (object ? !content(value, what) : !value.is_null() && !scalar(value, false)) return false;
  out_.reserve(tag);
  if (out_.size() == inside) {
    out_.cut(inside - 1);
    out_.put("/>");
  } else {
    out_.put("</");
    out_.put_again(tag_at, tag_size);  // another name may have taken the place among the known ones
    out_.put('>');
  }
  --depth_;
  return leave(around);
}

// The outermost element declares xsi when there is a null in it, which is known when it is written.
template <bool More>
bool ElementWriter<More>::outermost(std::string_view name, const Node& value) {
  has_nil_ = false;
  std::size_t from = out_.size();
  if (!one(name, value)) return false;
  if (!has_nil_ || !how_.declare_xsi) return true;
  known_ = {};  // what is written moves
  bool prefixed = name.find(':') != std::string_view::npos || how_.prefix.empty();
  std::size_t tag = 1 + name.size() + (prefixed ? 0 : how_.prefix.size() + 1);
  std::string_view written = out_.written(from);
  std::string rest(written.substr(tag));
  out_.cut(from + tag);
  declare();
  std::size_t declared = out_.size() - from - tag;
  out_.append(" xmlns:xsi=\"");
  out_.append(xsi_namespace);
  out_.append("\"");
  out_.append(std::string_view(rest).substr(declared));
  return true;
}

template <bool More>
bool ElementWriter<More>::element(std::string_view name, const Node& value) {
  auto write = [&](const Node& node) { return depth_ == 0 ? outermost(name, node) : one(name, node); };
  if (!value.is_array()) return write(value);
  Step step{.above = step_, .name = {}, .index = 0};
  step_ = &step;
  for (const Node& item : value.items()) {
    pause_if_due();
    if (item.is_array()) return refuse("an array directly in an array has no form in XML");
    if (!write(item)) return false;
    ++step.index;
  }
  step_ = step.above;
  return true;
}

}  // namespace

Result<void> write_element(std::string_view name, const Node& value, const XmlRules& rules, const XmlWriting& how,
                           std::string& out) {
  auto written_by = [&](auto&& writer) -> Result<void> {
    if (!writer.document(name, value)) return std::unexpected(writer.error());
    return {};
  };
  if (rules.writes_more()) return written_by(ElementWriter<true>(rules, how, out));
  return written_by(ElementWriter<false>(rules, how, out));
}

}  // namespace busway
