#include "plugins/process/head_text.hpp"

#include "bus/headers.hpp"
#include "bus/json_text.hpp"
#include "plugins/host/utf8.hpp"

namespace busway::plugins {

namespace {

void append_value(std::string& out, std::string_view text) {
  if (is_utf8(text)) return append_json_string(text, out);
  std::string fit;  // header fields may hold any byte
  for (char c : text) fit += static_cast<unsigned char>(c) < 0x80 ? c : '?';
  append_json_string(fit, out);
}

}  // namespace

void append_text(std::string& out, std::string_view name, std::string_view text) {
  if (text.empty()) return;
  out.append(",\"").append(name).append("\":");
  append_value(out, text);
}

void append_headers(std::string& out, const std::vector<std::pair<std::string_view, std::string_view>>& headers) {
  if (headers.empty()) return;
  Arena arena;
  Headers all(arena);
  for (const auto& [name, value] : headers) all.add(name, value);
  std::string members;
  for (const Member& member : all.as_document(arena).members()) {
    members += members.empty() ? '{' : ',';
    append_value(members, member.key.text());
    members += ':';
    if (!member.value.is_array()) {
      append_value(members, member.value.text());
      continue;
    }
    char before = '[';
    for (const Node& one : member.value.items()) {
      members += std::exchange(before, ',');
      append_value(members, one.text());
    }
    members += ']';
  }
  out.append(R"(,"headers":)").append(members).append("}");
}

}  // namespace busway::plugins
