#include "adapters/zmq/adapter.hpp"

#include "adapters/zmq/inlet.hpp"
#include "adapters/zmq/listener.hpp"
#include "adapters/zmq/target.hpp"

namespace busway {

AdapterType zmq_adapter() {
  AdapterType type;
  type.name = "zmq";
  type.summary = "Exchanges messages with ZeroMQ sockets.";
  type.doc =
      "As a source it is the other end of REQ and DEALER sockets (`socket: rep`, `router`), which are answered, or of PUSH and "
      "PUB\n"
      "sockets (`pull`, `sub`), which are not. A failure, or a reply with a status of 400 or more, is answered with the record\n"
      "that `error:` makes of `$failure`; without `error:` with problem details in JSON.\n"
      "\n"
      "As a target it asks REP and ROUTER sockets (`req`, `dealer`), or sends to PULL and SUB sockets (`push`, `pub`); there a\n"
      "call is over when ZeroMQ has taken the message, and `when_full` says what happens when it cannot.\n"
      "\n"
      "`parts:` says what the frames of a message are: `[topic, body]` makes the first one the header `topic`.";
  type.badge = {.acknowledges = "when the route has replied; `pull` and `sub` never", .may_repeat = false, .keeps_order = false};
  type.listens_on = "zmq";
  type.listener = role(zmq::listener_fields(), zmq::make_listener);
  type.inlet = role(zmq::inlet_fields(), zmq::make_inlet);
  type.target = role(zmq::service_fields(), zmq::make_target);
  type.no_use_for = {"deadline_header", "method", "operation", "path"};
  type.examples = {
      {"A listener for REQ sockets",
       "listeners: { orders: { zmq: { socket: rep, listen: tcp://127.0.0.1:7005 }, format: json } }"},
      {"A listener for DEALER sockets that number their requests",
       "listeners: { orders: { zmq: { socket: router, listen: tcp://127.0.0.1:7005, envelope: 1 }, format: json } }"},
      {"Prices that others publish",
       "listeners: { prices: { zmq: { socket: sub, connect: [tcp://10.0.0.9:5556], topics: [EUR, USD], parts: [topic, body] }, "
       "format: json } }"},
      {"Jobs that others push", "listeners: { jobs: { zmq: { socket: pull, listen: ipc:///run/busway/jobs.sock } } }"},
      {"A service behind a REP socket",
       "services: { stock: { zmq: { socket: req, endpoints: [tcp://10.0.0.9:7005] }, format: json, timeout: 2s } }"},
      {"A service that publishes, and drops what nobody has room for",
       "services: { feed: { zmq: { socket: pub, listen: tcp://127.0.0.1:5556, parts: [topic, body], when_full: drop_counted }, "
       "format: json } }"},
      {"Encrypted, for callers that it knows",
       "listeners: { orders: { zmq: { socket: rep, listen: tcp://127.0.0.1:7005, curve: { secret_key: '${env:ZMQ_SECRET}', "
       "clients: ['Yne@$w-vo<fVvi]a<NY6T1ed:M$fCG*[IaLV{hID'] } } } }"},
  };
  return type;
}

}  // namespace busway
