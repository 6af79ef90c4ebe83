#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "bus/registry.hpp"

namespace busway::contract {

// A plugin that is a process is started by the bus, or by somebody else, and then it connects over TCP.
enum class Where : std::uint8_t { here, elsewhere };

// What the contract suite must know of an adapter to stand on both sides of it. To bring an adapter under the contract, write one
// of these beside the others and add it to protocols().
//
// The suite's bundle has one listener `front`, one service `peer` and the routes `echo` (answers with the text it got) and
// `forward` (calls the peer with it). Every message carries { "text": TEXT }, where TEXT is letters, digits, ':', '!' and '-'.
struct Protocol {
  std::string name;
  Where where = Where::here;

  // ---- YAML ----
  std::string listener;                                            // value of `front:`, on 127.0.0.1:0, messages up to 4 KiB
  std::function<std::string(const std::string& route)> from;       // value of `from:`, on front
  std::function<std::string(const std::string& address)> service;  // keys of `peer:`, one a line, indented by four
  std::string call;                                                // more keys of the call step, with a leading comma

  // ---- the caller's end ----
  std::function<void(int fd)> open;  // what a connection begins with, before the first request; may be left out
  std::function<std::string(const std::string& route, const std::string& text)> request;
  std::function<std::optional<std::string>(int fd)> read_reply;  // its text; nothing at the end of the stream
  std::function<bool(const std::string& bytes)> refuses;         // whether these are the answer to a message over the limit

  // ---- the service's end ----
  std::function<std::optional<std::string>(int fd)> read_request;  // its text
  std::function<std::string(const std::string& text)> answer;
  std::string garbage;  // a whole answer that the protocol or its format refuses
};

Protocol http_protocol();
Protocol soap_protocol();
Protocol tcp_protocol();
Protocol zmq_protocol();
// Of a plugin of plugins/examples: linetalk, a shared library, linepost, linedesk and linewire, processes in C++, Python and
// Node.
Protocol line_protocol(const std::string& name, Where where = Where::here);
std::vector<Protocol> protocols();

// The components that the suite's bundles are made of: what is built in, and the plugins of the one place.
const Registry& registry(Where where);

}  // namespace busway::contract
