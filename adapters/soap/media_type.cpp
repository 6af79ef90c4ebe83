#include "adapters/soap/media_type.hpp"

#include "adapters/http/grammar.hpp"
#include "bus/headers.hpp"

namespace busway::soap {

namespace {

std::string_view unquoted(std::string_view text) {
  text = http::trim_whitespace(text);
  if (text.size() >= 2 && text.front() == '"' && text.back() == '"') return text.substr(1, text.size() - 2);
  return text;
}

// The next parameter, up to a semicolon outside quotes.
std::string_view take_parameter(std::string_view& rest) {
  bool quoted = false;
  std::size_t at = 0;
  for (; at < rest.size() && (quoted || rest[at] != ';'); ++at) {
    if (rest[at] == '"') quoted = !quoted;
  }
  std::string_view parameter = rest.substr(0, at);
  rest.remove_prefix(std::min(rest.size(), at + 1));
  return parameter;
}

}  // namespace

bool MediaType::may_be_envelope() const {
  return type.empty() || equal_ignoring_case(type, "text/xml") || equal_ignoring_case(type, "application/soap+xml") ||
         equal_ignoring_case(type, "application/xml");
}

Version MediaType::version() const {
  return equal_ignoring_case(type, "application/soap+xml") ? Version::v1_2 : Version::v1_1;
}

MediaType read_media_type(std::string_view text) {
  MediaType media;
  media.type = http::trim_whitespace(take_parameter(text));
  while (!text.empty()) {
    std::string_view parameter = take_parameter(text);
    std::size_t equals = parameter.find('=');
    if (equals == std::string_view::npos) continue;
    std::string_view name = http::trim_whitespace(parameter.substr(0, equals));
    if (equal_ignoring_case(name, "charset")) media.charset = unquoted(parameter.substr(equals + 1));
    if (equal_ignoring_case(name, "action")) media.action = unquoted(parameter.substr(equals + 1));
  }
  return media;
}

std::string content_type_of(Version version, std::string_view action) {
  if (version == Version::v1_1) return "text/xml; charset=utf-8";
  std::string type = "application/soap+xml; charset=utf-8";
  if (!action.empty()) type.append("; action=\"").append(action).append("\"");
  return type;
}

bool action_names(std::string_view action, std::string_view operation) {
  action = unquoted(action);
  if (action.empty() || operation.empty() || !action.ends_with(operation)) return false;
  if (action.size() == operation.size()) return true;
  char before = action[action.size() - operation.size() - 1];
  return before == '/' || before == '#' || before == ':';
}

bool is_action(std::string_view text) {
  for (char c : text) {
    if (c < 0x21 || c > 0x7E || c == '"' || c == '\\') return false;
  }
  return true;
}

}  // namespace busway::soap
