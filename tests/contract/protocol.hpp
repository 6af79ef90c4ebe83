#pragma once

#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "bus/registry.hpp"

namespace busway::contract {

// What the contract suite must know of an adapter to stand on both sides of it. To bring an adapter under the contract, write one
// of these beside the others and add it to protocols().
//
// The suite's bundle has one listener `front`, one service `peer` and the routes `echo` (answers with the text it got) and
// `forward` (calls the peer with it). Every message carries { "text": TEXT }, where TEXT is letters, digits, ':', '!' and '-'.
struct Protocol {
  std::string name;

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
Protocol line_protocol(const std::string& name);  // of a plugin: linetalk, linepost or linedesk
std::vector<Protocol> protocols();

// The components that the suite's bundles are made of.
const Registry& registry();

}  // namespace busway::contract
