#pragma once

#include <map>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "bus/check_context.hpp"
#include "bus/exchange.hpp"
#include "bus/format.hpp"
#include "bus/message_contract.hpp"
#include "bus/socket.hpp"

namespace busway {

// One place a service may be reached at.
struct Endpoint {
  std::string text;  // as written: "http://10.0.0.5/erp", "10.0.0.9:7000"
  HostPort host_port;
  bool secure = false;
  std::string path;  // of a URL; empty when it has none
  Position at;
};

// What one call sends. Borrows from the exchange.
struct Outbound {
  explicit Outbound(Arena& arena) : headers(arena) {}
  bool pass_through = false;  // method, end-to-end headers and target as the caller sent them
  std::string_view method;    // empty: the adapter's default
  std::string_view path;      // empty: the endpoint's; with query
  std::string_view operation;
  Headers headers;                // set by the route and the service
  std::string_view body;          // bytes, already in the service's format
  std::string_view content_type;  // of `body`
  Node document;                  // instead of `body` for a target that writes documents itself
  const void* options = nullptr;  // what Target::read_call made of the call step's extra keys
};

// A whole answer of a service.
struct Answer {
  explicit Answer(Arena& arena) : message(arena) {}
  int status = 0;  // HTTP's; 0 where the protocol has none
  Message message;
  std::optional<Fault> fault;  // SOAP: the answer is a Fault
  std::optional<int> retry_after_s;
  bool says_no() const { return status >= 400 || fault.has_value(); }
};

// The far end of a simulated call, for `busway test`: what the service would have read, seen through its own codec.
struct SimulatedRequest {
  std::string_view method;
  std::string_view path;
  std::string_view operation;
  Headers headers;
  Node body;  // as a document, when it parses
  std::string_view bytes;
};
struct SimulatedReply {
  std::optional<Node> body;          // a document, written by the service's own codec
  std::optional<std::string> bytes;  // or bytes
  int status = 0;
  std::vector<std::pair<std::string, std::string>> headers;
  std::optional<Fault> fault;
};

// For targets whose service reads and writes plain bodies. `format`: the service's, as the bus uses it; null when it has none.
// What the service reads in a request, as far as it is a document; nothing otherwise.
Node read_as_service(const Format* format, std::string_view bytes, Arena& arena);
// The body of its answer.
Result<void> write_as_service(const Format* format, const SimulatedReply& reply, std::string& out);

// The calling half of an adapter: one service, all workers. Per-worker state (pools) is the target's own, by worker.index(). A
// Service drives it: it picks the endpoint, bounds the time and retries.
class Target {
 public:
  virtual ~Target() = default;
  virtual std::string_view protocol() const = 0;  // "http"
  virtual const std::vector<Endpoint>& endpoints() const = 0;
  // Writes documents itself (an envelope): calls hand it Outbound::document and it needs no format.
  virtual bool writes_documents() const { return false; }
  // What documents become when the service names no format; null: a format must be named (a finding).
  virtual FormatPtr default_format() const = 0;
  // Why no call step may call it, in words for the user; empty when one may. A route that is one plain call to it may still stand
  // behind a source that carries bytes.
  virtual std::string_view why_not_called() const { return {}; }
  // The format of the service, from its `format:` key or default_format(); set once before open().
  virtual void use_format(FormatPtr format) = 0;
  // The extra keys of a call step (AdapterType::call). Null after findings.
  virtual std::shared_ptr<const void> read_call(const ConfigNode& call, CheckContext& check) const;
  // What a call with these options is bound to send and is answered with, as far as a contract of the bundle tells.
  virtual ExchangeContract contract(const void* options) const;
  // Whether one more attempt cannot do harm: GET, HEAD, PUT, DELETE, OPTIONS. A service's or call's `idempotent: true` comes on
  // top.
  virtual bool idempotent(Exchange& exchange, const Outbound& outbound) const = 0;

  // Phase `open`, before any worker runs: `workers` is how many will.
  virtual Result<void> open(int workers) = 0;
  // One attempt at one endpoint, over before `deadline`. Errors: kind not_sent, unknown or garbage (Error::text for developers).
  // May run partly on another worker, but returns on the exchange's own.
  virtual Task<Result<Answer>> call(Exchange& exchange, const Outbound& outbound, const Endpoint& endpoint,
                                    TimePoint deadline) = 0;
  // call() sends what stands behind a message's bytes (Exchange::request_rest), and where the exchange has a stream_rate it may
  // return an answer while it arrives.
  virtual bool streams_bodies() const { return false; }
  // On a worker's thread at the end of a drain: idle connections close.
  virtual void close(Worker& worker) = 0;

  // `busway test`: the bytes `call` would send, read back by the server's half of the codec.
  virtual Result<SimulatedRequest> simulate_request(Exchange& exchange, const Outbound& outbound, const Endpoint& endpoint) = 0;
  // ... and the bytes of the service's reply, read by the client's half.
  virtual Result<Answer> simulate_answer(Exchange& exchange, const Outbound& outbound, const SimulatedReply& reply) = 0;
};

struct TargetContext {
  std::string service;  // its name
};

}  // namespace busway
