#include "adapters/http/head.hpp"

#include <algorithm>
#include <cstring>

#include "adapters/http/byte_scan.hpp"
#include "adapters/http/grammar.hpp"
#include "bus/headers.hpp"

namespace busway::http {

namespace {

// "HTTP/1.1": 505 for another version, 400 for what is none.
Refusal read_version(std::string_view text, int& minor) {
  if (text.size() != 8 || !text.starts_with("HTTP/") || text[6] != '.' || text[5] < '0' || text[5] > '9' || text[7] < '0' ||
      text[7] > '9')
    return {400, "no HTTP version where one belongs"};
  if (text[5] != '1' || text[7] > '1') return {505, "an HTTP version other than 1.0 and 1.1"};
  minor = text[7] - '0';
  return {};
}

struct RequestLine {
  std::string_view method;
  std::string_view target;
  int minor_version = 1;
};

Refusal read_request_line(std::string_view line, RequestLine& out) {
  std::size_t space = line.find(' ');
  if (space == std::string_view::npos || !is_token(line.substr(0, space)))
    return {400, "the request line does not start with a method"};
  out.method = line.substr(0, space);
  std::size_t last = line.find(' ', space + 1);
  if (last == std::string_view::npos) return {400, "no HTTP version where one belongs"};
  out.target = line.substr(space + 1, last - space - 1);
  if (out.target.empty()) return {400, "an empty request target"};
  return read_version(line.substr(last + 1), out.minor_version);
}

Refusal read_status_line(std::string_view line, ResponseHead& head) {
  std::size_t space = line.find(' ');
  if (space == std::string_view::npos) return {400, "no status where one belongs"};
  if (Refusal refusal = read_version(line.substr(0, space), head.minor_version)) return refusal;
  line.remove_prefix(space + 1);
  auto status = read_decimal(line.substr(0, 3));
  if (line.size() < 3 || !status || *status < 100 || *status > 599) return {400, "a status that is no number from 100 to 599"};
  head.status = static_cast<int>(*status);
  line.remove_prefix(3);
  // Servers that leave out the space before an empty reason are common and cannot be misread (RFC 9112, 4 wants it).
  if (!line.empty() && line.front() != ' ') return {400, "a status that is no number from 100 to 599"};
  head.reason = line.empty() ? line : line.substr(1);
  if (!is_field_value(head.reason)) return {400, "a control character in the reason"};
  return {};
}

// Of a target in absolute form.
struct Authority {
  std::string_view text;
  std::string_view default_port;  // of the target's scheme: ":80"
};

// RFC 9112, 3.2: origin form, absolute form, and the asterisk of OPTIONS.
Refusal read_target(RequestHead& head, Authority& authority) {
  std::string_view target = head.target;
  authority = {};
  if (target == "*") {
    if (head.method != "OPTIONS") return {400, "the target * belongs to OPTIONS alone"};
    head.path = target;
    head.query = {};
    return {};
  }
  if (target.front() != '/') {
    std::size_t scheme = target.find("://");
    if (scheme == std::string_view::npos) return {400, "a request target that is neither a path nor a URL"};
    std::string_view name = target.substr(0, scheme);
    bool secure = equal_ignoring_case(name, "https");
    if (!secure && !equal_ignoring_case(name, "http")) return {400, "a request target of another scheme"};
    target.remove_prefix(scheme + 3);
    std::size_t end = target.find_first_of("/?");
    authority = {.text = target.substr(0, end), .default_port = secure ? ":443" : ":80"};
    if (!is_authority(authority.text)) return {400, "a request target without a proper host"};
    target = end == std::string_view::npos ? std::string_view() : target.substr(end);
  }
  std::size_t question = target.find('?');
  head.path = target.substr(0, question);
  head.query = question == std::string_view::npos ? std::string_view() : target.substr(question + 1);
  if (head.path.empty()) head.path = "/";
  if (!is_encoded_text(head.path, false) || !is_encoded_text(head.query, true))
    return {400, "a character in the request target that must be percent-encoded"};
  return {};
}

// Host as a reader of either has it: the port that the scheme implies says nothing.
std::string_view without_default_port(std::string_view host, std::string_view port) {
  if (host.ends_with(':')) host.remove_suffix(1);
  if (host.ends_with(port)) host.remove_suffix(port.size());
  return host;
}

Refusal read_host(RequestHead& head, const Authority& authority) {
  const FieldLine* found = nullptr;
  for (const FieldLine& field : head.fields) {
    if (field.known != Known::host) continue;
    if (found != nullptr) return {400, "more than one Host"};
    found = &field;
  }
  if (found == nullptr && head.minor_version >= 1) return {400, "no Host"};
  if (found != nullptr && !is_authority(found->value)) return {400, "a Host that is no host"};
  head.host = authority.text.empty() ? (found != nullptr ? found->value : std::string_view()) : authority.text;
  // RFC 9112, 3.2 wants them the same; 3.2.2 lets the target win, and a reader who takes Host would be sent elsewhere.
  if (authority.text.empty()) return {};
  if (found != nullptr && !equal_ignoring_case(without_default_port(head.host, authority.default_port),
                                               without_default_port(found->value, authority.default_port)))
    return {400, "a Host other than the host of the request target"};
  return {};
}

}  // namespace

void HeadScanner::reset() {
  begin_ = line_ = next_ = lines_ = end_ = 0;
  refusal_ = {};
}

bool HeadScanner::scan(std::string_view buffer) {
  if (next_ == 0 && !refusal_) {
    // The common case: all of it is there, and too short for any line to be too long.
    std::string_view near = buffer.substr(0, std::min(limits_.line, limits_.head));
    if (!near.empty() && near.front() != '\r') end_ = plain_head_end(near, limits_.fields + 2);
    if (end_ != 0) {
      next_ = end_;
      return true;
    }
  }
  bool whole = false;
  if (!refusal_) refusal_ = look(buffer, whole);
  return whole;
}

Refusal HeadScanner::look(std::string_view buffer, bool& whole) {
  constexpr std::size_t most_empty_lines = 4;
  // The same verdict whether a line arrived at once or byte by byte: what is wrong at the earliest byte comes first.
  auto first_byte_is_wrong = [&] { return lines_ == 0 && !is_token_char(buffer[line_]) && buffer[line_] != '\r'; };
  auto too_long = [&]() -> Refusal {
    if (first_byte_is_wrong()) return {400, "this is not HTTP"};
    return lines_ == 0 ? Refusal{414, "the request line is too long"} : Refusal{431, "a field line is too long"};
  };
  while (next_ < buffer.size()) {
    const void* found = std::memchr(buffer.data() + next_, '\n', buffer.size() - next_);
    if (found == nullptr) {
      if (line_ == next_ && first_byte_is_wrong()) return {400, "this is not HTTP"};
      next_ = buffer.size();
      break;
    }
    auto feed = static_cast<std::size_t>(static_cast<const char*>(found) - buffer.data());
    if (feed == line_ || buffer[feed - 1] != '\r') {
      if (feed - line_ > limits_.line + 2) return too_long();
      if (feed - begin_ > limits_.head) return {431, "the head is too long"};
      return {400, "a bare LF"};
    }
    std::string_view line = buffer.substr(line_, feed - 1 - line_);
    next_ = feed + 1;
    if (line.size() > limits_.line) return too_long();
    if (line.empty() && lines_ == 0) {
      // Empty lines before a request are what some clients leave behind a body.
      begin_ = line_ = next_;
      if (side_ == Side::response || begin_ > 2 * most_empty_lines) return {400, "empty lines before the first line"};
      continue;
    }
    if (lines_ == 0) {
      RequestLine request;
      ResponseHead response;
      Refusal refusal = side_ == Side::request ? read_request_line(line, request) : read_status_line(line, response);
      if (refusal) return refusal;
    }
    line_ = next_;
    if (next_ - begin_ > limits_.head) return {431, "the head is too long"};
    if (line.empty()) {
      end_ = next_;
      whole = true;
      return {};
    }
    if (++lines_ > limits_.fields + 1) return {431, "too many fields"};
  }
  if (buffer.size() - line_ > limits_.line + 2) return too_long();
  if (buffer.size() - begin_ > limits_.head) return {431, "the head is too long"};
  return {};
}

Refusal RequestHead::read(std::string_view bytes, HeadLimits limits) {
  std::size_t end = bytes.find("\r\n");
  if (end == std::string_view::npos) return {400, "an unended line"};
  RequestLine line;
  if (Refusal refusal = read_request_line(bytes.substr(0, end), line)) return refusal;
  method = line.method;
  target = line.target;
  minor_version = line.minor_version;
  expects_continue = false;
  if (method == "CONNECT") return {501, "CONNECT is not served"};
  Authority authority;
  if (Refusal refusal = read_target(*this, authority)) return refusal;
  if (Refusal refusal = detail::read_fields(bytes.substr(end + 2), limits, *this)) return refusal;
  if (Refusal refusal = read_host(*this, authority)) return refusal;
  detail::FramingFields found;
  if (Refusal refusal = detail::read_framing(*this, found)) return refusal;
  // RFC 9110, 9.3.1 and 9.3.2: the body means nothing, and who believes that there is none takes it for the next request.
  bool body = framing.kind == Framing::Kind::chunked || framing.length > 0;
  if (body && (method == "GET" || method == "HEAD")) close = true;
  for (const FieldLine& field : fields) {
    if (field.known != Known::expect) continue;
    if (!equal_ignoring_case(field.value, "100-continue")) return {417, "an expectation other than 100-continue"};
    expects_continue = minor_version >= 1;
  }
  return {};
}

Refusal ResponseHead::read(std::string_view bytes, bool head_request, HeadLimits limits) {
  std::size_t end = bytes.find("\r\n");
  if (end == std::string_view::npos) return {400, "an unended line"};
  if (Refusal refusal = read_status_line(bytes.substr(0, end), *this)) return refusal;
  if (Refusal refusal = detail::read_fields(bytes.substr(end + 2), limits, *this)) return refusal;
  detail::FramingFields found;
  if (Refusal refusal = detail::read_framing(*this, found)) return refusal;
  if (head_request || status < 200 || status == 204 || status == 304) {
    // A 204 or an interim answer that announces a body (RFC 9110, 8.6; RFC 9112, 6.1) may be followed by one all the same, which
    // must not be read as the next answer.
    bool announced = found.transfer_encoding != nullptr || framing.length != 0;
    if (announced && status < 200) return {400, "an interim answer with a body"};
    if (announced && status == 204) close = true;
    framing = {};
  } else if (found.length == nullptr && found.transfer_encoding == nullptr) {
    framing = {Framing::Kind::until_close, 0};
  }
  return {};
}

}  // namespace busway::http
