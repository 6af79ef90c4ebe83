#pragma once

#include <string>
#include <string_view>

#include "adapters/soap/body_shape.hpp"
#include "bus/exchange.hpp"

namespace busway::soap {

// Reads the Fault of an envelope that is_fault(). Codes lose their prefix: `soapenv:Client.NotFound` is Client.NotFound, and
// Sender with the subcode m:Limit is Sender.Limit. The detail is a document, by local names. Errors: kind `format`.
Result<Fault> read_fault(Envelope& envelope, const BodyShape& shape, Arena& arena);

// Whose mistake a code says it was: Client, Sender and the refusals of an envelope are the caller's.
bool blames_caller(std::string_view code);
// The HTTP status a Fault travels with: 500; in 1.2, 400 for Sender (part 2, table 20).
int fault_status(Version version, std::string_view code);
// "Client" or "Server" in 1.1, "Sender" or "Receiver" in 1.2, for an HTTP status.
std::string_view fault_code_for(Version version, int status);

// What a Fault says, with its detail already written.
struct FaultText {
  std::string_view code;  // dotted; either version's words, translated
  std::string_view text;
  std::string_view language = "en";
  std::string_view detail;  // XML of its children; empty: none
  std::string_view uri;     // the namespace of a code that is none of SOAP's own
};

// Appends the Fault element (SOAP 1.1, 4.4; SOAP 1.2 part 1, 5.4). Text that XML cannot hold is an error.
Result<void> write_fault(Version version, const FaultText& fault, std::string& out);

}  // namespace busway::soap
