#pragma once

#include <string_view>

namespace busway::schema {

// Whether a text has a format, by the standard the draft names. Linear; any thread.
using FormatCheck = bool (*)(std::string_view text);

// The check behind a `format`; null for a name that is not known or not checked (`idn-hostname`): then it is an annotation.
FormatCheck find_format_check(std::string_view name);

bool is_date(std::string_view text);       // RFC 3339, full-date
bool is_time(std::string_view text);       // RFC 3339, full-time
bool is_date_time(std::string_view text);  // RFC 3339, date-time
bool is_duration(std::string_view text);   // RFC 3339, appendix A
bool is_hostname(std::string_view text);   // RFC 1123, 2.1
bool is_ipv4(std::string_view text);       // RFC 2673, 3.2: dotted quad
bool is_ipv6(std::string_view text);       // RFC 4291, 2.2
bool is_email(std::string_view text);      // RFC 5321, 4.1.2
bool is_idn_email(std::string_view text);  // RFC 6531
bool is_uri(std::string_view text);        // RFC 3986
bool is_uri_reference(std::string_view text);
bool is_iri(std::string_view text);  // RFC 3987
bool is_iri_reference(std::string_view text);
bool is_uri_template(std::string_view text);  // RFC 6570
bool is_uuid(std::string_view text);          // RFC 4122
bool is_json_pointer(std::string_view text);  // RFC 6901
bool is_relative_json_pointer(std::string_view text);

}  // namespace busway::schema
