// What one message costs in the formats alone, for callgrind: each stage is a function that is called once a round.
//
//     valgrind --tool=callgrind --callgrind-out-file=out build/release/tests/bench/bench_formats 200 10
//     callgrind_annotate --inclusive=yes out | grep stage_
//
// The arguments are the rounds and the lines of the order. The bodies are those of orders.py: its JSON order, the envelope made
// of it, the service's answer and the JSON made of that.
#include <charconv>
#include <cstdio>
#include <cstdlib>
#include <string>
#include <string_view>

#include "adapters/soap/body_shape.hpp"
#include "bus/assert.hpp"
#include "bus/registry.hpp"
#include "transforms/formats/json.hpp"

namespace {

using namespace busway;
using namespace busway::soap;

constexpr std::string_view space = "urn:shop:erp";

std::string order(int lines) {
  std::string text = R"({"customer": "ACME-0042", "currency": "EUR", "lines": [)";
  for (int n = 0; n < lines; ++n) {
    text += (n == 0 ? "" : ", ") + (R"({"sku": "A-)" + std::to_string(1000 + n)) + R"(", "qty": )" + std::to_string(n % 9 + 1) +
            R"(, "price": 19.95})";
  }
  return text + "]}";
}

std::string answer(int lines) {
  std::string text =
      R"(<?xml version="1.0" encoding="utf-8"?><soap:Envelope xmlns:soap="http://schemas.xmlsoap.org/soap/envelope/"><soap:Body>)"
      R"(<n:PlaceOrderResponse xmlns:n="urn:shop:erp"><n:OrderNumber>PO-2003-77</n:OrderNumber><n:Status>accepted</n:Status>)";
  for (int n = 0; n < lines; ++n) {
    text += "<n:Line><n:Sku>A-" + std::to_string(1000 + n) + "</n:Sku><n:Reserved>" + std::to_string(n % 9 + 1) +
            "</n:Reserved><n:Place>Hall 7, row " + std::to_string(n % 40) + "</n:Place></n:Line>";
  }
  return text + "</n:PlaceOrderResponse></soap:Body></soap:Envelope>";
}

// What the mappings of orders.py make, done by hand: names as constants, values borrowed.
Node request_of(const Node& order, Arena& arena) {
  Collector<Node> lines(arena);
  for (const Node& line : order.member("lines").items()) {
    auto* members = arena.array<Member>(3);
    members[0] = {Node::string("Sku"), line.member("sku")};
    members[1] = {Node::string("Quantity"), line.member("qty")};
    members[2] = {Node::string("UnitPrice"), line.member("price")};
    lines.push(Node::object({members, 3}));
  }
  auto* members = arena.array<Member>(3);
  members[0] = {Node::string("Customer"), order.member("customer")};
  members[1] = {Node::string("Currency"), order.member("currency")};
  members[2] = {Node::string("Line"), Node::array(lines.items())};
  return Node::object({members, 3});
}

Node reply_of(const Node& answer, Arena& arena) {
  Collector<Node> lines(arena);
  Node line_nodes = answer.member("Line");
  for (const Node& line : line_nodes.is_array() ? line_nodes.items() : std::span<const Node>()) {
    auto* members = arena.array<Member>(2);
    members[0] = {Node::string("sku"), line.member("Sku")};
    members[1] = {Node::string("reserved"), Node::number(std::atoi(std::string(line.member("Reserved").text()).c_str()))};
    lines.push(Node::object({members, 2}));
  }
  auto* members = arena.array<Member>(3);
  members[0] = {Node::string("id"), answer.member("OrderNumber")};
  members[1] = {Node::string("status"), answer.member("Status")};
  members[2] = {Node::string("lines"), Node::array(lines.items())};
  return Node::object({members, 3});
}

[[gnu::noinline]] Node stage_json_read(const Format& json, std::string_view text, Arena& arena) {
  auto read = json.read(text, arena);
  BUSWAY_ASSERT(read);
  return *read;
}
[[gnu::noinline]] void stage_json_write(const Format& json, const Node& document, std::string& out) {
  out.clear();
  BUSWAY_ASSERT(json.write(document, out));
}
[[gnu::noinline]] void stage_soap_write(const BodyShape& shape, const Node& document, std::string& out) {
  out.clear();
  begin_envelope(Version::v1_1, out);
  begin_body(out);
  BUSWAY_ASSERT(shape.write({"PlaceOrder", std::string(space)}, document, out));
  end_envelope(out);
}
[[gnu::noinline]] Envelope stage_soap_parse(std::string_view text, Arena& arena) {
  Version version = Version::v1_1;
  auto envelope = read_envelope(text, "utf-8", arena, version);
  BUSWAY_ASSERT(envelope && envelope->payload != nullptr && !envelope->is_fault());
  return *envelope;
}
[[gnu::noinline]] Node stage_soap_document(const BodyShape& shape, Envelope& envelope, Arena& arena) {
  auto document = shape.read(*envelope.payload, envelope.version, envelope.budget, arena);
  BUSWAY_ASSERT(document);
  return *document;
}

int number_of(const char* text, int otherwise) {
  int value = otherwise;
  std::from_chars(text, text + std::string_view(text).size(), value);
  return value;
}

}  // namespace

int main(int count, char** arguments) {
  int rounds = count > 1 ? number_of(arguments[1], 200) : 200;
  int lines = count > 2 ? number_of(arguments[2], 10) : 10;
  Registry registry;
  registry.add(json_format());
  FormatPtr json = registry.plain_format("json");
  PlainBody shape(true);
  std::string order_text = order(lines);
  std::string answer_text = answer(lines);
  Arena arena(1024 * 1024);
  std::string request;
  std::string reply;
  for (int round = 0; round < rounds; ++round) {
    arena.reset();
    stage_soap_write(shape, request_of(stage_json_read(*json, order_text, arena), arena), request);
    Envelope envelope = stage_soap_parse(answer_text, arena);
    stage_json_write(*json, reply_of(stage_soap_document(shape, envelope, arena), arena), reply);
  }
  std::printf("bytes: order %zu, envelope %zu, answer %zu, reply %zu\n", order_text.size(), request.size(), answer_text.size(),
              reply.size());
}
