#include <algorithm>

#include "adapters/http/grammar.hpp"
#include "adapters/http/routing.hpp"

namespace busway::http {

namespace {

constexpr std::size_t most_segments = 64;

bool is_name(std::string_view text) {
  if (text.empty() || (text.front() >= '0' && text.front() <= '9')) return false;
  return std::all_of(text.begin(), text.end(), [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_';
  });
}

std::unexpected<Error> refuse(std::string text) {
  return fail(ErrorKind::config, std::move(text));
}

}  // namespace

Result<PathTemplate> PathTemplate::read(std::string_view text) {
  if (!text.starts_with('/')) return refuse("a path starts with '/'");
  PathTemplate out;
  std::vector<std::string> seen;
  for (std::string_view rest = text.substr(1);;) {
    std::size_t slash = rest.find('/');
    std::string_view piece = rest.substr(0, slash);
    bool last = slash == std::string_view::npos;
    if (out.segments.size() == most_segments) return refuse("a path has at most 64 segments");
    Segment segment;
    if (piece.starts_with('{') && piece.ends_with('}')) {
      std::string_view name = piece.substr(1, piece.size() - 2);
      segment.kind = Segment::Kind::name;
      if (name.ends_with('*')) {
        segment.kind = Segment::Kind::rest;
        name.remove_suffix(1);
        if (!last) return refuse("'{" + std::string(name) + "*}' takes the rest of the path and can only stand last");
      }
      if (!is_name(name)) return refuse("'" + std::string(piece) + "': a name is letters, digits and '_'");
      segment.text = name;
      if (std::find(seen.begin(), seen.end(), segment.text) != seen.end())
        return refuse("the name '" + segment.text + "' stands twice");
      seen.push_back(segment.text);
    } else {
      if (piece.find_first_of("{}") != std::string_view::npos)
        return refuse("'" + std::string(piece) + "': a {name} is a whole segment");
      if (!is_encoded_text(piece, false))
        return refuse("'" + std::string(piece) + "' holds a character that must be percent-encoded");
      decode_percent(piece, false, segment.text);
      if (segment.text == "." || segment.text == "..") return refuse("'.' and '..' are never matched");
    }
    out.segments.push_back(std::move(segment));
    if (last) return out;
    rest.remove_prefix(slash + 1);
  }
}

std::string PathTemplate::key() const {
  std::string out;
  for (const Segment& segment : segments) {
    out += segment.kind == Segment::Kind::literal ? "/" + segment.text : segment.kind == Segment::Kind::name ? "/{}" : "/{*}";
  }
  return out;
}

std::vector<std::string> PathTemplate::names() const {
  std::vector<std::string> out;
  for (const Segment& segment : segments) {
    if (segment.kind != Segment::Kind::literal) out.push_back(segment.text);
  }
  return out;
}

}  // namespace busway::http
