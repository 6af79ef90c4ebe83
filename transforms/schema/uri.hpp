#pragma once

#include <string>
#include <string_view>

namespace busway::schema {

// A URI reference taken apart (RFC 3986, appendix B). Borrows the text; never fails.
struct UriParts {
  std::string_view scheme;
  std::string_view authority;
  std::string_view path;
  std::string_view query;
  std::string_view fragment;
  bool has_scheme = false;
  bool has_authority = false;
  bool has_query = false;
  bool has_fragment = false;
};
UriParts split_uri(std::string_view text);

// `reference` as seen from `base` (RFC 3986, 5.2), its fragment included.
std::string resolve_uri(std::string_view base, std::string_view reference);

// The text before the first '#'.
std::string_view without_fragment(std::string_view uri);

// %XX becomes its byte; what is no escape stays.
std::string percent_decoded(std::string_view text);

}  // namespace busway::schema
