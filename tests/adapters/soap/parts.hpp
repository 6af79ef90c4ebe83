#pragma once

#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "adapters/soap/adapter.hpp"
#include "adapters/soap/envelope.hpp"
#include "adapters/soap/fault.hpp"
#include "adapters/soap/inlet.hpp"
#include "adapters/soap/target.hpp"
#include "tests/fakes/fake_route.hpp"
#include "tests/fakes/run_task.hpp"
#include "tests/transforms/formats/made_format.hpp"

namespace soap_test {

using namespace busway;
using namespace busway::soap;
using namespace std::string_literals;

// An object of members in order.
inline Node object(Arena& arena, std::vector<std::pair<std::string_view, Node>> members) {
  Collector<Member> out(arena);
  for (const auto& [key, value] : members) out.push({Node::string(key), value});
  return Node::object(out.items());
}
inline Node array(Arena& arena, const std::vector<Node>& items) {
  Collector<Node> out(arena);
  for (const Node& item : items) out.push(item);
  return Node::array(out.items());
}

inline std::string envelope_of(Version version, std::string_view body, std::string_view header = {}) {
  std::string out = "<e:Envelope xmlns:e=\"";
  out += envelope_namespace(version);
  out += "\">";
  if (!header.empty()) out.append("<e:Header>").append(header).append("</e:Header>");
  return out.append("<e:Body>").append(body).append("</e:Body></e:Envelope>");
}

// An expression that always gives the same document.
class FixedExpression final : public Expression {
 public:
  explicit FixedExpression(Node value) : value_(value) {}
  Result<Node> evaluate(Scope&, Arena&) const override { return value_; }
  bool reads_input() const override { return false; }
  const std::vector<std::string>& free_variables() const override { return none_; }

 private:
  Node value_;
  std::vector<std::string> none_;
};

// One file, whatever its name.
class OneFile final : public BundleFiles {
 public:
  explicit OneFile(std::string content) : content_(std::move(content)) {}
  Result<std::string> read(std::string_view, const Position&) const override { return content_; }
  std::string name_of(std::string_view path, const Position&) const override { return std::string(path); }
  std::optional<ConfigNode> read_yaml(std::string_view, const ConfigNode&, Findings&) const override { return std::nullopt; }

 private:
  std::string content_;
};

// The pieces a check needs.
struct Checking {
  explicit Checking(std::string file = "") : files(std::move(file)) {}
  Findings findings;
  Registry registry;
  OneFile files;
  NoSecretsHere secrets;
  NoExpressionsHere expressions;
  CheckContext context{findings, registry, files, secrets, expressions};

  std::vector<std::string> ids() const {
    std::vector<std::string> out;
    for (const Finding& finding : findings.all()) out.push_back(finding.id);
    return out;
  }
};

// Inlets at one place, and a request sent to them.
struct Place {
  Worker worker{0, Worker::ClockKind::manual};
  Exchange exchange{worker};
  HttpReply reply{exchange.arena()};
  std::vector<std::unique_ptr<fakes::FakeRoute>> routes;
  std::vector<std::unique_ptr<SoapInlet>> inlets;

  void add(InletConfig config, fakes::FakeRoute::Work work = [](Exchange&) {}, std::optional<WsdlFile> wsdl = std::nullopt) {
    routes.push_back(std::make_unique<fakes::FakeRoute>(std::move(work), config.operation));
    auto shape = std::make_unique<PlainBody>(config.qualified);
    SoapInlet::Place place{.route = routes.back().get(), .max_body = 1024 * 1024, .at = {}};
    config.soap = "/services/orders";
    inlets.push_back(std::make_unique<SoapInlet>(std::move(config), std::move(wsdl), std::move(shape), std::move(place)));
  }
  // Sends a POST; `action` is the SOAPAction.
  void post(std::string body, std::string_view type = "text/xml", std::string_view action = {}) {
    exchange.origin.method = "POST";
    if (!action.empty()) exchange.message().headers.add("SOAPAction", action);
    body_ = std::move(body);
    exchange.message().receive(body_, type, "http", nullptr, Side::caller);
    run();
  }
  void get(std::string_view query) {
    exchange.origin.method = "GET";
    exchange.origin.query = query;
    exchange.origin.path = "/services/orders";
    run();
  }
  // The Fault of the reply.
  Fault fault() {
    Version version = Version::v1_1;
    auto envelope = read_envelope(reply.body, {}, exchange.arena(), version);
    if (!envelope || !envelope->is_fault()) return {};
    answered = version;
    return read_fault(*envelope, PlainBody(true), exchange.arena()).value_or(Fault());
  }
  Version answered = Version::v1_1;

 private:
  void run() {
    std::vector<const HttpInlet*> all;
    for (const auto& inlet : inlets) all.push_back(inlet.get());
    bool done = false;
    worker.post([&] { worker.spawn(serve(all, done)); });
    worker.run_until([&] { return done; });
  }
  Task<> serve(const std::vector<const HttpInlet*>& all, bool& done) {
    co_await all.front()->serve(exchange, all, reply);
    done = true;
  }
  std::string body_;
};

}  // namespace soap_test
