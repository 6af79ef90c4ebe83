#include <libxml/xmlerror.h>

#include <deque>
#include <map>
#include <set>

#include "bus/pause.hpp"
#include "transforms/formats/xml_name.hpp"
#include "transforms/schema/xsd_library.hpp"

namespace busway::schema {

namespace {

const xmlChar* as_library(const std::string& text) {
  return reinterpret_cast<const xmlChar*>(text.c_str());
}

struct FreeValidation {
  void operator()(xmlSchemaValidCtxt* validation) const { xmlSchemaFreeValidCtxt(validation); }
};
struct Unplug {
  void operator()(xmlSchemaSAXPlugStruct* plug) const { xmlSchemaSAXUnplug(plug); }
};

// Plays a tree to the library as the events its own parser would send, and notes what it objects to at the element it is at.
class Player {
 public:
  Player(xmlSchemaPtr schema, std::size_t most) : most_(most), validation_(xmlSchemaNewValidCtxt(schema)) {
    if (validation_ == nullptr) return;
    xmlSchemaSetValidStructuredErrors(validation_.get(), take_error, this);
    plug_.reset(xmlSchemaSAXPlug(validation_.get(), &sax_, &user_));
  }

  bool ready() const { return plug_ != nullptr; }

  void play(const XmlElement& root, const std::vector<const XmlElement*>& around) {
    for (const XmlElement* outer : around) declare(*outer, outer_bindings_);
    struct Level {
      const XmlElement* element;
      const XmlElement* child;  // the next one to be played
      std::map<std::string_view, int> seen{};
    };
    std::vector<Level> levels;
    start(root, 0);
    levels.push_back({&root, root.first_child()});
    while (!levels.empty() && violations_.size() < most_) {
      pause_if_due(16);
      Level& level = levels.back();
      const XmlElement* next = level.child;
      if (next == nullptr) {
        end(*level.element);
        levels.pop_back();
        continue;
      }
      level.child = next->next();
      start(*next, ++level.seen[next->local()]);
      levels.push_back({next, next->first_child()});
    }
  }

  std::vector<Violation> finish() {
    plug_.reset();
    return std::move(violations_);
  }

 private:
  // A name on the way to the element we are at, and its place among its like; 0 for the root.
  struct Step {
    std::string_view name;
    int index;
  };
  using Bindings = std::map<std::string, std::string, std::less<>>;

  static void take_error(void* player, xmlErrorPtr error) {
    if (player != nullptr && error != nullptr) static_cast<Player*>(player)->take(*error);
  }
  void take(const xmlError& error) {
    if (error.level < XML_ERR_ERROR || violations_.size() >= most_) return;
    // "Warning: No precomputed value available": a key whose value has been objected to already.
    std::string message = in_plain_words(error.message);
    if (message.find(": Warning: No precomputed value") != std::string::npos && !violations_.empty()) return;
    std::string path;
    for (const Step& step : path_) {
      path.append("/").append(step.name);
      if (step.index != 0) path += "[" + std::to_string(step.index) + "]";
    }
    Violation violation = xsd_violation(std::move(path), message);
    // A facet that fails is said twice, the second time as the type that has it.
    bool again = !violations_.empty() && violations_.back().pointer == violation.pointer && !violations_.back().keyword.empty() &&
                 violation.keyword == "type";
    if (!again) violations_.push_back(std::move(violation));
  }

  static void declare(const XmlElement& element, Bindings& bindings) {
    for (const XmlAttribute& attribute : element.attributes()) {
      if (attribute.uri() == xmlns_namespace) {
        bindings.insert_or_assign(std::string(attribute.prefix().empty() ? "" : attribute.local()),
                                  std::string(attribute.value()));
      }
    }
  }

  // The library borrows names until their element ends; most are there already.
  const std::string& kept(std::string_view text) {
    auto known = names_.find(text);
    return known != names_.end() ? *known : *names_.emplace(text).first;
  }
  const xmlChar* kept_or_null(std::string_view text) { return text.empty() ? nullptr : as_library(kept(text)); }

  void start(const XmlElement& element, int index) {
    path_.push_back({element.local(), index});
    Bindings bindings;
    if (path_.size() == 1) bindings = outer_bindings_;
    declare(element, bindings);
    std::vector<const xmlChar*> namespaces;
    for (const auto& [prefix, uri] : bindings) {
      namespaces.push_back(kept_or_null(prefix));
      namespaces.push_back(as_library(kept(uri)));
    }
    // The library's parser leaves an ampersand of a value as `&#38;`, and its validator, which copies values, takes that back.
    std::deque<std::string> values;
    std::vector<const xmlChar*> attributes;
    for (const XmlAttribute& attribute : element.attributes()) {
      if (attribute.uri() == xmlns_namespace) continue;
      std::string& value = values.emplace_back();
      for (char c : attribute.value()) {
        if (c == '&') {
          value += "&#38;";
        } else {
          value += c;
        }
      }
      attributes.insert(attributes.end(), {as_library(kept(attribute.local())), kept_or_null(attribute.prefix()),
                                           kept_or_null(attribute.uri()), as_library(value), as_library(value) + value.size()});
    }
    sax_->startElementNs(user_, as_library(kept(element.local())), kept_or_null(element.prefix()), kept_or_null(element.uri()),
                         static_cast<int>(bindings.size()), namespaces.data(), static_cast<int>(values.size()), 0,
                         attributes.data());
    std::string_view text = element.text();
    if (!text.empty()) sax_->characters(user_, reinterpret_cast<const xmlChar*>(text.data()), static_cast<int>(text.size()));
  }

  void end(const XmlElement& element) {
    sax_->endElementNs(user_, as_library(kept(element.local())), kept_or_null(element.prefix()), kept_or_null(element.uri()));
    path_.pop_back();
  }

  std::size_t most_;
  std::vector<Violation> violations_;
  std::vector<Step> path_;
  Bindings outer_bindings_;
  std::set<std::string, std::less<>> names_;
  std::unique_ptr<xmlSchemaValidCtxt, FreeValidation> validation_;
  xmlSAXHandlerPtr sax_ = nullptr;
  void* user_ = nullptr;
  std::unique_ptr<xmlSchemaSAXPlugStruct, Unplug> plug_;
};

// The text between the first pair of quotes behind `from`.
std::string_view quoted_behind(std::string_view text, std::string_view from) {
  std::size_t at = text.find(from);
  if (at == std::string_view::npos) return {};
  text.remove_prefix(at + from.size());
  return text.substr(0, text.find('\''));
}

std::string quoted(std::string_view text) {
  return "\"" + std::string(text) + "\"";
}

}  // namespace

Violation xsd_violation(std::string path, std::string_view message) {
  Violation out{.pointer = std::move(path), .xpath = true};
  // "Element '{urn:x}qty', attribute 'unit': [facet 'minInclusive'] The value '0' is less than ..."
  std::string_view attribute = quoted_behind(message.substr(0, message.find(": ")), ", attribute '");
  if (!attribute.empty()) out.pointer += "/@" + std::string(attribute.substr(attribute.rfind('}') + 1));
  if (message.starts_with("Element '")) {
    std::size_t end = message.find("': ");
    if (end != std::string_view::npos) message.remove_prefix(end + 3);
  }
  std::string_view facet = quoted_behind(message, "[facet '");
  if (!facet.empty()) {
    out.keyword = facet;
    message.remove_prefix(std::min(message.find("] ") + 2, message.size()));
    std::size_t last = message.rfind('\'');
    std::size_t first = last == std::string_view::npos || last == 0 ? last : message.rfind('\'', last - 1);
    std::string_view bound = first == std::string_view::npos ? std::string_view() : message.substr(first + 1, last - first - 1);
    std::string_view value = quoted_behind(message, "The value '");
    if (message.find("{'") != std::string_view::npos) bound = message.substr(message.find("{'") + 1);
    while (bound.ends_with('.') || bound.ends_with('}')) bound.remove_suffix(1);
    out.expected = std::string(facet) + " " + std::string(bound);
    out.got = value.empty() ? std::string(message) : quoted(value);
    return out;
  }
  constexpr std::string_view expected_is = "Expected is ";
  if (std::size_t at = message.find(expected_is); at != std::string_view::npos) {
    std::string_view expected = message.substr(at + expected_is.size());
    while (!expected.empty() && std::string_view("(). ").find(expected.back()) != std::string_view::npos)
      expected.remove_suffix(1);
    while (!expected.empty() && std::string_view("( ").find(expected.front()) != std::string_view::npos)
      expected.remove_prefix(1);
    bool one_of = expected.starts_with("one of ( ");
    if (one_of) expected.remove_prefix(std::string_view("one of ( ").size());
    out.keyword = "content";
    out.expected = std::string(one_of ? "one of " : "") + std::string(expected);
    out.got = message.starts_with("Missing child") ? "nothing more" : "this element";
    return out;
  }
  if (std::size_t at = message.find("' is not a valid value of "); at != std::string_view::npos) {
    std::string_view type = quoted_behind(message.substr(at + 1), "type '");
    out.keyword = "type";
    out.expected = type.empty() ? "a value of its type" : "a value of the type " + std::string(type);
    out.got = quoted(message.substr(1, at - 1));
    return out;
  }
  out.got = message;
  return out;
}

std::vector<Violation> XsdSchema::validate(const XmlElement& element, const std::vector<const XmlElement*>& around,
                                           std::size_t most) const {
  prepare_xml_library();
  Player player(library_->schema(), most);
  if (!player.ready()) return {{.pointer = "/", .got = "there was no memory to check it", .xpath = true}};
  player.play(element, around);
  return player.finish();
}

}  // namespace busway::schema
