#include "adapters/zmq/key_judge.hpp"
#include "adapters/zmq/target.hpp"

namespace busway::zmq {

Fields<ServiceConfig> service_fields() {
  using Kind = ServiceConfig::Kind;
  return {
      {"socket", &ServiceConfig::socket,
       "`req`: asks REP or ROUTER sockets, one request at a time of each worker. `dealer`: the same, many at once. `push`: sends "
       "to PULL sockets. `pub`: publishes to SUB sockets.",
       one_of<Kind>({{"req", Kind::req}, {"dealer", Kind::dealer}, {"push", Kind::push}, {"pub", Kind::pub}}), required()},
      {"endpoints", &ServiceConfig::endpoints, "Where the service listens: tcp://HOST:PORT or ipc://PATH each."},
      {"listen", &ServiceConfig::listen, "For `push` and `pub`, in place of `endpoints`: where the others connect."},
      {"parts", &ServiceConfig::parts,
       "What the frames of a message are, in order: one is `body`, every other name is a header; left out: the body alone. Of "
       "`pub`, the first is the topic."},
      {"answer_parts", &ServiceConfig::answer_parts, "What the frames of an answer are; left out: as `parts`."},
      {"max_message", &ServiceConfig::max_message, "Bytes of all frames of a message, either way.", at_least(ByteSize{1}),
       at_most(ByteSize{1 << 30})},
      {"outstanding", &ServiceConfig::outstanding, "For `dealer`: calls of one worker to one endpoint that wait for an answer.",
       at_least(1), at_most(100'000)},
      {"waiting", &ServiceConfig::waiting, "Calls of one worker to one endpoint that may wait for their turn.", at_least(0),
       at_most(1'000'000)},
      {"queue", &ServiceConfig::queue, "Messages that ZeroMQ may hold of each connection and way (its high-water mark).",
       at_least(1), at_most(1'000'000)},
      {"when_full", &ServiceConfig::when_full,
       "For `push` and `pub`, when a queue is full: `block` waits until the call's time is up, `refuse` fails the call at once, "
       "`drop_counted` drops the message and says so in the log.",
       one_of<WhenFull>({{"block", WhenFull::block}, {"refuse", WhenFull::refuse}, {"drop_counted", WhenFull::drop_counted}})},
      {"max_connections", &ServiceConfig::max_connections, "With `listen`: connections at once; more are closed as they come.",
       at_least(1), at_most(100'000)},
      {"max_subscriptions", &ServiceConfig::max_subscriptions,
       "For `pub` with `listen`: topics of one subscriber; who asks for more is cut off.", at_least(1), at_most(1'000'000)},
      {"curve", &ServiceConfig::curve, "Encrypts and tells who is who, by CurveZMQ.", curve_fields()},
  };
}

std::unique_ptr<Target> make_target(ServiceConfig config, const ConfigNode& node, CheckContext& check,
                                    const TargetContext& context) {
  using Kind = ServiceConfig::Kind;
  KeyJudge judge(node, check);
  bool listens = !config.listen.empty();
  if (listens == !config.endpoints.empty()) {
    judge.refuse("BW5202", "endpoints",
                 listens ? "the socket listens or connects: 'listen' and 'endpoints' cannot stand together"
                         : "the socket has no address; give it 'endpoints', or 'listen' where others connect");
  } else if (listens && config.answered()) {
    judge.refuse("BW5202", "listen", "a socket that asks connects: give it 'endpoints'; 'listen' is for push and pub");
  }
  judge.only_for("outstanding", config.socket == Kind::dealer, "dealer");
  judge.only_for("waiting", config.answered(), "req and dealer");
  judge.only_for("answer_parts", config.answered(), "req and dealer");
  judge.only_for("when_full", !config.answered(), "push and pub");
  judge.only_for("max_connections", listens, "sockets that listen");
  judge.only_for("max_subscriptions", listens && config.socket == Kind::pub, "a pub that listens");

  std::vector<ZmqAddress> addresses;
  std::vector<Endpoint> endpoints;
  const ConfigNode::Entry* entry = node.find("endpoints");
  std::vector<std::string> texts = listens ? std::vector{config.listen} : config.endpoints;
  for (std::size_t i = 0; i < texts.size(); ++i) {
    bool listed = !listens && entry != nullptr && i < entry->value.items.size();
    Position at = listed ? entry->value.items[i].at : node.place_under(listens ? "listen" : "endpoints");
    auto address = check_address(texts[i], listens ? AddressUse::listen : AddressUse::connect, at, check);
    if (!address) {
      judge.good = false;
      continue;
    }
    endpoints.push_back({.text = texts[i],
                         .host_port = address->host_port.value_or(HostPort{}),
                         .secure = config.curve.has_value(),
                         .path = "",
                         .at = at});
    addresses.push_back(std::move(*address));
  }
  auto parts = Parts::read(config.parts, "parts", node, check);
  auto answers = node.find("answer_parts") == nullptr ? parts : Parts::read(config.answer_parts, "answer_parts", node, check);
  if (config.curve && !check_curve(*config.curve, listens, node, check)) judge.good = false;
  if (!judge.good || !parts || !answers) return nullptr;
  return std::make_unique<ZmqTarget>(context.service, std::move(config), std::move(addresses), std::move(endpoints),
                                     std::move(*parts), std::move(*answers));
}

}  // namespace busway::zmq
