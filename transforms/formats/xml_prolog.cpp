// What stands around the root element, and comments and processing instructions anywhere: XML 1.0, 2.5, 2.6 and 2.8.
#include "transforms/formats/utf8.hpp"
#include "transforms/formats/xml_name.hpp"
#include "transforms/formats/xml_parser.hpp"

namespace busway {

// version, encoding, standalone: a name, '=', a quoted value.
bool XmlParser::pseudo_attribute(std::string_view name, std::string_view& value, bool& found) {
  char* from = at_;
  bool spaced = skip_space();
  found = at_string(name);
  if (!found) {
    at_ = from;
    return true;
  }
  if (!spaced) return refuse(at_, "white space is missing in the XML declaration");
  at_ += name.size();
  skip_space();
  if (at_ == end_ || *at_ != '=') return refuse(at_, "expected '=' in the XML declaration");
  ++at_;
  skip_space();
  if (at_ == end_ || (*at_ != '"' && *at_ != '\'')) return refuse(at_, "expected a quoted value in the XML declaration");
  char quote = *at_++;
  char* start = at_;
  while (at_ < end_ && *at_ != quote && *at_ != '<' && *at_ != '>') ++at_;
  if (at_ == end_ || *at_ != quote) return refuse(start, "the value is not closed");
  value = {start, static_cast<std::size_t>(at_ - start)};
  ++at_;
  return true;
}

bool XmlParser::declaration() {
  constexpr std::string_view usual = R"(<?xml version="1.0" encoding=")";
  if (at_string(usual)) {
    std::string_view rest(at_ + usual.size(), std::min<std::size_t>(8, static_cast<std::size_t>(end_ - at_) - usual.size()));
    if (rest == R"(utf-8"?>)" || rest == R"(UTF-8"?>)") {
      at_ += usual.size() + rest.size();
      return true;
    }
  }
  at_ += 5;
  bool found = false;
  std::string_view value;
  if (!pseudo_attribute("version", value, found)) return false;
  if (!found) return refuse(at_, "the XML declaration begins with its version");
  if (value.size() < 3 || !value.starts_with("1.") || value.find_first_not_of("0123456789", 2) != std::string_view::npos) {
    return refuse(value.data(), "this version of XML is not known");
  }
  if (!pseudo_attribute("encoding", value, found)) return false;
  if (found) {
    bool good = !value.empty() && ((value[0] | 0x20) >= 'a' && (value[0] | 0x20) <= 'z');
    for (char c : value) {
      if (!(((c | 0x20) >= 'a' && (c | 0x20) <= 'z') || (c >= '0' && c <= '9') || c == '.' || c == '_' || c == '-')) good = false;
    }
    if (!good) return refuse(value.data(), "this is not the name of an encoding");
  }
  if (!pseudo_attribute("standalone", value, found)) return false;
  if (found && value != "yes" && value != "no") return refuse(value.data(), "standalone is 'yes' or 'no'");
  skip_space();
  if (!at_string("?>")) return refuse(at_, "expected '?>' at the end of the XML declaration");
  at_ += 2;
  return true;
}

// Comments, processing instructions and white space around the root.
bool XmlParser::misc(bool prolog) {
  for (;;) {
    skip_space();
    if (at_string("<!--")) {
      if (!comment()) return false;
    } else if (at_string("<?")) {
      if (!instruction()) return false;
    } else if (prolog && at_string("<!DOCTYPE")) {
      return refuse(at_, "a document type declaration (DOCTYPE) is refused: DTDs and their entities are never read");
    } else {
      return true;
    }
  }
}

bool XmlParser::comment() {
  char* from = at_;
  std::string_view rest(at_ + 4, static_cast<std::size_t>(end_ - at_ - 4));
  std::size_t dashes = rest.find("--");
  if (dashes == std::string_view::npos) return refuse(from, "the comment is not closed");
  if (dashes + 2 >= rest.size() || rest[dashes + 2] != '>') return refuse(rest.data() + dashes, "'--' cannot stand in a comment");
  if (!clean(rest.substr(0, dashes))) return false;
  at_ += 4 + dashes + 3;
  return true;
}

bool XmlParser::instruction() {
  char* from = at_;
  at_ += 2;
  std::string_view rest(at_, static_cast<std::size_t>(end_ - at_));
  std::size_t size = xml_name_size(rest);
  if (size == 0) return refuse(at_, "a processing instruction begins with its name");
  std::string_view target = rest.substr(0, size);
  if (size == 3 && (target[0] | 0x20) == 'x' && (target[1] | 0x20) == 'm' && (target[2] | 0x20) == 'l') {
    return refuse(from, "an XML declaration stands only at the very beginning, and is written '<?xml version'");
  }
  if (limits_.namespaces && target.find(':') != std::string_view::npos) {
    return refuse(at_, "the name of a processing instruction has no colon");
  }
  std::size_t close = rest.find("?>", size);
  if (close == std::string_view::npos) return refuse(from, "the processing instruction is not closed");
  if (close != size && !is_space(rest[size])) return refuse(rest.data() + size, "this character cannot stand in a name");
  if (!clean(rest.substr(0, close))) return false;
  at_ += close + 2;
  return true;
}

}  // namespace busway
