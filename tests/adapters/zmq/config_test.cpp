#include <doctest/doctest.h>

#include "adapters/zmq/adapter.hpp"
#include "adapters/zmq/listener.hpp"
#include "adapters/zmq/target.hpp"
#include "tests/fakes/fake_route.hpp"
#include "tests/transforms/formats/made_format.hpp"
#include "transforms/formats/builtin.hpp"

namespace busway::zmq {
namespace {

using Entries = std::vector<std::pair<std::string, std::string>>;

// `made`, or the ids of the findings. A value in brackets is a list.
template <class Made, class Context>
std::string made(const Role<Made, Context>& role, const Entries& settings) {
  ConfigNode node = config_map({});
  for (const auto& [key, value] : settings) {
    ConfigNode one = config_scalar(
        value, value.find_first_not_of("0123456789") == std::string::npos ? ConfigNode::Kind::number : ConfigNode::Kind::string);
    if (value.starts_with('[')) {
      std::vector<ConfigNode> items;
      std::string rest = value.substr(1, value.size() - 2);
      while (!rest.empty()) {
        std::size_t end = std::min(rest.find(','), rest.size());
        items.push_back(config_scalar(rest.substr(0, end)));
        rest.erase(0, end + 1);
      }
      one = config_list(items);
    }
    ConfigNode added = config_map({{key, one}});
    node.entries.push_back(added.entries.front());
  }
  Findings findings;
  Registry registry;
  add_builtin_formats(registry);
  FakeFiles files;
  NoSecretsHere secrets;
  NoExpressionsHere expressions;
  CheckContext check{findings, registry, files, secrets, expressions};
  bool good = role.make(node, check, Context{}) != nullptr;
  std::string ids = good ? "made" : "";
  for (const Finding& finding : findings.all()) ids += (ids.empty() ? "" : " ") + finding.id;
  return ids;
}

std::string listener(const Entries& settings) {
  return made(zmq_adapter().listener, settings);
}
std::string service(const Entries& settings) {
  return made(zmq_adapter().target, settings);
}

TEST_CASE("listeners are made or refused with a reason") {
  CHECK(listener({{"socket", "rep"}, {"listen", "tcp://127.0.0.1:0"}}) == "made");
  CHECK(listener({{"socket", "rep"}, {"listen", "tcp://*:*"}}) == "made");
  CHECK(listener({{"socket", "rep"}, {"listen", "tcp://[::1]:7000"}}) == "made");
  CHECK(listener({{"socket", "pull"}, {"listen", "ipc:///tmp/x.sock"}}) == "made");
  CHECK(listener({{"socket", "sub"}, {"connect", "[tcp://feed:7000,tcp://feed2:7000]"}, {"topics", "[a,b]"}}) == "made");
  CHECK(listener({{"listen", "tcp://127.0.0.1:0"}}) == "BW1006");
  CHECK(listener({{"socket", "req"}, {"listen", "tcp://127.0.0.1:0"}}) == "BW1014");
  for (const char* wrong : {"127.0.0.1:7000", "inproc://x", "tcp://127.0.0.1", "tcp://127.0.0.1:70000", "tcp://a b:1", "ipc://",
                            "ipc://@x", "ipc://*", "udp://127.0.0.1:1"}) {
    CAPTURE(wrong);
    CHECK(listener({{"socket", "rep"}, {"listen", wrong}}) == "BW5201");
  }
  CHECK(listener({{"socket", "rep"}, {"listen", "ipc:///" + std::string(120, 'x')}}) == "BW5201");
  CHECK(listener({{"socket", "sub"}, {"connect", "[tcp://feed:0]"}}) == "BW5201");
  CHECK(listener({{"socket", "sub"}, {"connect", "[tcp://*:7000]"}}) == "BW5201");
  CHECK(listener({{"socket", "rep"}}) == "BW5202");
  CHECK(listener({{"socket", "rep"}, {"connect", "[tcp://a:1]"}}) == "BW5202");
  CHECK(listener({{"socket", "pull"}, {"listen", "tcp://127.0.0.1:0"}, {"connect", "[tcp://a:1]"}}) == "BW5202");
}

TEST_CASE("parts have names of their own") {
  Entries rep = {{"socket", "rep"}, {"listen", "tcp://127.0.0.1:0"}};
  auto with = [&](const char* key, const std::string& value) {
    Entries all = rep;
    all.emplace_back(key, value);
    return listener(all);
  };
  CHECK(with("parts", "[topic,body]") == "made");
  CHECK(with("parts", "[topic]") == "BW5203");
  CHECK(with("parts", "[body,body]") == "BW5203");
  CHECK(with("parts", "[a,A,body]") == "BW5203");
  CHECK(with("parts", "[content-length,body]") == "BW5203");
  CHECK(with("parts", "[a b,body]") == "BW5203");
  CHECK(with("answer_parts", "[state]") == "BW5203");
  std::string many = "[body";
  for (int i = 0; i < 32; ++i) many += ",p" + std::to_string(i);
  CHECK(with("parts", many + "]") == "BW5203");
}

TEST_CASE("settings of another kind of socket are refused") {
  Entries rep = {{"socket", "rep"}, {"listen", "tcp://127.0.0.1:0"}};
  Entries pull = {{"socket", "pull"}, {"listen", "tcp://127.0.0.1:0"}};
  auto with = [](Entries all, const char* key, const char* value) {
    all.emplace_back(key, value);
    return all;
  };
  CHECK(listener(with(rep, "topics", "[a]")) == "BW5204");
  CHECK(listener(with(rep, "envelope", "1")) == "BW5204");
  CHECK(listener(with(pull, "answer_parts", "[body]")) == "BW5204");
  CHECK(listener(with(pull, "requests_per_peer", "1")) == "BW5204");
  CHECK(listener({{"socket", "pull"}, {"connect", "[tcp://a:1]"}, {"max_connections", "1"}}) == "BW5204");
  Entries req = {{"socket", "req"}, {"endpoints", "[tcp://a:1]"}};
  CHECK(service(with(req, "when_full", "refuse")) == "BW5204");
  CHECK(service(with(req, "outstanding", "1")) == "BW5204");
  CHECK(service({{"socket", "push"}, {"endpoints", "[tcp://a:1]"}, {"waiting", "1"}}) == "BW5204");
  CHECK(service({{"socket", "pub"}, {"endpoints", "[tcp://a:1]"}, {"max_subscriptions", "1"}}) == "BW5204");
}

TEST_CASE("services are made or refused with a reason") {
  for (const char* kind : {"req", "dealer", "push", "pub"}) {
    CAPTURE(kind);
    CHECK(service({{"socket", kind}, {"endpoints", "[tcp://a:1,ipc:///tmp/x]"}}) == "made");
    CHECK(service({{"socket", kind}}) == "BW5202");
    CHECK(service({{"socket", kind}, {"endpoints", "[tcp://a:0]"}}) == "BW5201");
    CHECK(service({{"socket", kind}, {"endpoints", "[${env:WHERE}]"}}) == "made");
  }
  CHECK(service({{"socket", "pub"}, {"listen", "tcp://*:0"}}) == "made");
  CHECK(service({{"socket", "req"}, {"listen", "tcp://*:0"}}) == "BW5202");
  CHECK(service({{"socket", "pub"}, {"listen", "tcp://*:0"}, {"endpoints", "[tcp://a:1]"}}) == "BW5202");
}

TEST_CASE("a route that nobody waits for has no error record") {
  Findings findings;
  Registry registry;
  add_builtin_formats(registry);
  FakeFiles files;
  NoSecretsHere secrets;
  NoExpressionsHere expressions;
  CheckContext check{findings, registry, files, secrets, expressions};
  ConfigNode pull = config_map({{"socket", config_scalar("pull")}, {"listen", config_scalar("tcp://127.0.0.1:0")}});
  auto made_listener = zmq_adapter().listener.make(pull, check, {});
  REQUIRE(made_listener != nullptr);
  fakes::FakeRoute route([](Exchange&) {});
  InletContext context;
  context.route = &route;
  context.format = registry.plain_format("bytes");
  CHECK(made_listener->attach(std::make_unique<ZmqInlet>(InletConfig{}, Position{}, context), check));
  CHECK_FALSE(made_listener->attach(std::make_unique<ZmqInlet>(InletConfig{}, Position{}, context), check));
  REQUIRE(findings.all().size() == 1);
  CHECK(findings.all()[0].id == "BW5023");
}

}  // namespace
}  // namespace busway::zmq
