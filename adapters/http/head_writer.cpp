#include "adapters/http/head_writer.hpp"

#include <algorithm>
#include <charconv>
#include <cstdio>
#include <ctime>
#include <string>

#include "adapters/http/grammar.hpp"
#include "adapters/http/head.hpp"
#include "bus/wall_clock.hpp"

namespace busway::http {

namespace {

void append_number(std::uint64_t number, Buffer& out) {
  char digits[24];
  auto end = std::to_chars(digits, digits + sizeof digits, number).ptr;
  out.append(std::string_view(digits, static_cast<std::size_t>(end - digits)));
}

void append_field(std::string_view name, std::string_view value, Buffer& out) {
  std::span<char> room = out.room_for(name.size() + value.size() + 4);
  char* at = room.data();
  at += name.copy(at, name.size());
  *at++ = ':';
  *at++ = ' ';
  at += value.copy(at, value.size());
  *at++ = '\r';
  *at = '\n';
  out.grew(room.size());
}

Result<void> append_headers(std::span<const Header> headers, bool skip_content_type, bool& has_date, Buffer& out) {
  for (const Header& header : headers) {
    Known known = header.note != 0 ? noted(header) : known_field(header.name);
    if (known != Known::other) {
      if (is_hop_by_hop(known) || known == Known::host || known == Known::expect || known == Known::busway) continue;
      if (known == Known::content_type && skip_content_type) continue;
      has_date = has_date || known == Known::date;
    }
    if (header.note != 0) {
      append_field(header.name, header.value, out);
      continue;
    }
    if (!is_token(header.name))
      return fail(ErrorKind::mapping, "writing a header: '" + std::string(header.name) + "' is no header name");
    std::string_view value = trim_whitespace(header.value);
    if (!is_field_value(value))
      return fail(ErrorKind::mapping,
                  "writing a header: the value of '" + std::string(header.name) + "' holds a control character");
    append_field(header.name, value, out);
  }
  return {};
}

Result<void> append_content_type(std::string_view type, Buffer& out) {
  if (type.empty()) return {};
  if (!is_field_value(type)) return fail(ErrorKind::mapping, "writing a header: the content type holds a control character");
  append_field("Content-Type", type, out);
  return {};
}

struct Phrase {
  int status = 0;
  std::string_view text;
};
constexpr Phrase phrases[] = {
    {100, "Continue"},
    {200, "OK"},
    {201, "Created"},
    {202, "Accepted"},
    {203, "Non-Authoritative Information"},
    {204, "No Content"},
    {205, "Reset Content"},
    {206, "Partial Content"},
    {300, "Multiple Choices"},
    {301, "Moved Permanently"},
    {302, "Found"},
    {303, "See Other"},
    {304, "Not Modified"},
    {307, "Temporary Redirect"},
    {308, "Permanent Redirect"},
    {400, "Bad Request"},
    {401, "Unauthorized"},
    {402, "Payment Required"},
    {403, "Forbidden"},
    {404, "Not Found"},
    {405, "Method Not Allowed"},
    {406, "Not Acceptable"},
    {407, "Proxy Authentication Required"},
    {408, "Request Timeout"},
    {409, "Conflict"},
    {410, "Gone"},
    {411, "Length Required"},
    {412, "Precondition Failed"},
    {413, "Content Too Large"},
    {414, "URI Too Long"},
    {415, "Unsupported Media Type"},
    {416, "Range Not Satisfiable"},
    {417, "Expectation Failed"},
    {421, "Misdirected Request"},
    {422, "Unprocessable Content"},
    {423, "Locked"},
    {424, "Failed Dependency"},
    {426, "Upgrade Required"},
    {428, "Precondition Required"},
    {429, "Too Many Requests"},
    {431, "Request Header Fields Too Large"},
    {451, "Unavailable For Legal Reasons"},
    {500, "Internal Server Error"},
    {501, "Not Implemented"},
    {502, "Bad Gateway"},
    {503, "Service Unavailable"},
    {504, "Gateway Timeout"},
    {505, "HTTP Version Not Supported"},
    {507, "Insufficient Storage"},
};

}  // namespace

std::string_view reason_phrase(int status) {
  for (const Phrase& phrase : phrases) {
    if (phrase.status == status) return phrase.text;
  }
  return {};
}

std::string_view http_date() {
  static thread_local std::time_t made_at = -1;
  static thread_local char text[48];
  static thread_local std::size_t size = 0;
  std::time_t now = std::chrono::system_clock::to_time_t(wall_now());
  if (now != made_at) {
    constexpr const char* days[] = {"Sun", "Mon", "Tue", "Wed", "Thu", "Fri", "Sat"};
    constexpr const char* months[] = {"Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"};
    std::tm utc{};
    gmtime_r(&now, &utc);
    int written = std::snprintf(text, sizeof text, "%s, %02d %s %04d %02d:%02d:%02d GMT", days[utc.tm_wday], utc.tm_mday,
                                months[utc.tm_mon], utc.tm_year + 1900, utc.tm_hour, utc.tm_min, utc.tm_sec);
    size = written > 0 ? std::min(static_cast<std::size_t>(written), sizeof text - 1) : 0;
    made_at = now;
  }
  return {text, size};
}

Result<void> write_head(const RequestLines& lines, Buffer& out) {
  out.reserve(Buffer::usual);
  std::string_view path = lines.target.substr(0, lines.target.find('?'));
  bool sound = lines.target == "*" ||
               (lines.target.starts_with('/') && is_encoded_text(path, false) &&
                (path.size() == lines.target.size() || is_encoded_text(lines.target.substr(path.size() + 1), true)));
  if (!is_token(lines.method))
    return fail(ErrorKind::mapping, "writing a request: '" + std::string(lines.method) + "' is no method");
  if (!sound) return fail(ErrorKind::mapping, "writing a request: '" + std::string(lines.target) + "' is no request target");
  out.append(lines.method);
  out.append(' ');
  out.append(lines.target);
  out.append(" HTTP/1.1\r\nHost: ");
  out.append(lines.host);
  out.append("\r\n");
  bool has_date = false;
  if (auto done = append_headers(lines.headers, !lines.content_type.empty(), has_date, out); !done) return done;
  if (auto done = append_content_type(lines.content_type, out); !done) return done;
  if (lines.length) {
    out.append("Content-Length: ");
    append_number(*lines.length, out);
    out.append("\r\n");
  } else if (lines.chunked) {
    out.append("Transfer-Encoding: chunked\r\n");
  }
  out.append("\r\n");
  return {};
}

Result<void> write_head(const ResponseLines& lines, Buffer& out) {
  out.reserve(Buffer::usual);
  out.append("HTTP/1.1 ");
  append_number(static_cast<std::uint64_t>(lines.status), out);
  out.append(' ');
  out.append(reason_phrase(lines.status));
  out.append("\r\n");
  bool has_date = false;
  if (auto done = append_headers(lines.headers, true, has_date, out); !done) return done;
  if (!has_date) append_field("Date", http_date(), out);
  if (auto done = append_content_type(lines.content_type, out); !done) return done;
  if (lines.length) {
    out.append("Content-Length: ");
    append_number(*lines.length, out);
    out.append("\r\n");
  } else if (lines.chunked) {
    out.append("Transfer-Encoding: chunked\r\n");
  }
  if (lines.close) {
    out.append("Connection: close\r\n");
  } else if (lines.old_keep_alive) {
    out.append("Connection: keep-alive\r\n");
  }
  out.append("\r\n");
  return {};
}

}  // namespace busway::http
