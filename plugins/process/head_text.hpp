#pragma once

#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace busway::plugins {

// Members of heads that carry texts from outside.

// `,"name":"text"`, unless it is empty. Where it is no UTF-8, bytes that are no ASCII become '?'.
void append_text(std::string& out, std::string_view name, std::string_view text);

// `,"headers":{...}` as `$headers` has them: names in lower case, repeats joined by ", ", set-cookie a list. Nothing for none.
void append_headers(std::string& out, const std::vector<std::pair<std::string_view, std::string_view>>& headers);

}  // namespace busway::plugins
