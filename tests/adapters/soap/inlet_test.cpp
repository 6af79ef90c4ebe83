#include <doctest/doctest.h>

#include "bus/json_text.hpp"
#include "tests/adapters/soap/parts.hpp"
#include "tests/fakes/gzip.hpp"

using namespace soap_test;

namespace {

InletConfig operation(std::string name, std::string uri = "", std::vector<std::string> understands = {}) {
  InletConfig config;
  config.operation = std::move(name);
  config.name_space = std::move(uri);
  config.understands = std::move(understands);
  return config;
}

std::string order(Version version, std::string_view header = {}) {
  return envelope_of(version, "<o:PlaceOrder xmlns:o='urn:orders'><o:sku>A1</o:sku></o:PlaceOrder>", header);
}

const Node& answer_node(Exchange& exchange, const Node& node) {
  exchange.message().replace(node);
  return node;
}

}  // namespace

TEST_CASE("the body element chooses the operation, and the reply is wrapped like the request") {
  Place place;
  std::string seen;
  std::string operation_seen;
  place.add(operation("Cancel"));
  place.add(operation("PlaceOrder"), [&](Exchange& exchange) {
    seen = to_json(*exchange.message().document(exchange.arena()));
    operation_seen = exchange.origin.operation;
    answer_node(exchange, object(exchange.arena(), {{"number", Node::number_text("17")}}));
    exchange.message().headers.set("X-Trace", "1");
  });
  SUBCASE("1.1") {
    place.post(order(Version::v1_1), "text/xml; charset=utf-8", "\"\"");
    CHECK(place.reply.content_type == "text/xml; charset=utf-8");
    CHECK(place.reply.body ==
          "<?xml version=\"1.0\" encoding=\"UTF-8\"?><soap:Envelope "
          "xmlns:soap=\"http://schemas.xmlsoap.org/soap/envelope/\"><soap:Body>"
          "<n:PlaceOrderResponse "
          "xmlns:n=\"urn:orders\"><n:number>17</n:number></n:PlaceOrderResponse></soap:Body></soap:Envelope>");
  }
  SUBCASE("1.2") {
    place.post(order(Version::v1_2), "application/soap+xml");
    CHECK(place.reply.content_type == "application/soap+xml; charset=utf-8");
  }
  CHECK(place.reply.status == 200);
  CHECK(place.reply.headers.value("X-Trace") == "1");
  CHECK(seen == R"({"sku":"A1"})");
  CHECK(operation_seen == "PlaceOrder");
}

TEST_CASE("SOAPAction chooses where the body element does not") {
  Place place;
  place.add(operation("Cancel"));
  place.add(operation("PlaceOrder"));
  SUBCASE("a header field") {
    place.post(envelope_of(Version::v1_1, "<OrderRequest/>"), "text/xml", "\"urn:orders/PlaceOrder\"");
  }
  SUBCASE("a parameter") {
    place.post(envelope_of(Version::v1_2, "<OrderRequest/>"), "application/soap+xml; action=\"urn:orders#PlaceOrder\"");
  }
  SUBCASE("an empty Body") {
    place.post(envelope_of(Version::v1_1, ""), "text/xml", "PlaceOrder");
  }
  CHECK(place.reply.status == 200);
  CHECK(place.reply.body.find("PlaceOrderResponse") != std::string_view::npos);
}

TEST_CASE("a namespace narrows an operation") {
  Place place;
  std::string taken;
  place.add(operation("PlaceOrder"), [&](Exchange&) { taken = "any"; });
  place.add(operation("PlaceOrder", "urn:orders"), [&](Exchange&) { taken = "orders"; });
  SUBCASE("its own") {
    place.post(order(Version::v1_1));
    CHECK(taken == "orders");
  }
  SUBCASE("another") {
    place.post(envelope_of(Version::v1_1, "<PlaceOrder/>"));
    CHECK(taken == "any");
    CHECK(place.reply.body.find("<PlaceOrderResponse/>") != std::string_view::npos);
  }
  CHECK(place.inlets[0]->clashes(*place.inlets[0]));
  CHECK_FALSE(place.inlets[0]->clashes(*place.inlets[1]));
}

TEST_CASE("what is wrong with an envelope is a Fault before any route runs") {
  struct Row {
    std::string body;
    std::string_view type;
    int status;
    std::string_view code;
    Version version;
  };
  const Row rows[] = {
      {"not xml", "text/xml", 500, "Client", Version::v1_1},
      {"not xml", "application/soap+xml", 400, "Sender", Version::v1_2},
      {"", "text/xml", 500, "Client", Version::v1_1},
      {envelope_of(Version::v1_1, "<Other/>"), "text/xml", 500, "Client", Version::v1_1},
      {envelope_of(Version::v1_1, "<PlaceOrder/><b/>"), "text/xml", 500, "Client", Version::v1_1},
      {"<e:Envelope xmlns:e='urn:other'><e:Body/></e:Envelope>", "text/xml", 500, "VersionMismatch", Version::v1_1},
      {"<e:Envelope xmlns:e='urn:other'><e:Body/></e:Envelope>", "application/soap+xml", 500, "VersionMismatch", Version::v1_2},
      {order(Version::v1_1, "<x:T xmlns:x='urn:x' e:mustUnderstand='1'/>"), "text/xml", 500, "MustUnderstand", Version::v1_1},
      {order(Version::v1_2, "<x:T xmlns:x='urn:x' e:mustUnderstand='1'/>"), "application/soap+xml", 500, "MustUnderstand",
       Version::v1_2},
  };
  for (const Row& row : rows) {
    CAPTURE(row.body);
    Place place;
    bool ran = false;
    place.add(operation("PlaceOrder"), [&](Exchange&) { ran = true; });
    place.post(row.body, row.type);
    Fault fault = place.fault();
    CHECK(place.reply.status == row.status);
    CHECK(fault.code == row.code);
    CHECK(place.answered == row.version);
    CHECK_FALSE(ran);
    CHECK(place.exchange.ending == Exchange::Ending::failed);
    CHECK(place.reply.body.find(place.exchange.id()) != std::string_view::npos);
  }
}

TEST_CASE("1.2 says which header was not understood, and what it could be upgraded to") {
  Place place;
  place.add(operation("PlaceOrder"));
  SUBCASE("NotUnderstood") {
    place.post(order(Version::v1_2, "<x:T xmlns:x='urn:x' e:mustUnderstand='true'/>"), "application/soap+xml");
    CHECK(place.reply.body.find("<soap:Header><soap:NotUnderstood qname=\"q:T\" xmlns:q=\"urn:x\"/></soap:Header>") !=
          std::string_view::npos);
  }
  SUBCASE("Upgrade") {
    place.post("<e:Envelope xmlns:e='urn:other'><e:Body/></e:Envelope>", "application/soap+xml");
    CHECK(place.reply.body.find(
              "<soap:SupportedEnvelope qname=\"v:Envelope\" xmlns:v=\"http://schemas.xmlsoap.org/soap/envelope/\"/>") !=
          std::string_view::npos);
  }
}

TEST_CASE("a header that is declared understood reaches the route") {
  Place place;
  std::string seen;
  place.add(operation("PlaceOrder", "", {"T"}), [&](Exchange& exchange) { seen = to_json(exchange.origin.soap_headers); });
  place.post(order(Version::v1_1, "<x:T xmlns:x='urn:x' e:mustUnderstand='1'>token</x:T>"));
  CHECK(place.reply.status == 200);
  CHECK(seen == R"({"T":{"@mustUnderstand":"1","#text":"token"}})");
}

TEST_CASE("a route may take one version only") {
  Place place;
  InletConfig config = operation("PlaceOrder");
  config.version = Versions::v1_2;
  place.add(std::move(config));
  place.post(order(Version::v1_1));
  CHECK(place.fault().code == "VersionMismatch");
  CHECK(place.answered == Version::v1_2);
}

TEST_CASE("other bodies and methods") {
  Place place;
  place.add(operation("PlaceOrder"));
  SUBCASE("a body that is no XML by its own word") {
    place.post("{}", "application/json");
    CHECK(place.reply.status == 415);
  }
  SUBCASE("gzip") {
    place.exchange.message().headers.add("Content-Encoding", "gzip");
    place.post(fakes::gzip(order(Version::v1_1)));
    CHECK(place.reply.status == 200);
  }
  SUBCASE("a content coding that we do not have") {
    place.exchange.message().headers.add("Content-Encoding", "br");
    place.post(order(Version::v1_1));
    CHECK(place.reply.status == 415);
  }
  SUBCASE("a gzip stream that is none") {
    place.exchange.message().headers.add("Content-Encoding", "gzip");
    place.post(order(Version::v1_1));
    CHECK(place.fault().code == "Client");
  }
  SUBCASE("GET without ?wsdl") {
    place.get("");
    CHECK(place.reply.status == 405);
    CHECK(place.reply.headers.value("Allow") == "POST");
  }
  SUBCASE("no WSDL here") {
    place.get("wsdl");
    CHECK(place.reply.status == 404);
  }
}

TEST_CASE("a failure tells the caller its kind and id, and nothing of the inside") {
  struct Row {
    ErrorKind kind;
    int status;
    std::string_view code_1_1;
    std::string_view code_1_2;
    int status_1_2;
    std::string_view text;
  };
  const Row rows[] = {{ErrorKind::not_sent, 503, "Server", "Receiver", 500, "Service Unavailable"},
                      {ErrorKind::answered, 404, "Client", "Sender", 400, "Not Found"},
                      {ErrorKind::internal, 500, "Server", "Receiver", 500, "Internal Server Error"}};
  for (const Row& row : rows) {
    for (Version version : {Version::v1_1, Version::v1_2}) {
      Place place;
      place.add(operation("PlaceOrder"), [&](Exchange& exchange) {
        Failure failure;
        failure.kind = row.kind;
        failure.status = row.status;
        failure.message = "secret-host refused";
        failure.fault = Fault{"Server.Secret", "secret text", Node::string("secret detail")};
        failure.retry_after_s = 3;
        exchange.fail(std::move(failure));
        exchange.ending = Exchange::Ending::failed;
      });
      place.post(order(version), version == Version::v1_1 ? "text/xml" : "application/soap+xml");
      Fault fault = place.fault();
      CHECK(fault.code == (version == Version::v1_1 ? row.code_1_1 : row.code_1_2));
      CHECK(fault.text == row.text);
      CHECK(place.reply.status == (version == Version::v1_1 ? 500 : row.status_1_2));
      CHECK(fault.detail.member("error").member("kind").text() == name_of(row.kind));
      CHECK(fault.detail.member("error").member("id").text() == place.exchange.id());
      CHECK(place.reply.body.find("ecret") == std::string_view::npos);
      CHECK(place.reply.headers.value("Retry-After") == "3");
    }
  }
}

TEST_CASE("replies with a status >= 400 are Faults with the body as detail") {
  Place place;
  place.add(operation("PlaceOrder"), [&](Exchange& exchange) {
    answer_node(exchange, object(exchange.arena(), {{"error", Node::string("out of stock")}}));
    exchange.reply_status = 409;
  });
  place.post(order(Version::v1_2), "application/soap+xml");
  CHECK(place.reply.status == 400);
  Fault fault = place.fault();
  CHECK(fault.code == "Sender");
  CHECK(fault.text == "Conflict");
  CHECK(to_json(fault.detail) == R"({"error":"out of stock"})");
  CHECK(place.reply.body.find("<n:error xmlns:n=\"urn:orders\">out of stock</n:error>") != std::string_view::npos);
}

TEST_CASE("a service's own Fault that a proxy hands on keeps its code, text and detail") {
  Place place;
  std::string theirs = envelope_of(Version::v1_1,
                                   "<e:Fault><faultcode>e:Client.NotFound</faultcode><faultstring>No such order</faultstring>"
                                   "<detail><no>17</no></detail></e:Fault>");
  place.add(operation("PlaceOrder"), [&](Exchange& exchange) {
    Arena& arena = exchange.arena();
    exchange.message() = Message(arena);
    exchange.message().receive_document(object(arena, {{"faultcode", Node::string("x")}}), theirs, "text/xml", "soap",
                                        Side::service);
    exchange.answer_status = 500;
  });
  place.post(order(Version::v1_2), "application/soap+xml");
  Fault fault = place.fault();
  CHECK(fault.code == "Sender.NotFound");
  CHECK(fault.text == "No such order");
  CHECK(to_json(fault.detail) == R"({"no":"17"})");
  CHECK(place.reply.status == 400);
}

TEST_CASE("endings without an envelope, and replies XML cannot hold") {
  Place place;
  SUBCASE("filtered") {
    place.add(operation("PlaceOrder"), [](Exchange& exchange) { exchange.ending = Exchange::Ending::filtered; });
    place.post(order(Version::v1_1));
    CHECK(place.reply.status == 202);
    CHECK(place.reply.body.empty());
  }
  SUBCASE("one-way") {
    place.add(operation("PlaceOrder"), [](Exchange& exchange) {
      exchange.message().clear_body();
      exchange.reply_status = 202;
    });
    place.post(order(Version::v1_1));
    CHECK(place.reply.status == 202);
    CHECK(place.reply.body.empty());
  }
  SUBCASE("no body") {
    place.add(operation("PlaceOrder"), [](Exchange& exchange) { exchange.message().clear_body(); });
    place.post(order(Version::v1_1));
    CHECK(place.reply.status == 200);
    CHECK(place.reply.body.find("<n:PlaceOrderResponse xmlns:n=\"urn:orders\"/>") != std::string_view::npos);
  }
  SUBCASE("a name that is none") {
    place.add(operation("PlaceOrder"),
              [](Exchange& exchange) { answer_node(exchange, object(exchange.arena(), {{"not a name", Node::string("1")}})); });
    place.post(order(Version::v1_1));
    CHECK(place.fault().code == "Server");
    CHECK(place.exchange.failure()->kind == ErrorKind::mapping);
  }
  SUBCASE("a list") {
    place.add(operation("PlaceOrder"),
              [](Exchange& exchange) { answer_node(exchange, array(exchange.arena(), {Node::string("1")})); });
    place.post(order(Version::v1_1));
    CHECK(place.fault().code == "Server");
  }
}

TEST_CASE("the WSDL is served with the address it was asked at") {
  auto wsdl = WsdlFile::read(
      "<definitions xmlns='http://schemas.xmlsoap.org/wsdl/' xmlns:s='http://schemas.xmlsoap.org/wsdl/soap/' "
      "xmlns:h='http://schemas.xmlsoap.org/wsdl/http/'>"
      "<!-- <s:address location='comment'/> --><service name='S'><port name='A' binding='b'><s:address  location = "
      "'http://old/a>b' /></port>"
      "<port name='B' binding='b'><h:address location=\"http://other\"/></port></service></definitions>");
  REQUIRE(wsdl);
  Place place;
  place.add(operation("Cancel"));
  place.add(operation("PlaceOrder"), [](Exchange&) {}, std::move(*wsdl));
  place.exchange.origin.host = "bus.example:8443";
  place.exchange.origin.secure = true;
  place.get("WSDL");
  CHECK(place.reply.status == 200);
  CHECK(place.reply.content_type == "text/xml");
  CHECK(place.reply.body.find("<s:address location=\"https://bus.example:8443/services/orders\"/>") != std::string_view::npos);
  CHECK(place.reply.body.find("location=\"http://other\"") != std::string_view::npos);
  CHECK(place.reply.body.find("location='comment'") != std::string_view::npos);
  CHECK(WsdlFile::read("<definitions xmlns='http://schemas.xmlsoap.org/wsdl/' "
                       "xmlns:s='http://schemas.xmlsoap.org/wsdl/soap/'><s:address location='x'/></definitions>")
            ->served_at("http://a/'<&\"") ==
        "<definitions xmlns=\"http://schemas.xmlsoap.org/wsdl/\" xmlns:s=\"http://schemas.xmlsoap.org/wsdl/soap/\"><s:address "
        "location=\"http://a/'&lt;&amp;&quot;\"/></definitions>");
  CHECK_FALSE(WsdlFile::read("<a/>"));
  CHECK_FALSE(WsdlFile::read("nothing"));
}

TEST_CASE("what a from may say") {
  auto make = [](std::vector<std::pair<std::string, ConfigNode>> entries, Checking& checking) {
    fakes::FakeRoute route([](Exchange&) {});
    InletContext context;
    context.route = &route;
    return soap_adapter().inlet.make(config_map(std::move(entries)), checking.context, context);
  };
  Checking good;
  auto inlet = make({{"soap", config_scalar("/s")},
                     {"operation", config_scalar("Op")},
                     {"version", config_scalar("1.2", ConfigNode::Kind::number)}},
                    good);
  REQUIRE(inlet);
  CHECK(inlet->protocol() == "soap");
  Checking no_operation;
  CHECK_FALSE(make({{"soap", config_scalar("/s")}}, no_operation));
  CHECK(no_operation.ids() == std::vector{"BW1006"s});
  Checking bad;
  CHECK_FALSE(make({{"soap", config_scalar("s")}, {"operation", config_scalar("a b")}}, bad));
  CHECK(bad.ids() == std::vector{"BW5030"s, "BW5030"s});
  Checking no_wsdl("<a/>");
  CHECK_FALSE(
      make({{"soap", config_scalar("/s")}, {"operation", config_scalar("Op")}, {"wsdl_file", config_scalar("a.wsdl")}}, no_wsdl));
  CHECK(no_wsdl.ids() == std::vector{"BW5031"s});
}

TEST_CASE("a test's request and reply go through real envelopes") {
  Place place;
  place.add(operation("PlaceOrder", "urn:orders"));
  Arena arena;
  TestRequest request;
  request.send = config_map({});
  request.body = object(arena, {{"sku", Node::string("A1")}});
  std::string method;
  std::vector<std::pair<std::string, std::string>> headers;
  std::string body;
  REQUIRE(place.inlets[0]->write_test_request(request, arena, method, headers, body));
  CHECK(method == "POST");
  CHECK(headers ==
        std::vector<std::pair<std::string, std::string>>{{"Content-Type", "text/xml; charset=utf-8"}, {"SOAPAction", "\"\""}});
  place.post(body);
  auto reply = place.inlets[0]->read_test_reply(place.reply, arena);
  REQUIRE(reply);
  CHECK(to_json(*reply) == R"({"sku":"A1"})");

  headers.clear();
  body.clear();
  request.send = config_map(
      {{"operation", config_scalar("Cancel")}, {"namespace", config_scalar("urn:x")}, {"version", config_scalar("1.2")}});
  REQUIRE(place.inlets[0]->write_test_request(request, arena, method, headers, body));
  CHECK(headers == std::vector<std::pair<std::string, std::string>>{{"Content-Type", "application/soap+xml; charset=utf-8"}});
  CHECK(body.find("<n:Cancel xmlns:n=\"urn:x\">") != std::string::npos);
  request.send = config_map({{"qualified", config_scalar("false")}});
  CHECK_FALSE(place.inlets[0]->write_test_request(request, arena, method, headers, body));
}
