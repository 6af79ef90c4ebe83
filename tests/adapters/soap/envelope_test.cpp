#include <doctest/doctest.h>

#include "adapters/soap/header_blocks.hpp"
#include "adapters/soap/media_type.hpp"
#include "bus/json_text.hpp"
#include "tests/adapters/soap/parts.hpp"

using namespace soap_test;

namespace {

// The document of a body, or "!code: reason".
std::string read(std::string_view bytes, std::string_view charset = {}) {
  Arena arena;
  Version version = Version::v1_1;
  auto envelope = read_envelope(bytes, charset, arena, version);
  if (!envelope) return "!" + envelope.error().code + ": " + envelope.error().text;
  if (envelope->payload == nullptr) return "empty";
  auto document = PlainBody(true).read(*envelope->payload, version, envelope->budget, arena);
  return document ? to_json(*document) : "!" + document.error().text;
}

bool refused(std::string_view bytes) {
  return read(bytes).starts_with("!");
}

std::string write(const PlainBody& shape, const Node& document, std::string_view uri = "urn:orders") {
  std::string out;
  auto written = shape.write({"PlaceOrder", uri}, document, out);
  return written ? out : "!" + written.error().text;
}

}  // namespace

TEST_CASE("bodies become plain documents, in both versions") {
  struct Row {
    std::string_view body;
    std::string_view document;
  };
  const Row rows[] = {
      {"<n:Op xmlns:n='urn:x'><n:a>1</n:a><b>x</b></n:Op>", R"({"a":"1","b":"x"})"},
      {"<Op><a>1</a><a>2</a></Op>", R"({"a":["1","2"]})"},
      {"<Op><a/><b></b></Op>", R"({"a":"","b":""})"},
      {"<Op xmlns:i='http://www.w3.org/2001/XMLSchema-instance'><a i:nil='true'/><b i:type='x:y'>3</b></Op>",
       R"({"a":null,"b":"3"})"},
      {"<Op id='7'><a u='kg'>2</a></Op>", R"({"@id":"7","a":{"@u":"kg","#text":"2"}})"},
      {"<Op/>", "{}"},
      {"<Op>plain</Op>", R"("plain")"},
      {"<Op e:encodingStyle='http://www.w3.org/2003/05/soap-encoding'><a>1</a></Op>", R"({"a":"1"})"},
      {"<Op><PlaceOrderResult><n>1</n></PlaceOrderResult></Op>", R"({"PlaceOrderResult":{"n":"1"}})"},
      {"", "empty"},
  };
  for (const Row& row : rows) {
    CAPTURE(row.body);
    CHECK(read(envelope_of(Version::v1_1, row.body)) == row.document);
    CHECK(read(envelope_of(Version::v1_2, row.body)) == row.document);
  }
}

TEST_CASE("what is no envelope is refused") {
  CHECK(refused(""));
  CHECK(refused("<a/>"));
  CHECK(refused("{\"a\":1}"));
  CHECK(refused("<!DOCTYPE a [<!ENTITY x 'y'>]>" + envelope_of(Version::v1_1, "<Op>&x;</Op>")));
  CHECK(refused(envelope_of(Version::v1_1, "<a/><b/>")));
  CHECK(refused("<Envelope/>"));
  CHECK(refused("<e:Envelope xmlns:e='http://schemas.xmlsoap.org/soap/envelope/'/>"));
  CHECK(refused("<e:Envelope xmlns:e='http://schemas.xmlsoap.org/soap/envelope/'><Body><a/></Body></e:Envelope>"));
  CHECK(refused("<e:Envelope xmlns:e='http://schemas.xmlsoap.org/soap/envelope/'><e:Body/><e:Header/></e:Envelope>"));
  CHECK(refused("<e:Envelope xmlns:e='http://schemas.xmlsoap.org/soap/envelope/'><e:Body/><e:Body/></e:Envelope>"));
  CHECK(read("<e:Envelope xmlns:e='urn:other'><e:Body/></e:Envelope>").starts_with("!VersionMismatch: "));
  std::string deep;
  for (int i = 0; i < 100'000; ++i) deep += "<a>";
  CHECK(refused(envelope_of(Version::v1_1, deep)));
  CHECK(refused(envelope_of(Version::v1_1, "<a>" + std::string("\xff") + "</a>")));
}

TEST_CASE("1.1 may carry more behind the Body, 1.2 may not") {
  CHECK(read("<e:Envelope xmlns:e='http://schemas.xmlsoap.org/soap/envelope/'><e:Body><a/></e:Body><x:b "
             "xmlns:x='urn:x'/></e:Envelope>") == "{}");
  CHECK(refused("<e:Envelope xmlns:e='http://schemas.xmlsoap.org/soap/envelope/'><e:Body><a/></e:Body><b/></e:Envelope>"));
  CHECK(refused(
      "<e:Envelope xmlns:e='http://www.w3.org/2003/05/soap-envelope'><e:Body><a/></e:Body><x:b xmlns:x='urn:x'/></e:Envelope>"));
}

TEST_CASE("the charset of the Content-Type wins over the declaration") {
  std::string latin = "<?xml version='1.0' encoding='ISO-8859-1'?>" + envelope_of(Version::v1_1, "<Op><a>M\xfcller</a></Op>");
  CHECK(read(latin) == "{\"a\":\"M\xc3\xbcller\"}");
  std::string mislabelled = "<?xml version='1.0' encoding='UTF-8'?>" + envelope_of(Version::v1_1, "<Op><a>M\xfcller</a></Op>");
  CHECK(refused(mislabelled));
  CHECK(read(mislabelled, "ISO-8859-1") == "{\"a\":\"M\xc3\xbcller\"}");
  std::string plain = envelope_of(Version::v1_1, "<Op><a>1</a></Op>");
  std::string wide = "\xff\xfe";
  for (char c : plain) wide += {c, '\0'};
  CHECK(read(wide) == R"({"a":"1"})");
  CHECK(read(wide, "utf-16") == R"({"a":"1"})");
}

TEST_CASE("documents are written in their order, qualified or not") {
  Arena arena;
  Node lines = array(arena, {object(arena, {{"sku", Node::string("A&1")}}), object(arena, {{"sku", Node::string("<B>")}})});
  Node order = object(
      arena, {{"@id", Node::number_text("7")}, {"note", Node::null()}, {"line", lines}, {"price", Node::number_text("1250.10")}});
  std::string qualified = write(PlainBody(true), order);
  CHECK(qualified ==
        "<n:PlaceOrder xmlns:n=\"urn:orders\" xmlns:xsi=\"http://www.w3.org/2001/XMLSchema-instance\" id=\"7\"><n:note "
        "xsi:nil=\"true\"/>"
        "<n:line><n:sku>A&amp;1</n:sku></n:line><n:line><n:sku>&lt;B&gt;</n:sku></n:line><n:price>1250.10</n:price></"
        "n:PlaceOrder>");
  CHECK(write(PlainBody(false), object(arena, {{"a", Node::string("1")}})) ==
        "<n:PlaceOrder xmlns:n=\"urn:orders\"><a>1</a></n:PlaceOrder>");
  CHECK(write(PlainBody(true), Node()) == "<n:PlaceOrder xmlns:n=\"urn:orders\"/>");
  CHECK(write(PlainBody(true), object(arena, {{"a", Node::string("1")}}), "") == "<PlaceOrder><a>1</a></PlaceOrder>");
  // Namespaces, names and characters that XML cannot hold are escaped or refused, never written through.
  CHECK(write(PlainBody(true), Node(), "urn:\"><x/>") == "<n:PlaceOrder xmlns:n=\"urn:&quot;&gt;&lt;x/&gt;\"/>");
  CHECK(write(PlainBody(true), object(arena, {{"a><b", Node::string("1")}})).starts_with("!"));
  CHECK(write(PlainBody(true), object(arena, {{"a", Node::string(std::string_view("\0", 1))}})).starts_with("!"));
  CHECK(write(PlainBody(true), array(arena, {Node::null()})).starts_with("!"));
  // What was written reads back unchanged (leaves as strings).
  CHECK(read(envelope_of(Version::v1_2, qualified)) ==
        R"({"@id":"7","note":null,"line":[{"sku":"A&1"},{"sku":"<B>"}],"price":"1250.10"})");
}

TEST_CASE("media types of envelopes") {
  CHECK(read_media_type("text/xml; charset=ISO-8859-1").charset == "ISO-8859-1");
  CHECK(read_media_type("text/xml;Charset=\"utf-8\"").charset == "utf-8");
  MediaType media = read_media_type("application/soap+xml; action=\"urn:a;b\"; charset=utf-8");
  CHECK(media.action == "urn:a;b");
  CHECK(media.charset == "utf-8");
  CHECK(media.version() == Version::v1_2);
  CHECK(read_media_type("").may_be_envelope());
  CHECK(read_media_type("TEXT/XML").may_be_envelope());
  CHECK_FALSE(read_media_type("multipart/related; type=\"text/xml\"").may_be_envelope());
  CHECK_FALSE(read_media_type("application/json").may_be_envelope());
  CHECK(content_type_of(Version::v1_2, "urn:a") == "application/soap+xml; charset=utf-8; action=\"urn:a\"");
  CHECK(action_names("\"urn:orders#PlaceOrder\"", "PlaceOrder"));
  CHECK(action_names("PlaceOrder", "PlaceOrder"));
  CHECK_FALSE(action_names("\"urn:orders#DisPlaceOrder\"", "PlaceOrder"));
  CHECK_FALSE(action_names("\"\"", "PlaceOrder"));
}

TEST_CASE("header blocks become a document and come from one") {
  Arena arena;
  Version version = Version::v1_1;
  std::string bytes = envelope_of(Version::v1_1, "<a/>",
                                  "<x:Token xmlns:x='urn:x' e:mustUnderstand='1'>t</x:Token><y:Trace xmlns:y='urn:y'>1</y:Trace>"
                                  "<z:Trace xmlns:z='urn:z'>2</z:Trace>");
  auto envelope = read_envelope(bytes, {}, arena, version);
  REQUIRE(envelope);
  auto blocks = read_header_blocks(*envelope, arena);
  REQUIRE(blocks);
  CHECK(to_json(*blocks) == R"({"Token":{"@mustUnderstand":"1","#text":"t"},"Trace":["1","2"]})");

  Node token = object(
      arena, {{"@xmlns", Node::string("urn:wsse")},
              {"@xmlns:u", Node::string("urn:u")},
              {"@mustUnderstand", Node::boolean(true)},
              {"@u:Id", Node::string("a\"b")},
              {"UsernameToken", object(arena, {{"Username", Node::string("busway")}, {"u:Created", Node::string("now")}})}});
  std::string out;
  REQUIRE(write_header_blocks(Version::v1_1, "urn:own", object(arena, {{"Security", token}, {"Trace", Node::number_text("7")}}),
                              out));
  CHECK(out ==
        "<soap:Header><Security xmlns=\"urn:wsse\" xmlns:u=\"urn:u\" soap:mustUnderstand=\"1\" u:Id=\"a&quot;b\"><UsernameToken>"
        "<Username>busway</Username><u:Created>now</u:Created></UsernameToken></Security><Trace "
        "xmlns=\"urn:own\">7</Trace></soap:Header>");
  out.clear();
  REQUIRE(write_header_blocks(
      Version::v1_2, "",
      object(arena, {{"T", object(arena, {{"@role", Node::string("urn:r")}, {"@mustUnderstand", Node::boolean(true)}})}}), out));
  CHECK(out == "<soap:Header><T soap:role=\"urn:r\" soap:mustUnderstand=\"true\"/></soap:Header>");
  out.clear();
  CHECK(write_header_blocks(Version::v1_1, "", Node::object({}), out));
  CHECK(out.empty());
  CHECK_FALSE(write_header_blocks(Version::v1_1, "", Node::string("x"), out));
  CHECK_FALSE(write_header_blocks(Version::v1_1, "", object(arena, {{"a b", Node::string("x")}}), out));
  CHECK_FALSE(write_header_blocks(Version::v1_1, "", object(arena, {{"p:a", Node::string("x")}}), out));
  CHECK_FALSE(write_header_blocks(Version::v1_1, "",
                                  object(arena, {{"a", object(arena, {{"@xmlns:soap", Node::string("urn:x")}})}}), out));
}

TEST_CASE("headers that must be understood") {
  struct Row {
    Version version;
    std::string_view block;
    std::vector<std::string> understood;
    bool met;
  };
  const Row rows[] = {
      {Version::v1_1, "<x:T xmlns:x='urn:x' e:mustUnderstand='1'/>", {}, false},
      {Version::v1_1, "<x:T xmlns:x='urn:x' e:mustUnderstand='1'/>", {"T"}, true},
      {Version::v1_1, "<x:T xmlns:x='urn:x' e:mustUnderstand='1'/>", {"{urn:x}T"}, true},
      {Version::v1_1, "<x:T xmlns:x='urn:x' e:mustUnderstand='1'/>", {"{urn:y}T"}, false},
      {Version::v1_1, "<x:T xmlns:x='urn:x' e:mustUnderstand='0'/>", {}, true},
      {Version::v1_1, "<x:T xmlns:x='urn:x'/>", {}, true},
      {Version::v1_1, "<x:T xmlns:x='urn:x' e:mustUnderstand='1' e:actor='urn:someone'/>", {}, true},
      {Version::v1_1,
       "<x:T xmlns:x='urn:x' e:mustUnderstand='1' e:actor='http://schemas.xmlsoap.org/soap/actor/next'/>",
       {},
       false},
      {Version::v1_2, "<x:T xmlns:x='urn:x' e:mustUnderstand='true'/>", {}, false},
      {Version::v1_2,
       "<x:T xmlns:x='urn:x' e:mustUnderstand='true' e:role='http://www.w3.org/2003/05/soap-envelope/role/none'/>",
       {},
       true},
      {Version::v1_2,
       "<x:T xmlns:x='urn:x' e:mustUnderstand='true' e:role='http://www.w3.org/2003/05/soap-envelope/role/ultimateReceiver'/>",
       {},
       false},
  };
  for (const Row& row : rows) {
    CAPTURE(row.block);
    Arena arena;
    Version version = row.version;
    std::string bytes = envelope_of(version, "<a/>", row.block);
    auto envelope = read_envelope(bytes, {}, arena, version);
    REQUIRE(envelope);
    CHECK((find_not_understood(*envelope, row.understood) == nullptr) == row.met);
  }
  CHECK(refused(envelope_of(Version::v1_2, "<a/>", "<x:T xmlns:x='urn:x' e:mustUnderstand='yes'/>")));
}
