#pragma once

#include <cstddef>
#include <string_view>

namespace busway {

inline constexpr std::string_view xml_namespace = "http://www.w3.org/XML/1998/namespace";
inline constexpr std::string_view xmlns_namespace = "http://www.w3.org/2000/xmlns/";
inline constexpr std::string_view xsi_namespace = "http://www.w3.org/2001/XMLSchema-instance";

// XML 1.0, fifth edition, 2.2 and 2.3.
bool is_xml_char(char32_t code_point);
bool is_name_start(char32_t code_point);  // with ':'
bool is_name_char(char32_t code_point);

// Whether a Name may begin as `text` does.
bool begins_name(std::string_view text);
// Bytes of the Name at the start of `text` (valid UTF-8); 0 when there is none.
std::size_t xml_name_size(std::string_view text);
// Bytes of the NCName of ASCII letters at `at`, behind whose text a zero stands; 0 when none begins there.
std::size_t ascii_ncname_size(const char* at);
// A Name without a colon (Namespaces in XML 1.0, 3).
bool is_ncname(std::string_view text);
// Offset of the first byte that is not UTF-8 or not a character of XML, or npos.
std::size_t find_non_xml(std::string_view text);

}  // namespace busway
