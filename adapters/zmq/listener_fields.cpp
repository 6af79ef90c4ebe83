#include "adapters/zmq/listener_fields.hpp"

#include "adapters/zmq/address.hpp"
#include "adapters/zmq/key_judge.hpp"
#include "adapters/zmq/parts.hpp"

namespace busway::zmq {

Fields<ListenerConfig> listener_fields() {
  using std::chrono::milliseconds;
  using Kind = ListenerConfig::Kind;
  return {
      {"socket", &ListenerConfig::socket,
       "`rep`: answers REQ sockets, a sender's requests one after the other. `router`: answers DEALER sockets, all requests at "
       "once. `pull`: takes from PUSH sockets. `sub`: takes what PUB sockets publish.",
       one_of<Kind>({{"rep", Kind::rep}, {"router", Kind::router}, {"pull", Kind::pull}, {"sub", Kind::sub}}), required()},
      {"listen", &ListenerConfig::listen, "Where the others connect: tcp://HOST:PORT or ipc://PATH; port 0 picks a free one."},
      {"connect", &ListenerConfig::connect, "Where others listen, in place of `listen`; for `pull` and `sub`."},
      {"parts", &ListenerConfig::parts,
       "What the frames of a message are, in order: one is `body`, every other name is a header; left out: the body alone."},
      {"answer_parts", &ListenerConfig::answer_parts, "What the frames of an answer are; left out: as `parts`."},
      {"envelope", &ListenerConfig::envelope,
       "For `router`: frames in front of each request that go back in front of its answer, such as its number.", at_least(0),
       at_most(16)},
      {"topics", &ListenerConfig::topics, "For `sub`: what the first frame begins with; left out: everything."},
      {"max_message", &ListenerConfig::max_message, "Bytes of all frames of a message.", at_least(ByteSize{1}),
       at_most(ByteSize{1 << 30})},
      {"max_connections", &ListenerConfig::max_connections, "Connections open at once; more are closed as they come.",
       at_least(1), at_most(100'000)},
      {"requests", &ListenerConfig::requests, "Messages at work at once; no more are read meanwhile.", at_least(1),
       at_most(100'000)},
      {"requests_per_peer", &ListenerConfig::requests_per_peer,
       "Requests of one sender that wait or are at work; more are answered with the failure `overload`.", at_least(1),
       at_most(100'000)},
      {"queue", &ListenerConfig::queue,
       "Messages that ZeroMQ may hold of each connection and way (its high-water mark); then it reads no more of it.",
       at_least(1), at_most(100'000)},
      {"transfer", &ListenerConfig::transfer, "A sender that reads no answer for this time is cut off.",
       at_least(milliseconds(1))},
      {"curve", &ListenerConfig::curve, "Encrypts and tells who is who, by CurveZMQ.", curve_fields()},
  };
}

bool check_listener(const ListenerConfig& config, const ConfigNode& node, CheckContext& check) {
  using Kind = ListenerConfig::Kind;
  KeyJudge judge(node, check);
  bool listens = !config.listen.empty();
  if (listens == !config.connect.empty()) {
    judge.refuse("BW5202", "connect",
                 listens ? "the socket listens or connects: 'listen' and 'connect' cannot stand together"
                         : "the socket has no address; give it 'listen', or 'connect' where the others listen");
  } else if (!listens && config.answers()) {
    judge.refuse("BW5202", "connect", "a socket that answers listens; 'connect' is for pull and sub");
  }
  if (listens && !check_address(config.listen, AddressUse::listen, node.place_under("listen"), check)) judge.good = false;
  for (const std::string& one : config.connect) {
    if (!check_address(one, AddressUse::connect, node.place_under("connect"), check)) judge.good = false;
  }
  judge.only_for("topics", config.socket == Kind::sub, "sub");
  judge.only_for("envelope", config.socket == Kind::router, "router");
  judge.only_for("answer_parts", config.answers(), "rep and router");
  judge.only_for("requests_per_peer", config.answers(), "rep and router");
  judge.only_for("transfer", config.answers(), "rep and router");
  judge.only_for("max_connections", listens, "sockets that listen");
  if (config.curve && !check_curve(*config.curve, listens, node, check)) judge.good = false;
  return judge.good;
}

}  // namespace busway::zmq
