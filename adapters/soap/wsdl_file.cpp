#include "adapters/soap/wsdl_file.hpp"

#include <algorithm>

#include "transforms/formats/xml_document.hpp"

namespace busway::soap {

namespace {

constexpr std::string_view wsdl_namespace = "http://schemas.xmlsoap.org/wsdl/";

bool is_soap_address(const XmlElement& element) {
  return element.is("http://schemas.xmlsoap.org/wsdl/soap/", "address") || element.is("http://schemas.xmlsoap.org/wsdl/soap12/", "address");
}

// Whether each element named `address`, in document order, is SOAP's. Depth is bounded by the parser.
void find_addresses(const XmlElement& element, std::vector<bool>& out) {
  if (element.local() == "address") out.push_back(is_soap_address(element));
  for (const XmlElement* child = element.first_child(); child != nullptr; child = child->next()) find_addresses(*child, out);
}

bool is_space(char c) { return c == ' ' || c == '\t' || c == '\r' || c == '\n'; }

// Start tags of a well-formed text, comments and the like passed over.
class TagScanner {
 public:
  explicit TagScanner(std::string_view text) : text_(text) {}

  // The inside of the next start tag, without `<`.
  bool next(std::size_t& from, std::size_t& size) {
    while ((at_ = text_.find('<', at_)) != std::string_view::npos) {
      std::string_view rest = text_.substr(at_);
      if (rest.starts_with("<!--")) {
        skip_past("-->");
      } else if (rest.starts_with("<![CDATA[")) {
        skip_past("]]>");
      } else if (rest.starts_with("<?")) {
        skip_past("?>");
      } else if (rest.starts_with("</")) {
        skip_past(">");
      } else {
        from = at_ + 1;
        char quote = 0;
        for (at_ = from; at_ < text_.size() && (quote != 0 || text_[at_] != '>'); ++at_) {
          if (quote == 0 && (text_[at_] == '"' || text_[at_] == '\'')) {
            quote = text_[at_];
          } else if (text_[at_] == quote) {
            quote = 0;
          }
        }
        size = at_ - from;
        return true;
      }
    }
    return false;
  }

 private:
  void skip_past(std::string_view end) {
    std::size_t found = text_.find(end, at_);
    at_ = found == std::string_view::npos ? text_.size() : found + end.size();
  }
  std::string_view text_;
  std::size_t at_ = 0;
};

std::string_view local_name(std::string_view tag) {
  std::size_t end = 0;
  while (end < tag.size() && !is_space(tag[end]) && tag[end] != '/') ++end;
  std::string_view name = tag.substr(0, end);
  std::size_t colon = name.find(':');
  return colon == std::string_view::npos ? name : name.substr(colon + 1);
}

// The value of the attribute `location` inside a tag; false when there is none.
bool find_location(std::string_view tag, std::size_t& from, std::size_t& size) {
  for (std::size_t at = 0; at < tag.size();) {
    std::size_t equals = tag.find('=', at);
    if (equals == std::string_view::npos) return false;
    std::size_t open = tag.find_first_of("\"'", equals);
    if (open == std::string_view::npos) return false;
    std::size_t close = tag.find(tag[open], open + 1);
    if (close == std::string_view::npos) return false;
    std::size_t name_end = equals;
    while (name_end > at && is_space(tag[name_end - 1])) --name_end;
    std::size_t name_from = name_end;
    while (name_from > at && !is_space(tag[name_from - 1])) --name_from;
    if (tag.substr(name_from, name_end - name_from) == "location") {
      from = open + 1;
      size = close - from;
      return true;
    }
    at = close + 1;
  }
  return false;
}

}  // namespace

Result<WsdlFile> WsdlFile::read(std::string content) {
  Arena arena;
  auto document = parse_xml(content, arena);
  if (!document) return fail(ErrorKind::config, document.error().text);
  if (!document->root->is(wsdl_namespace, "definitions")) return fail(ErrorKind::config, "it is not a WSDL 1.1 file: its root is not 'definitions'");
  std::vector<bool> addresses;
  find_addresses(*document->root, addresses);
  WsdlFile file;
  file.content_ = std::move(content);
  TagScanner tags(file.content_);
  std::size_t index = 0;
  for (std::size_t from = 0, size = 0; tags.next(from, size);) {
    std::string_view tag = std::string_view(file.content_).substr(from, size);
    if (local_name(tag) != "address") continue;
    if (index == addresses.size()) break;
    Place place;
    if (addresses[index++] && find_location(tag, place.from, place.size)) {
      place.from += from;
      file.locations_.push_back(place);
    }
  }
  bool all = index == addresses.size() &&
             static_cast<std::ptrdiff_t>(file.locations_.size()) == std::count(addresses.begin(), addresses.end(), true);
  if (!all) return fail(ErrorKind::config, "its addresses cannot be found; save it as UTF-8");
  return file;
}

std::string WsdlFile::served_at(std::string_view address) const {
  std::string value;
  append_xml_attribute(address, value);
  // The file may quote its attributes with apostrophes, which URLs can hold.
  for (std::size_t at = 0; (at = value.find('\'', at)) != std::string::npos; at += 6) value.replace(at, 1, "&apos;");
  std::string out;
  std::size_t done = 0;
  for (const Place& place : locations_) {
    out.append(content_, done, place.from - done).append(value);
    done = place.from + place.size;
  }
  out.append(content_, done);
  return out;
}

}  // namespace busway::soap
