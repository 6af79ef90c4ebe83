#include "adapters/http/target.hpp"

#include <doctest/doctest.h>

#include "adapters/http/adapter.hpp"
#include "bus/json_text.hpp"
#include "tests/adapters/http/parts.hpp"

using namespace http_test;
using namespace busway::http;

namespace {

bool has(const std::string& text, std::string_view part) {
  return text.find(part) != std::string::npos;
}

struct CheckedService {
  explicit CheckedService(Checking& checking, const std::string& url) {
    TargetConfig config;
    config.endpoints = {url};
    auto endpoint = read_endpoint(url);
    REQUIRE(endpoint);
    target = std::make_unique<HttpTarget>(config, std::vector<Endpoint>{*endpoint}, checking.registry.plain_format("json"),
                                          checking.registry);
    target->use_format(target->default_format());
    REQUIRE(target->open(1));
  }
  std::unique_ptr<HttpTarget> target;
};

// A route of one call that passes everything through.
FixedRoute::Work proxy(HttpTarget& target) {
  return [&target](Exchange& exchange) -> Task<> {
    Outbound outbound(exchange.arena());
    outbound.pass_through = true;
    outbound.body = exchange.message().bytes();
    auto answer = co_await target.call(exchange, outbound, target.endpoints().front(), exchange.deadline);
    if (!answer) {
      exchange.fail(answer.error());
      exchange.ending = Exchange::Ending::failed;
      co_return;
    }
    exchange.message() = std::move(answer->message);
    exchange.answer_status = answer->status;
  };
}

ConfigNode scalar(const std::string& text) {
  ConfigNode node;
  node.kind = ConfigNode::Kind::string;
  node.text = text;
  return node;
}
ConfigNode map(std::vector<std::pair<std::string, ConfigNode>> entries) {
  ConfigNode node;
  node.kind = ConfigNode::Kind::map;
  for (auto& [key, value] : entries) node.entries.push_back({scalar(key), std::move(value)});
  return node;
}

}  // namespace

TEST_CASE("a proxy passes method, target, end-to-end fields and bytes") {
  Bed bed;
  Stand stand(bed.worker, [](std::size_t) {
    return Script{.until = "hello",
                  .answer =
                      "HTTP/1.1 418 Teapot\r\nContent-Type: text/x\r\nX-Answer: 1\r\nConnection: X-Gone\r\nX-Gone: "
                      "1\r\nSet-Cookie: a\r\nSet-Cookie: b\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n0\r\n\r\n"};
  });
  CheckedService service(bed.checking, "http://" + stand.at().text());
  bed.route("* /{rest*}", proxy(*service.target));
  bed.start();
  std::string request =
      "PUT /a/b?c=d HTTP/1.1\r\nHost: front.example\r\nX-Mine: 1\r\nX-Forwarded-For: 9.9.9.9\r\nConnection: keep-alive, "
      "X-Hop\r\nX-Hop: 1\r\nbusway-x: 1\r\nContent-Type: text/y\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n0\r\n\r\n";
  for (int i = 0; i < 3; ++i) {
    std::string got = bed.talk(request, replies(1));
    CHECK(got.starts_with("HTTP/1.1 418 \r\n"));
    CHECK(has(got, "X-Answer: 1\r\n"));
    CHECK(has(got, "Set-Cookie: a\r\nSet-Cookie: b\r\n"));
    CHECK(has(got, "Content-Type: text/x\r\n"));
    CHECK(has(got, "Content-Length: 3\r\n"));
    CHECK_FALSE(has(got, "X-Gone"));
    CHECK(got.ends_with("\r\n\r\nabc"));
  }
  REQUIRE(stand.seen.size() == 3);
  CHECK(stand.connections == 1);
  const std::string& seen = stand.seen.front();
  CHECK(seen.starts_with("PUT /a/b?c=d HTTP/1.1\r\nHost: " + stand.at().text() + "\r\n"));
  CHECK(has(seen, "X-Mine: 1\r\n"));
  CHECK(has(seen, "Content-Type: text/y\r\n"));
  CHECK(has(seen, "Forwarded: for=127.0.0.1;host=front.example;proto=http\r\n"));
  CHECK(has(seen, "X-Forwarded-For: 9.9.9.9, 127.0.0.1\r\n"));
  CHECK(has(seen, "X-Forwarded-Host: front.example\r\n"));
  CHECK(has(seen, "Content-Length: 5\r\n"));
  CHECK_FALSE(has(seen, "X-Hop"));
  CHECK_FALSE(has(seen, "busway"));
  CHECK(seen.ends_with("\r\n\r\nhello"));
  service.target->close(bed.worker);
}

TEST_CASE("a call that composes its request takes nothing from the caller") {
  Checking checking;
  Worker worker(0, Worker::ClockKind::manual);
  CheckedService service(checking, "http://10.0.0.7/audit?x=1");
  Exchange exchange(worker);
  exchange.message().headers.add("Cookie", "secret");
  Outbound outbound(exchange.arena());
  outbound.headers.add("Authorization", "Bearer x");
  outbound.body = "{\"a\":1}";
  outbound.content_type = "application/json";
  auto seen = service.target->simulate_request(exchange, outbound, service.target->endpoints().front());
  REQUIRE(seen);
  CHECK(seen->method == "POST");
  CHECK(seen->path == "/audit?x=1");
  CHECK(seen->headers.value("authorization") == "Bearer x");
  CHECK(seen->headers.find("cookie") == nullptr);
  CHECK(to_json(seen->body) == "{\"a\":1}");
  outbound.method = "PATCH";
  outbound.path = "/customers/J\xc3\xbcrgen B?q=\r\n";
  seen = service.target->simulate_request(exchange, outbound, service.target->endpoints().front());
  REQUIRE(seen);
  CHECK(seen->method == "PATCH");
  CHECK(seen->path == "/customers/J%C3%BCrgen%20B?q=%0D%0A");
  CHECK_FALSE(service.target->idempotent(exchange, outbound));
  outbound.method = "PUT";
  CHECK(service.target->idempotent(exchange, outbound));

  SimulatedReply reply;
  Member member{Node::string("code"), Node::number_text("1250.10")};
  reply.body = Node::object({&member, 1});
  reply.status = 429;
  reply.headers = {{"Retry-After", "7"}, {"X-A", "b"}};
  auto answer = service.target->simulate_answer(exchange, outbound, reply);
  REQUIRE(answer);
  CHECK(answer->status == 429);
  CHECK(answer->retry_after_s == 7);
  CHECK(answer->message.headers.value("x-a") == "b");
  CHECK(answer->message.content_type == "application/json");
  auto document = answer->message.document(exchange.arena());
  REQUIRE(document);
  CHECK(to_json(*document) == "{\"code\":1250.10}");
}

TEST_CASE("busway test sends through the real codec") {
  Bed bed;
  bed.route(
      "POST /orders/{id}",
      [](Exchange& exchange) -> Task<> {
        auto document = exchange.message().document(exchange.arena());
        REQUIRE(document);
        exchange.message().replace(*document);
        exchange.message().headers.set("X-Id", exchange.origin.path_values.member("id").text());
        exchange.reply_status = 201;
        co_return;
      },
      100);
  bed.start();
  Worker manual(0, Worker::ClockKind::manual);
  auto simulate = [&](TestRequest request, Arena& arena) {
    Result<TestReply> out = fail(ErrorKind::internal, "never ran");
    auto run = [](Bed& of, Worker& on, const TestRequest& what, Arena& in, Result<TestReply>& result) -> Task<> {
      result = co_await of.listener.simulate(on, what, in);
    };
    manual.spawn(run(bed, manual, request, arena, out));
    manual.run();
    return out;
  };
  Arena arena;
  TestRequest request;
  request.main = "POST /orders/a%20b";
  Member member{Node::string("n"), Node::number_text("20000000000000000001")};
  request.body = Node::object({&member, 1});
  auto reply = simulate(request, arena);
  REQUIRE_MESSAGE(reply.has_value(), (reply ? "" : reply.error().text));
  CHECK(reply->status == 201);
  CHECK(to_json(reply->body) == "{\"n\":20000000000000000001}");
  CHECK(reply->route == "POST /orders/{id}");
  bool id = false;
  for (const auto& [name, value] : reply->headers) id = id || (name == "X-Id" && value == "a b");
  CHECK(id);

  request.body.reset();
  request.bytes = std::string(101, 'x');
  CHECK(simulate(request, arena)->status == 413);
  request.main = "GET /orders/1";
  CHECK(simulate(request, arena)->status == 405);
  request.main = "POST /nowhere";
  CHECK(simulate(request, arena)->status == 404);
  request.main = "POST /orders/1";
  request.bytes.reset();
  request.headers = {{"X", "a\nb"}};
  CHECK_FALSE(simulate(request, arena));
}

TEST_CASE("the adapter reads its fields and names what is wrong") {
  Checking checking;
  AdapterType type = http_adapter();
  auto ids = [&] {
    std::string out;
    for (const Finding& finding : checking.findings.all()) out += finding.id + " ";
    checking.findings = {};
    return out;
  };
  CHECK(type.listener.make(map({{"listen", scalar("127.0.0.1:0")}}), checking.context(), {.name = "front"}) != nullptr);
  CHECK(type.listener.make(scalar("127.0.0.1:8080"), checking.context(), {.name = "front"}) != nullptr);
  CHECK(type.listener.make(map({{"listen", scalar("nowhere")}}), checking.context(), {.name = "front"}) == nullptr);
  CHECK(type.listener.make(map({{"listen", scalar("a:1")}, {"lisen", scalar("x")}}), checking.context(), {.name = "front"}) ==
        nullptr);
  CHECK(ids() == "BW5010 BW1004 ");
  FixedRoute route("r");
  InletContext context{.route = &route, .format = nullptr, .error = {}, .max_body = ByteSize{77}};
  auto inlet =
      type.inlet.make(map({{"http", scalar("POST /orders")}, {"query", map({{"a", scalar("1")}})}}), checking.context(), context);
  REQUIRE(inlet != nullptr);
  CHECK(static_cast<HttpInlet&>(*inlet).max_body() == 77);
  CHECK(static_cast<HttpInlet&>(*inlet).match().query.size() == 1);
  CHECK(type.inlet.make(map({{"http", scalar("POST orders")}}), checking.context(), context) == nullptr);
  CHECK(type.inlet.make(map({{"http", scalar("GET /")}, {"headers", map({{"a b", scalar("1")}})}}), checking.context(),
                        context) == nullptr);
  CHECK(ids() == "BW5012 BW5015 ");
  CHECK(type.target.make(scalar("http://10.0.0.5/erp"), checking.context(), {.service = "erp"}) != nullptr);
  CHECK(type.target.make(scalar("10.0.0.5/erp"), checking.context(), {.service = "erp"}) == nullptr);
  CHECK(ids() == "BW5013 ");
}
