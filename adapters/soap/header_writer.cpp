#include <vector>

#include "adapters/soap/header_blocks.hpp"
#include "adapters/soap/quoted.hpp"
#include "transforms/formats/xml_document.hpp"
#include "transforms/formats/xml_name.hpp"

namespace busway::soap {

namespace {

constexpr std::size_t deepest = 64;

// Writes header blocks with default namespaces (`xmlns=`), since every block may have one of its own.
class BlockWriter {
 public:
  BlockWriter(Version version, std::string& out) : version_(version), out_(out) {}

  bool block(std::string_view name, std::string_view uri, const Node& value) {
    if (!value.is_array()) return element(name, uri, value, 0);
    for (const Node& item : value.items()) {
      if (!element(name, uri, item, 0)) return false;
    }
    return true;
  }
  Error error() const {
    std::string at;
    for (const std::string& part : path_) at += (at.empty() ? "" : ".") + part;
    return {.kind = ErrorKind::format, .text = "writing the SOAP headers: " + at + ": " + reason_};
  }

 private:
  bool refuse(std::string reason) {
    reason_ = std::move(reason);
    return false;
  }
  bool element(std::string_view name, std::string_view uri, const Node& value, std::size_t depth);
  bool attributes(const Node& object, std::size_t depth);
  bool envelope_attribute(std::string_view local, const Node& value);
  bool content(const Node& value, std::size_t depth);
  bool scalar(const Node& value, bool attribute);
  bool check_name(std::string_view name);

  Version version_;
  std::string& out_;
  std::vector<std::string_view> prefixes_;  // declared around the element being written
  std::vector<std::string> path_;           // left as it is when something is refused
  std::string reason_;
};

bool BlockWriter::check_name(std::string_view name) {
  std::size_t colon = name.find(':');
  std::string_view local = colon == std::string_view::npos ? name : name.substr(colon + 1);
  if (!is_ncname(local)) return refuse(quoted(name) + " is not a name in XML");
  if (colon == std::string_view::npos) return true;
  std::string_view prefix = name.substr(0, colon);
  if (prefix == "xml") return true;
  for (std::string_view declared : prefixes_) {
    if (declared == prefix) return true;
  }
  return refuse("the prefix " + quoted(prefix) + " is not declared: add an '@xmlns:...' member");
}

bool BlockWriter::scalar(const Node& value, bool attribute) {
  return append_xml_scalar(value, attribute, out_, reason_);
}

bool BlockWriter::envelope_attribute(std::string_view local, const Node& value) {
  out_.append(" soap:").append(local).append("=\"");
  if (local == "mustUnderstand") {
    bool on = value.is_boolean()  ? value.as_boolean()
              : value.is_string() ? value.text() == "1" || value.text() == "true"
                                  : truthy(value);
    out_ += version_ == Version::v1_1 ? (on ? "1" : "0") : (on ? "true" : "false");
  } else if (!scalar(value, true)) {
    return false;
  }
  out_ += '"';
  return true;
}

bool BlockWriter::attributes(const Node& object, std::size_t depth) {
  for (const Member& member : object.members()) {
    std::string_view key = member.key.text();
    if (!key.starts_with("@xmlns:")) continue;
    std::string_view prefix = key.substr(7);
    bool usable = is_ncname(prefix) && !prefix.starts_with("xml") && prefix != "soap" && prefix != "xsi";
    if (!usable) return refuse(quoted(prefix) + " cannot be used as a prefix");
    if (!member.value.is_string() || member.value.text().empty()) return refuse(quoted(key) + " must be a namespace");
    out_.append(" ").append(key.substr(1)).append("=\"");
    if (!scalar(member.value, true)) return false;
    out_ += '"';
    prefixes_.push_back(prefix);
  }
  for (const Member& member : object.members()) {
    std::string_view key = member.key.text();
    if (!key.starts_with('@') || key == "@xmlns" || key.starts_with("@xmlns:")) continue;
    std::string_view name = key.substr(1);
    std::string_view role = version_ == Version::v1_1 ? "actor" : "role";
    if (depth == 0 && name == "mustUnderstand") {
      if (!envelope_attribute(name, member.value)) return false;
      continue;
    }
    if (depth == 0 && (name == "actor" || name == "role")) {
      if (!envelope_attribute(role, member.value)) return false;
      continue;
    }
    if (!check_name(name)) return false;
    out_.append(" ").append(name).append("=\"");
    if (!scalar(member.value, true)) return false;
    out_ += '"';
  }
  return true;
}

bool BlockWriter::content(const Node& value, std::size_t depth) {
  if (value.is_null()) return true;
  if (!value.is_object()) return scalar(value, false);
  for (const Member& member : value.members()) {
    std::string_view key = member.key.text();
    if (key.starts_with('@')) continue;
    path_.push_back(quoted(key));
    if (key == "#text") {
      if (!scalar(member.value, false)) return false;
    } else if (member.value.is_array()) {
      for (const Node& item : member.value.items()) {
        if (!element(key, {}, item, depth + 1)) return false;
      }
    } else if (!element(key, {}, member.value, depth + 1)) {
      return false;
    }
    path_.pop_back();
  }
  return true;
}

// `uri` is what a block without "@xmlns" gets; elements inside inherit theirs.
bool BlockWriter::element(std::string_view name, std::string_view uri, const Node& value, std::size_t depth) {
  if (depth == 0) path_.assign(1, quoted(name));
  if (depth == deepest) return refuse("elements nest deeper than " + std::to_string(deepest) + " levels");
  std::size_t declared = prefixes_.size();
  out_.append("<").append(name);
  Node own = value.is_object() ? value.member("@xmlns") : Node();
  if (!own.is_nothing() && !own.is_string()) return refuse("'@xmlns' must be a namespace");
  if (own.is_string() || !uri.empty()) {
    out_ += " xmlns=\"";
    if (!scalar(own.is_string() ? own : Node::string(uri), true)) return false;
    out_ += '"';
  }
  if (value.is_null()) out_.append(" xmlns:xsi=\"").append(xsi_namespace).append("\" xsi:nil=\"true\"");
  if (value.is_object() && !attributes(value, depth)) return false;
  // The name may use a prefix that its own element declares.
  if (!check_name(name)) return false;
  std::size_t open = out_.size();
  out_ += '>';
  if (!content(value, depth)) return false;
  if (out_.size() == open + 1) {
    out_.back() = '/';
    out_ += '>';
  } else {
    out_.append("</").append(name).append(">");
  }
  prefixes_.resize(declared);
  return true;
}

}  // namespace

Result<void> write_header_blocks(Version version, std::string_view uri, const Node& headers, std::string& out) {
  if (headers.is_nothing() || headers.is_null()) return {};
  if (!headers.is_object()) {
    return fail(ErrorKind::format, "writing the SOAP headers: expected an object, found " + std::string(name_of(headers.kind())));
  }
  if (headers.size() == 0) return {};
  out += "<soap:Header>";
  BlockWriter writer(version, out);
  for (const Member& member : headers.members()) {
    if (!writer.block(member.key.text(), uri, member.value)) return std::unexpected(writer.error());
  }
  out += "</soap:Header>";
  return {};
}

}  // namespace busway::soap
