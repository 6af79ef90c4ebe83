#pragma once

#include <string>
#include <string_view>

#include "bus/document.hpp"
#include "bus/error.hpp"
#include "transforms/formats/xml_tree.hpp"

namespace busway::soap {

enum class Version : std::uint8_t { v1_1, v1_2 };

inline constexpr std::string_view envelope_1_1 = "http://schemas.xmlsoap.org/soap/envelope/";
inline constexpr std::string_view envelope_1_2 = "http://www.w3.org/2003/05/soap-envelope";
constexpr std::string_view envelope_namespace(Version version) {
  return version == Version::v1_1 ? envelope_1_1 : envelope_1_2;
}

// Error::code of an envelope in a namespace that is neither version's, and of an encodingStyle that nobody here reads.
inline constexpr std::string_view version_mismatch = "VersionMismatch";
inline constexpr std::string_view data_encoding_unknown = "DataEncodingUnknown";

// One SOAP message, cut where the parts meet (SOAP 1.1, 4; SOAP 1.2 part 1, 5). Everything borrows from the arena it was read
// into.
struct Envelope {
  Version version = Version::v1_1;
  const XmlElement* header = nullptr;   // null: no Header
  const XmlElement* payload = nullptr;  // the only child of Body; null: Body is empty
  XmlBudget budget;                     // for what is made of the parts

  bool is_fault() const { return payload != nullptr && payload->is(envelope_namespace(version), "Fault"); }
};

// Reads a message of either version. `charset` is the Content-Type's and wins over the XML declaration (RFC 7303, 3). `version`
// becomes the envelope's as soon as that is known, so that a refusal can be answered in it. Bodies with several children
// (rpc/encoded multiRef) are refused. Errors: kind `format`; a code where the Fault has one of its own.
Result<Envelope> read_envelope(std::string_view bytes, std::string_view charset, Arena& arena, Version& version);

// An envelope being written: begin, header blocks (write_header_blocks), begin_body, one body element or Fault, end.
void begin_envelope(Version version, std::string& out);
void begin_body(std::string& out);
void end_envelope(std::string& out);

}  // namespace busway::soap
