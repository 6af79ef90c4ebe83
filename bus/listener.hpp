#pragma once

#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "bus/check_context.hpp"
#include "bus/exchange.hpp"
#include "bus/field.hpp"
#include "bus/format.hpp"
#include "bus/message_contract.hpp"
#include "bus/route.hpp"

namespace busway {

// A route's `from:` as its adapter has read it: what it matches and how it reads and answers. Immutable after the check.
class Inlet {
 public:
  virtual ~Inlet() = default;
  virtual std::string_view protocol() const = 0;
  virtual const Route& route() const = 0;
  // Takes connections whole and carries their bytes to the service that the route proxies: no message is made of them.
  virtual bool streams() const { return false; }
  // What it takes and is bound to answer, as far as a contract of the bundle tells.
  virtual ExchangeContract contract() const { return {}; }
  // Of the `from` key, for findings.
  virtual const Position& at() const = 0;
};

// The declared format of `from:` or the listener may be null; `route` outlives the inlet.
struct InletContext {
  const Route* route = nullptr;
  FormatPtr format;
  ExpressionRef error;  // `error:`
  ByteSize max_body{10 * 1024 * 1024};
};

// What `busway test` sends in, and gets back. Bytes go through the real codecs; no socket is involved.
struct TestRequest {
  ConfigNode send;   // the whole `send:` mapping
  std::string main;  // value of the adapter's key: "POST /orders"
  std::vector<std::pair<std::string, std::string>> headers;
  std::optional<std::string> bytes;  // `file:`, `hex:`
  std::optional<Node> body;          // `body:`, written by the inlet's own format
};
struct TestReply {
  int status = 0;  // 0 where the protocol has none
  std::vector<std::pair<std::string, std::string>> headers;
  std::string bytes;
  Node body;  // read back by the reply's format; nothing when empty; a string when it is no document. Lives in the given arena.
  std::string note;                // "connection closed", ...
  std::string route;               // that took it; empty when none matched
  std::optional<Failure> failure;  // what no handler took
};

// A named place where a source's adapter listens, with the inlets of the routes on it. Four phases: made and attached during the
// check; open() binds; serve() runs it on each worker; stop() and the end of its tasks drain it.
class Listener {
 public:
  virtual ~Listener() = default;
  virtual std::string_view adapter() const = 0;
  // Check: takes a route's inlet. Two that match alike are a finding at the second; an inlet of a foreign adapter is one too.
  virtual bool attach(std::unique_ptr<Inlet> inlet, CheckContext& check) = 0;
  // After the last attach.
  virtual void seal() {}

  virtual Result<void> open(int workers) = 0;
  // "127.0.0.1:8080": the bound address; after open().
  virtual std::string address() const = 0;
  // On each worker's thread: spawns what accepts and serves, and returns.
  virtual void serve(Worker& worker) = 0;
  // On each worker's thread: accepts no more, ends idle connections; exchanges in flight go on.
  virtual void stop(Worker& worker) = 0;
  // Connections still open on this worker.
  virtual std::size_t connections(const Worker& worker) const = 0;

  virtual Task<Result<TestReply>> simulate(Worker& worker, const TestRequest& request, Arena& arena) = 0;
};

struct ListenerContext {
  std::string name;
};

}  // namespace busway
