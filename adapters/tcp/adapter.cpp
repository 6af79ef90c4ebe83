#include "adapters/tcp/adapter.hpp"

#include "adapters/tcp/inlet.hpp"
#include "adapters/tcp/listener.hpp"
#include "adapters/tcp/target.hpp"

namespace busway {

AdapterType tcp_adapter() {
  AdapterType type;
  type.name = "tcp";
  type.summary = "Exchanges messages in frames over plain TCP or TLS connections.";
  type.doc =
      "As a source it accepts connections and takes each frame as a message; the route's reply goes back as one frame. A "
      "connection's\n"
      "frames are served one after the other, so answers come in the order of the requests. A failure, or a reply with a status "
      "of\n"
      "400 or more, is answered with the record that `error:` makes of `$failure`; without `error:` the connection is closed.\n"
      "\n"
      "As a target it sends a frame and waits for one frame, over kept connections with one outstanding request each. A service\n"
      "needs a `format:` as soon as documents are sent to it.\n"
      "\n"
      "`from: { tcp: stream }` makes no messages: each connection of the listener is carried to a tcp service byte by byte, "
      "both\n"
      "ways, ends and breaks passed on. Its route is one plain `call` and nothing else; neither side needs a `frame`.\n"
      "\n"
      "`frame:` says where a message ends: `{ length_prefix: 2 }`, `{ delimiter: crlf }`, `{ fixed_length: 80 }`, `stx_etx`, "
      "`mllp`\n"
      "(HL7) or `close` (one message a connection).";
  type.badge = {.acknowledges = "when the route has replied", .may_repeat = false, .keeps_order = true};
  type.listens_on = "tcp";
  type.listener = role(tcp::listener_fields(), tcp::make_listener);
  type.inlet = role(tcp::inlet_fields(), tcp::make_inlet);
  type.target = role(tcp::service_fields(), tcp::make_target);
  type.no_use_for = {"deadline_header", "headers", "method", "operation", "path"};
  type.examples = {
      {"A raw relay",
       "listeners: { terminal: { tcp: { listen: 127.0.0.1:7003, idle: 30m } } }\n"
       "services: { mainframe: { tcp: { endpoints: [10.0.0.9:23] } } }\n"
       "routes: { terminal: { from: { tcp: stream, on: terminal }, steps: [ { call: mainframe } ] } }"},
      {"A listener for records behind a two-byte length",
       "listeners: { till: { tcp: { listen: 127.0.0.1:7001, frame: { length_prefix: 2 } } } }"},
      {"A listener for lines", "listeners: { lines: { tcp: { listen: 127.0.0.1:7002, frame: { delimiter: crlf }, idle: 1m } } }"},
      {"HL7 over MLLP", "listeners: { ward: { tcp: { listen: 127.0.0.1:2575, frame: mllp, max_frame: 4MiB } } }"},
      {"A service with at most four connections",
       "services: { stock: { tcp: { endpoints: [10.0.0.9:7000], frame: { length_prefix: { bytes: 4, counts_itself: true } }, "
       "connections: 4 }, "
       "format: json, timeout: 2s } }"},
      {"A service that answers nothing",
       "services: { meter: { tcp: { endpoints: [10.0.0.9:7001], frame: stx_etx, one_way: true }, format: json } }"},
  };
  return type;
}

}  // namespace busway
