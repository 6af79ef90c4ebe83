#include <doctest/doctest.h>

#include "bus/json_text.hpp"
#include "tests/adapters/soap/parts.hpp"

using namespace soap_test;

namespace {

struct Seen {
  std::string code;
  std::string text;
  std::string detail;
};

Seen read(Version version, std::string_view body) {
  Arena arena;
  std::string bytes = envelope_of(version, body);
  auto envelope = read_envelope(bytes, {}, arena, version);
  if (!envelope || !envelope->is_fault()) return {"no fault", "", ""};
  auto fault = read_fault(*envelope, PlainBody(true), arena);
  if (!fault) return {"!", fault.error().text, ""};
  return {fault->code, fault->text, fault->detail.is_nothing() ? "" : to_json(fault->detail)};
}

std::string written(Version version, const FaultText& fault) {
  std::string out;
  if (!write_fault(version, fault, out)) return "!";
  return out;
}

}  // namespace

TEST_CASE("faults of 1.1") {
  Seen seen = read(Version::v1_1,
                   "<e:Fault><faultcode>soapenv:Client.NotFound</faultcode><faultstring> No such customer </faultstring>"
                   "<detail><c:crm xmlns:c='urn:crm'><no>4711</no></c:crm></detail></e:Fault>");
  CHECK(seen.code == "Client.NotFound");
  CHECK(seen.text == "No such customer");
  CHECK(seen.detail == R"({"crm":{"no":"4711"}})");
  seen = read(Version::v1_1, "<e:Fault><faultcode>Server</faultcode><faultstring/><detail/></e:Fault>");
  CHECK(seen.code == "Server");
  CHECK(seen.detail == "");
  CHECK(read(Version::v1_1, "<e:Fault><e:faultcode>e:Server</e:faultcode></e:Fault>").code == "Server");
  CHECK(read(Version::v1_1, "<e:Fault/>").code == "");
  CHECK(read(Version::v1_1, "<Fault><faultcode>Server</faultcode></Fault>").code == "no fault");
}

TEST_CASE("faults of 1.2") {
  Seen seen = read(
      Version::v1_2,
      "<e:Fault><e:Code><e:Value>e:Sender</e:Value><e:Subcode><e:Value xmlns:m='urn:m'>m:Limit</e:Value></e:Subcode></e:Code>"
      "<e:Reason><e:Text xml:lang='de'>Zu viel</e:Text><e:Text xml:lang='en'>Too much</e:Text></e:Reason>"
      "<e:Detail><max>7</max></e:Detail></e:Fault>");
  CHECK(seen.code == "Sender.Limit");
  CHECK(seen.text == "Too much");
  CHECK(seen.detail == R"({"max":"7"})");
  CHECK(read(Version::v1_2,
             "<e:Fault><e:Code><e:Value>e:Receiver</e:Value></e:Code><e:Reason><e:Text "
             "xml:lang='de'>Nein</e:Text></e:Reason></e:Fault>")
            .text == "Nein");
}

TEST_CASE("faults are written in either version, whatever words their code uses") {
  FaultText fault{.code = "Client.NotFound", .text = "a < b", .detail = "<x/>", .uri = "urn:crm"};
  CHECK(written(Version::v1_1, fault) ==
        "<soap:Fault><faultcode>soap:Client.NotFound</faultcode><faultstring xml:lang=\"en\">a &lt; "
        "b</faultstring><detail><x/></detail></soap:Fault>");
  CHECK(written(Version::v1_2, fault) ==
        "<soap:Fault><soap:Code><soap:Value>soap:Sender</soap:Value><soap:Subcode><soap:Value "
        "xmlns:n=\"urn:crm\">n:NotFound</soap:Value></soap:Subcode>"
        "</soap:Code><soap:Reason><soap:Text xml:lang=\"en\">a &lt; "
        "b</soap:Text></soap:Reason><soap:Detail><x/></soap:Detail></soap:Fault>");
  CHECK(written(Version::v1_1, {.code = "Receiver", .text = "", .detail = {}, .uri = {}})
            .find("<faultcode>soap:Server</faultcode>") != std::string::npos);
  CHECK(written(Version::v1_1, {.code = "Stock", .text = "", .detail = {}, .uri = "urn:s"})
            .find("<faultcode xmlns:n=\"urn:s\">n:Stock</faultcode>") != std::string::npos);
  CHECK(written(Version::v1_2, {.code = "Stock", .text = "", .detail = {}, .uri = "urn:s"})
            .find("<soap:Value>soap:Receiver</soap:Value>") != std::string::npos);
  // A hostile code never becomes markup.
  CHECK(written(Version::v1_1, {.code = "Client.<x>", .text = "", .detail = {}, .uri = {}})
            .find("<faultcode>soap:Client</faultcode>") != std::string::npos);
  CHECK(
      written(Version::v1_1, {.code = "<x/>", .text = "", .detail = {}, .uri = {}}).find("<faultcode>soap:Server</faultcode>") !=
      std::string::npos);
  CHECK(written(Version::v1_1, {.code = "Client", .text = "\x01", .detail = {}, .uri = {}}) == "!");

  CHECK(fault_status(Version::v1_1, "Client") == 500);
  CHECK(fault_status(Version::v1_2, "Client.X") == 400);
  CHECK(fault_status(Version::v1_2, "MustUnderstand") == 500);
  for (Version version : {Version::v1_1, Version::v1_2}) {
    Seen seen = read(version, [&] {
      std::string body = written(version, {.code = "Sender.Limit.Day", .text = "x", .detail = "<a>1</a>", .uri = "urn:u"});
      for (std::size_t at; (at = body.find("soap:")) != std::string::npos;) body.replace(at, 5, "e:");
      return body;
    }());
    CHECK(seen.code == (version == Version::v1_1 ? "Client.Limit.Day" : "Sender.Limit.Day"));
    CHECK(seen.detail == R"({"a":"1"})");
  }
}
