#include "adapters/http/routing.hpp"

#include <doctest/doctest.h>

#include "adapters/http/inlet.hpp"
#include "bus/json_text.hpp"
#include "tests/adapters/http/parts.hpp"

using namespace busway;
using namespace busway::http;
using namespace http_test;

namespace {

struct Table {
  RoutingTable routes;
  Findings findings;
  std::vector<std::unique_ptr<FixedRoute>> targets;

  bool add(const std::string& from, std::vector<std::pair<std::string, std::string>> headers = {},
           std::vector<std::pair<std::string, std::string>> query = {}) {
    targets.push_back(std::make_unique<FixedRoute>(from));
    auto match = read_match(from);
    REQUIRE(match);
    match->headers = std::move(headers);
    match->query = std::move(query);
    return routes.add(std::make_unique<RouteInlet>(*match, *targets.back(), RouteInlet::Formats{}, 100, Position{nullptr, 1, 1}),
                      findings);
  }

  // The name of the route, or the status of the refusal; template values as JSON behind it.
  std::string ask(std::string_view method, std::string_view target, std::vector<FieldLine> fields = {}) {
    RoutingTable::Found found;
    std::size_t question = target.find('?');
    std::string_view query = question == std::string_view::npos ? std::string_view() : target.substr(question + 1);
    Refusal refusal =
        routes.find({.method = method, .path = target.substr(0, question), .query = query, .fields = fields}, found);
    if (refusal) return std::to_string(refusal.status);
    if (found.inlets.empty()) return found.known_path ? "405" : "404";
    Arena arena;
    Node values = path_values(found, arena);
    return found.inlets.front()->route().name() + (values.is_nothing() ? "" : " " + to_json(values));
  }
};

}  // namespace

TEST_CASE("a literal goes before a name, a name before the rest") {
  Table table;
  for (const char* from :
       {"GET /", "GET /orders", "GET /orders/new", "GET /orders/{id}", "GET /orders/{id}/lines", "GET /orders/{rest*}",
        "POST /orders/{id}", "* /any", "GET /any", "GET /files/{path*}", "GET /{a}/x/{b}"}) {
    CHECK(table.add(from));
  }
  CHECK(table.ask("GET", "/") == "GET /");
  CHECK(table.ask("GET", "/orders") == "GET /orders");
  CHECK(table.ask("GET", "/orders/new") == "GET /orders/new");
  CHECK(table.ask("POST", "/orders/new") == "POST /orders/{id} {\"id\":\"new\"}");
  CHECK(table.ask("GET", "/orders/17") == "GET /orders/{id} {\"id\":\"17\"}");
  CHECK(table.ask("GET", "/orders/17/lines") == "GET /orders/{id}/lines {\"id\":\"17\"}");
  CHECK(table.ask("GET", "/orders/17/other/more") == "GET /orders/{rest*} {\"rest\":\"17/other/more\"}");
  CHECK(table.ask("GET", "/orders/") == "404");
  CHECK(table.ask("GET", "/files/a") == "GET /files/{path*} {\"path\":\"a\"}");
  CHECK(table.ask("GET", "/files") == "404");
  CHECK(table.ask("GET", "/p/x/q") == "GET /{a}/x/{b} {\"a\":\"p\",\"b\":\"q\"}");
  CHECK(table.ask("GET", "/any") == "GET /any");
  CHECK(table.ask("PUT", "/any") == "* /any");
  CHECK(table.ask("HEAD", "/orders/new") == "GET /orders/new");
  CHECK(table.ask("DELETE", "/orders/new") == "405");
  CHECK(table.routes.allowed("/orders/new") == "GET, HEAD, POST");
  CHECK(table.ask("GET", "/nowhere") == "404");
}

TEST_CASE("values are decoded, and no decoding changes which path it is") {
  Table table;
  CHECK(table.add("GET /caf%C3%A9/{name}"));
  CHECK(table.add("GET /files/{path*}"));
  CHECK(table.ask("GET", "/caf%c3%a9/J%C3%BCrgen%20B") == "GET /caf%C3%A9/{name} {\"name\":\"J\xc3\xbcrgen B\"}");
  CHECK(table.ask("GET", "/%63af%C3%A9/x") == "GET /caf%C3%A9/{name} {\"name\":\"x\"}");
  CHECK(table.ask("GET", "/caf%C3%A9/a%2Fb") == "GET /caf%C3%A9/{name} {\"name\":\"a/b\"}");
  CHECK(table.ask("GET", "/files/a%2Fb/c%20d") == "GET /files/{path*} {\"path\":\"a%2Fb/c d\"}");
  for (const char* path : {"/files/..", "/files/../x", "/./files/x", "/files/%2e%2E/x", "/files/.%2e", "/files/a%2f..%2fb",
                           "/files/%2e%2e%5cx", "/files/a%00b", "/.."}) {
    CHECK_MESSAGE(table.ask("GET", path) == "400", path);
  }
  CHECK(table.ask("GET", "/files/.hidden/...").starts_with("GET /files"));
}

TEST_CASE("routes with conditions go first, in file order") {
  Table table;
  CHECK(table.add("GET /a"));
  CHECK(table.add("GET /a", {{"X-Tenant", "north"}}));
  CHECK(table.add("GET /a", {{"X-Tenant", "*"}}));
  CHECK(table.add("GET /a", {}, {{"full", "1 2"}}));
  CHECK(table.add("GET /b", {{"X-Tenant", "north"}}));
  CHECK(table.ask("GET", "/a") == "GET /a");
  auto name_at = [&](std::size_t index, std::string_view target, std::vector<FieldLine> fields) {
    RoutingTable::Found found;
    std::size_t question = target.find('?');
    Refusal refusal = table.routes.find({.method = "GET",
                                         .path = target.substr(0, question),
                                         .query = question == std::string_view::npos ? "" : target.substr(question + 1),
                                         .fields = fields},
                                        found);
    REQUIRE_FALSE(refusal);
    return found.inlets.size() == 1 && &found.inlets.front()->route() == table.targets[index].get();
  };
  CHECK(name_at(1, "/a", {{.name = "x-tenant", .value = "north"}}));
  CHECK(name_at(2, "/a", {{.name = "x-tenant", .value = "south"}}));
  CHECK(name_at(3, "/a?x&full=1+2", {}));
  CHECK(name_at(0, "/a?full=1", {}));
  CHECK(table.ask("GET", "/b") == "404");
  CHECK(table.ask("PUT", "/b") == "405");
}

TEST_CASE("more methods than there are bits are told apart") {
  Table table;
  for (int i = 0; i < 70; ++i) CHECK(table.add("M" + std::to_string(i) + " /a"));
  CHECK(table.add("GET /a"));
  for (int i = 0; i < 70; ++i) CHECK(table.ask("M" + std::to_string(i), "/a") == "M" + std::to_string(i) + " /a");
  CHECK(table.ask("GET", "/a") == "GET /a");
  CHECK(table.ask("HEAD", "/a") == "GET /a");
  CHECK(table.ask("M70", "/a") == "405");
}

TEST_CASE("two that match alike are a finding at the second") {
  Table table;
  CHECK(table.add("GET /a/{x}"));
  CHECK_FALSE(table.add("GET /a/{y}"));
  REQUIRE(table.findings.all().size() == 1);
  CHECK(table.findings.all()[0].id == "BW5011");
  CHECK(table.add("POST /a/{x}"));
  CHECK(table.add("GET /a/{x}", {{"A", "1"}}));
  CHECK_FALSE(table.add("GET /a/{x}", {{"a", "1"}}));
}

TEST_CASE("templates that make no sense are refused") {
  for (const char* from : {"GET", "/a", "GET a", "get /a", "GET /{}", "GET /{a}/{a}", "GET /{a*}/b", "GET /x{a}", "GET /{a b}",
                           "GET /a/../b", "GET /a?b", "G@T /a", "GET /{1}"}) {
    CHECK_MESSAGE(!read_match(from), from);
  }
}

TEST_CASE("looking up does not slow down with the number of routes") {
  Table table;
  for (int i = 0; i < 20'000; ++i) CHECK(table.add("GET /r" + std::to_string(i) + "/{id}"));
  auto start = std::chrono::steady_clock::now();
  for (int i = 0; i < 20'000; ++i) {
    RoutingTable::Found found;
    std::string path = "/r" + std::to_string(i) + "/7";
    Refusal refusal = table.routes.find({.method = "GET", .path = path, .query = {}, .fields = {}}, found);
    CHECK((!refusal && found.inlets.size() == 1));
  }
  CHECK(std::chrono::steady_clock::now() - start < std::chrono::seconds(5));
}
