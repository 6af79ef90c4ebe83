#include <doctest/doctest.h>

#include "bus/json_text.hpp"
#include "tests/adapters/soap/parts.hpp"
#include "tests/fakes/peer.hpp"

using namespace soap_test;

namespace {

std::unique_ptr<SoapTarget> target_at(std::uint16_t port, Version version = Version::v1_1, bool qualified = true) {
  TargetConfig config;
  config.name_space = "urn:crm:v1";
  config.version = version;
  config.qualified = qualified;
  config.soap_action = "urn:getCustomer";
  std::vector<Endpoint> endpoints{
      {.text = "crm", .host_port = {"127.0.0.1", port}, .secure = false, .path = "/axis/services/Crm", .at = {}}};
  auto target = std::make_unique<SoapTarget>(std::move(config), std::move(endpoints), std::make_unique<PlainBody>(qualified));
  auto opened = target->open(1);
  return opened ? std::move(target) : nullptr;
}

std::string http_answer(int status, std::string_view type, std::string_view body) {
  return "HTTP/1.1 " + std::to_string(status) + " X\r\nContent-Type: " + std::string(type) +
         "\r\nContent-Length: " + std::to_string(body.size()) + "\r\n\r\n" + std::string(body);
}

// Answers every request with `answer`, and keeps what it saw.
struct MadeService {
  explicit MadeService(std::string answer)
      : peer([this, answer = std::move(answer)](int fd) {
          while (true) {
            std::string request;
            while (!whole(request)) {
              std::string more = fakes::receive(fd, 1);
              if (more.empty()) return;
              request += more;
            }
            {
              std::lock_guard lock(mutex);
              seen = request;
            }
            if (!fakes::send_all(fd, answer)) return;
          }
        }) {}
  static bool whole(const std::string& request) {
    std::size_t end = request.find("\r\n\r\n");
    std::size_t length = request.find("Content-Length: ");
    return end != std::string::npos && length != std::string::npos &&
           request.size() >= end + 4 + std::stoul(request.substr(length + 16));
  }
  std::string last() {
    std::lock_guard lock(mutex);
    return seen;
  }
  std::mutex mutex;
  std::string seen;  // guarded by mutex
  fakes::Peer peer;
};

// "status document", "status fault CODE TEXT DETAIL", "status bytes", or "!kind".
std::string shown(Result<Answer>& answer, Arena& arena) {
  if (!answer) return "!" + std::string(name_of(answer.error().kind));
  std::string out = std::to_string(answer->status) + " ";
  if (answer->fault)
    return out + "fault " + answer->fault->code + " | " + answer->fault->text + " | " + to_json(answer->fault->detail);
  auto document = answer->message.document(arena);
  return out + (document ? to_json(*document) : std::string(answer->message.bytes()));
}

Task<std::string> call_once(Worker& worker, SoapTarget& target, const CallOptions& options) {
  Exchange exchange(worker);
  Outbound outbound(exchange.arena());
  outbound.operation = "getCustomer";
  outbound.document = object(exchange.arena(), {{"custNo", Node::string("0000004711")}});
  outbound.options = &options;
  outbound.headers.add("Authorization", "Basic x");
  auto answer = co_await target.call(exchange, outbound, target.endpoints()[0], worker.now() + std::chrono::seconds(5));
  std::string text = shown(answer, exchange.arena());
  co_return text;
}

std::string call(MadeService& service, Version version = Version::v1_1, const CallOptions& options = {}, bool qualified = true) {
  auto target = target_at(service.peer.port(), version, qualified);
  Worker worker;
  std::string out = fakes::run_task(worker, call_once(worker, *target, options));
  target->close(worker);
  return out;
}

}  // namespace

TEST_CASE("a 1.1 service with bare members, as an old CRM wants them") {
  MadeService service(
      http_answer(200, "text/xml; charset=ISO-8859-1",
                  "<?xml version='1.0' encoding='UTF-8'?>" +
                      envelope_of(Version::v1_1,
                                  "<ns1:getCustomerResponse xmlns:ns1='urn:crm:v1'><status>A</status><since>19990401</since>"
                                  "<credit>1250,00</credit><name>M\xfcller</name></ns1:getCustomerResponse>")));
  Arena arena;
  CallOptions options;
  Node token = object(arena, {{"Username", Node::string("busway")}, {"Password", Node::string("secret")}});
  Node security = object(arena, {{"@xmlns", Node::string("urn:wsse")}, {"UsernameToken", token}});
  options.soap_headers.expression = std::make_shared<FixedExpression>(object(arena, {{"Security", security}}));
  CHECK(call(service, Version::v1_1, options, false) ==
        "200 {\"status\":\"A\",\"since\":\"19990401\",\"credit\":\"1250,00\",\"name\":\"M\xc3\xbcller\"}");
  std::string seen = service.last();
  CHECK(seen.starts_with("POST /axis/services/Crm HTTP/1.1\r\n"));
  CHECK(seen.find("\r\nSOAPAction: \"urn:getCustomer\"\r\n") != std::string::npos);
  CHECK(seen.find("\r\nContent-Type: text/xml; charset=utf-8\r\n") != std::string::npos);
  CHECK(seen.find("\r\nAuthorization: Basic x\r\n") != std::string::npos);
  CHECK(seen.find("<soap:Header><Security "
                  "xmlns=\"urn:wsse\"><UsernameToken><Username>busway</Username><Password>secret</Password></UsernameToken>"
                  "</Security></soap:Header><soap:Body><n:getCustomer "
                  "xmlns:n=\"urn:crm:v1\"><custNo>0000004711</custNo></n:getCustomer></soap:Body>") != std::string::npos);
}

TEST_CASE("a 1.2 service gets its action with the content type") {
  MadeService service(http_answer(200, "application/soap+xml", envelope_of(Version::v1_2, "<r/>")));
  CHECK(call(service, Version::v1_2) == "200 {}");
  std::string seen = service.last();
  CHECK(seen.find("\r\nContent-Type: application/soap+xml; charset=utf-8; action=\"urn:getCustomer\"\r\n") != std::string::npos);
  CHECK(seen.find("SOAPAction") == std::string::npos);
  CHECK(seen.find("<n:custNo>0000004711</n:custNo>") != std::string::npos);
  CallOptions options;
  options.soap_action = "urn:other";
  CHECK(call(service, Version::v1_2, options) == "200 {}");
  CHECK(service.last().find("action=\"urn:other\"") != std::string::npos);
}

TEST_CASE("answers that say no, and answers that are none") {
  std::string fault =
      "<e:Fault><faultcode>e:Client.NotFound</faultcode><faultstring>Unknown</faultstring><detail><no>4711</no></detail></"
      "e:Fault>";
  struct Row {
    std::string answer;
    std::string_view shown;
  };
  const Row rows[] = {
      {http_answer(500, "text/xml", envelope_of(Version::v1_1, fault)), R"(500 fault Client.NotFound | Unknown | {"no":"4711"})"},
      {http_answer(200, "text/xml", envelope_of(Version::v1_1, fault)), R"(500 fault Client.NotFound | Unknown | {"no":"4711"})"},
      {http_answer(503, "text/html", "<h1>Busy"), "503 <h1>Busy"},
      {http_answer(404, "text/html", ""), "404 null"},
      {http_answer(200, "text/html", "<h1>Busy"), "!garbage"},
      {http_answer(200, "text/xml", "<a/>"), "!garbage"},
      {http_answer(200, "text/xml", envelope_of(Version::v1_1, "<a/><b/>")), "!garbage"},
      {http_answer(200, "text/xml", envelope_of(Version::v1_1, "")), "200 {}"},
      {http_answer(200, "application/soap+xml", envelope_of(Version::v1_2, "<a><b>1</b></a>")), R"(200 {"b":"1"})"},
      {http_answer(202, "text/xml", ""), "202 {}"},
      {"HTTP/1.1 204 X\r\n\r\n", "204 {}"},
      {"nonsense\r\n\r\n", "!garbage"},
  };
  for (const Row& row : rows) {
    CAPTURE(row.answer);
    MadeService service(row.answer);
    CHECK(call(service) == row.shown);
  }
}

TEST_CASE("nobody there is not_sent, and no descriptor is left behind") {
  std::size_t before = fakes::open_descriptors();
  {
    auto target = target_at(fakes::dead_port());
    Worker worker;
    CHECK(fakes::run_task(worker, call_once(worker, *target, {})) == "!not_sent");
    MadeService service(http_answer(200, "text/xml", envelope_of(Version::v1_1, "<a/>")));
    for (int i = 0; i < 20; ++i) call(service);
  }
  CHECK(fakes::open_descriptors() == before);
}

TEST_CASE("a simulated service sees and answers real envelopes") {
  Worker worker{0, Worker::ClockKind::manual};
  for (Version version : {Version::v1_1, Version::v1_2}) {
    auto target = target_at(1, version);
    Exchange exchange(worker);
    Arena& arena = exchange.arena();
    Outbound outbound(arena);
    outbound.operation = "getCustomer";
    outbound.document = object(arena, {{"no", Node::number_text("4711")}});
    auto request = target->simulate_request(exchange, outbound, target->endpoints()[0]);
    REQUIRE(request);
    CHECK(request->operation == "getCustomer");
    CHECK(request->path == "/axis/services/Crm");
    CHECK(to_json(request->body) == R"({"no":"4711"})");

    SimulatedReply reply;
    reply.body = object(arena, {{"status", Node::string("A")}, {"line", array(arena, {Node::string("1"), Node::string("2")})}});
    auto answer = target->simulate_answer(exchange, outbound, reply);
    CHECK(shown(answer, arena) == R"(200 {"status":"A","line":["1","2"]})");
    SimulatedReply no;
    no.fault = Fault{"Client.NotFound", "Unknown", object(arena, {{"no", Node::string("4711")}})};
    answer = target->simulate_answer(exchange, outbound, no);
    CHECK(shown(answer, arena) == (version == Version::v1_1 ? R"(500 fault Client.NotFound | Unknown | {"no":"4711"})"
                                                            : R"(400 fault Sender.NotFound | Unknown | {"no":"4711"})"));
    SimulatedReply bytes;
    bytes.bytes = "not an envelope";
    answer = target->simulate_answer(exchange, outbound, bytes);
    CHECK(shown(answer, arena) == "!garbage");
    bytes.status = 503;
    answer = target->simulate_answer(exchange, outbound, bytes);
    CHECK(shown(answer, arena) == "503 not an envelope");
  }
}

TEST_CASE("what XML cannot hold fails the mapping, before anything is sent") {
  Worker worker{0, Worker::ClockKind::manual};
  auto target = target_at(1);
  Exchange exchange(worker);
  Outbound outbound(exchange.arena());
  outbound.operation = "getCustomer";
  outbound.document = object(exchange.arena(), {{"a b", Node::string("1")}});
  auto request = target->simulate_request(exchange, outbound, target->endpoints()[0]);
  REQUIRE_FALSE(request);
  CHECK(request.error().kind == ErrorKind::mapping);
}

TEST_CASE("a caller's envelope passed through is written anew for the service") {
  Worker worker{0, Worker::ClockKind::manual};
  auto target = target_at(1);
  Exchange exchange(worker);
  exchange.origin.operation = "lookUp";
  std::string bytes = "<their envelope>";
  exchange.message().receive_document(object(exchange.arena(), {{"a", Node::string("1")}}), bytes, "text/xml", "soap",
                                      Side::caller);
  Outbound outbound(exchange.arena());
  outbound.pass_through = true;
  outbound.body = bytes;
  auto request = target->simulate_request(exchange, outbound, target->endpoints()[0]);
  REQUIRE(request);
  CHECK(request->operation == "lookUp");
  CHECK(to_json(request->body) == R"({"a":"1"})");
}

TEST_CASE("what a service and a call may say") {
  auto make = [](std::vector<std::pair<std::string, ConfigNode>> entries, Checking& checking) {
    return soap_adapter().target.make(config_map(std::move(entries)), checking.context, TargetContext{.service = "crm"});
  };
  Checking good;
  auto target =
      make({{"endpoints", config_list({config_scalar("http://127.0.0.1/crm")})}, {"namespace", config_scalar("urn:crm")}}, good);
  REQUIRE(target);
  CHECK(target->writes_documents());
  Checking wsdl;
  CHECK_FALSE(make({{"wsdl", config_scalar("crm.wsdl")}}, wsdl));
  CHECK(wsdl.ids() == std::vector{"BW1013"s});
  Checking none;
  CHECK_FALSE(make({{"endpoints", config_list({config_scalar("ftp://x")})}}, none));
  CHECK(none.ids().size() >= 1);
  Checking action;
  CHECK_FALSE(make({{"endpoints", config_scalar("http://127.0.0.1")},
                    {"namespace", config_scalar("urn:x")},
                    {"soap_action", config_scalar("a\"b")}},
                   action));
  CHECK(action.ids() == std::vector{"BW5030"s});

  Checking no_operation;
  CHECK_FALSE(target->read_call(config_map({}), no_operation.context));
  CHECK(no_operation.ids() == std::vector{"BW1006"s});
  Checking call;
  CHECK(target->read_call(config_map({{"operation", config_scalar("getCustomer")}}), call.context));
  Checking bad;
  CHECK_FALSE(target->read_call(config_map({{"operation", config_scalar("get customer")}}), bad.context));
  CHECK(bad.ids() == std::vector{"BW5030"s});
}
