#include "transforms/schema/uri.hpp"

#include <algorithm>

#include "transforms/schema/characters.hpp"

namespace busway::schema {

namespace {

bool is_scheme(std::string_view text) {
  return !text.empty() && is_alpha(text[0]) &&
         std::all_of(text.begin(), text.end(), [](char c) { return is_alnum(c) || c == '+' || c == '-' || c == '.'; });
}

// RFC 3986, 5.2.4
std::string remove_dot_segments(std::string_view path) {
  std::string out;
  while (!path.empty()) {
    if (path.starts_with("../")) {
      path.remove_prefix(3);
    } else if (path.starts_with("./")) {
      path.remove_prefix(2);
    } else if (path.starts_with("/./")) {
      path.remove_prefix(2);
    } else if (path == "/.") {
      path = "/";
    } else if (path.starts_with("/../") || path == "/..") {
      path = path == "/.." ? "/" : path.substr(3);
      out.resize(std::min(out.size(), out.rfind('/')));
    } else if (path == "." || path == "..") {
      path = {};
    } else {
      std::size_t end = path.find('/', 1);
      out += path.substr(0, end);
      path.remove_prefix(std::min(end, path.size()));
    }
  }
  return out;
}

std::string merged(const UriParts& base, std::string_view path) {
  if (base.has_authority && base.path.empty()) return "/" + std::string(path);
  std::size_t slash = base.path.rfind('/');
  std::string out(slash == std::string_view::npos ? std::string_view() : base.path.substr(0, slash + 1));
  return out.append(path);
}

}  // namespace

UriParts split_uri(std::string_view text) {
  UriParts parts;
  std::size_t colon = text.find_first_of(":/?#");
  if (colon != std::string_view::npos && text[colon] == ':' && is_scheme(text.substr(0, colon))) {
    parts.has_scheme = true;
    parts.scheme = text.substr(0, colon);
    text.remove_prefix(colon + 1);
  }
  if (std::size_t hash = text.find('#'); hash != std::string_view::npos) {
    parts.has_fragment = true;
    parts.fragment = text.substr(hash + 1);
    text = text.substr(0, hash);
  }
  if (std::size_t mark = text.find('?'); mark != std::string_view::npos) {
    parts.has_query = true;
    parts.query = text.substr(mark + 1);
    text = text.substr(0, mark);
  }
  if (text.starts_with("//")) {
    parts.has_authority = true;
    std::size_t end = std::min(text.find('/', 2), text.size());
    parts.authority = text.substr(2, end - 2);
    text.remove_prefix(end);
  }
  parts.path = text;
  return parts;
}

std::string resolve_uri(std::string_view base_text, std::string_view reference) {
  UriParts base = split_uri(base_text);
  UriParts to = split_uri(reference);
  std::string path;
  if (to.has_scheme || to.has_authority) {
    path = remove_dot_segments(to.path);
  } else if (to.path.empty()) {
    path = base.path;
    if (!to.has_query) {
      to.has_query = base.has_query;
      to.query = base.query;
    }
  } else {
    path = remove_dot_segments(to.path.starts_with('/') ? std::string(to.path) : merged(base, to.path));
  }
  if (!to.has_scheme) {
    to.scheme = base.scheme;
    if (!to.has_authority) {
      to.has_authority = base.has_authority;
      to.authority = base.authority;
    }
    to.has_scheme = base.has_scheme;
  }
  std::string out;
  if (to.has_scheme) out.append(to.scheme).append(":");
  if (to.has_authority) out.append("//").append(to.authority);
  out += path;
  if (to.has_query) out.append("?").append(to.query);
  if (to.has_fragment) out.append("#").append(to.fragment);
  return out;
}

std::string_view without_fragment(std::string_view uri) {
  return uri.substr(0, uri.find('#'));
}

std::string percent_decoded(std::string_view text) {
  std::string out;
  out.reserve(text.size());
  for (std::size_t i = 0; i < text.size(); ++i) {
    if (text[i] == '%' && i + 2 < text.size() && is_hex(text[i + 1]) && is_hex(text[i + 2])) {
      out += static_cast<char>(hex_digit(text[i + 1]) * 16 + hex_digit(text[i + 2]));
      i += 2;
    } else {
      out += text[i];
    }
  }
  return out;
}

}  // namespace busway::schema
