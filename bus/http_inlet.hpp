#pragma once

#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "bus/listener.hpp"

namespace busway {

// What an HTTP listener hands to the inlet that matched, and gets its answer from. Adapters whose protocol rides on HTTP (soap)
// implement HttpInlet and attach to http listeners; nothing else of the http adapter is their business.

struct HttpMatch {
  std::vector<std::string> methods;                          // empty: any
  std::string path;                                          // template: "/orders/{id}", "/files/{rest*}"
  std::vector<std::pair<std::string, std::string>> headers;  // conditions: name, exact value ("*": present)
  std::vector<std::pair<std::string, std::string>> query;
};

struct HttpReply {
  explicit HttpReply(Arena& arena) : headers(arena) {}
  int status = 200;
  Headers headers;                // end-to-end ones; framing is the listener's
  std::string_view content_type;  // empty: none is sent
  std::string_view body;
  bool close = false;
};

class HttpInlet : public Inlet {
 public:
  virtual const HttpMatch& match() const = 0;
  virtual std::uint64_t max_body() const = 0;
  // Serves one request: exchange.origin and exchange.message() (headers, body bytes, content type) are set, exchange.deadline
  // too. `same_place` are all inlets attached with the same path, methods and conditions, this one first: only adapters that
  // allow it (shares_place) see more than one.
  virtual Task<void> serve(Exchange& exchange, std::span<const HttpInlet* const> same_place, HttpReply& reply) const = 0;
  // Which bodies nothing of the route reads, so that they may pass while they arrive: a request's is then Exchange::request_rest
  // behind the first bytes of the message, an answer's answer_rest.
  struct Passing {
    bool request = false;
    bool answer = false;
  };
  virtual Passing passing() const { return {}; }
  // Adds what each request reads of it and of its route.
  virtual void leave(Footprint& footprint) const { route().leave(footprint); }
  virtual bool shares_place() const { return false; }
  // Of two inlets that share a place: whether they match the same messages as well, so that the second would never serve.
  virtual bool clashes(const HttpInlet&) const { return false; }
  // A refusal made before any inlet's route ran (413, 400 in the body, overload), in this inlet's protocol.
  virtual void refuse(Exchange& exchange, const Failure& failure, HttpReply& reply) const = 0;
  // `busway test` (see Listener::simulate): the request's headers and body bytes for this inlet's protocol.
  virtual Result<void> write_test_request(const TestRequest& request, Arena& arena, std::string& method,
                                          std::vector<std::pair<std::string, std::string>>& headers, std::string& body) const = 0;
  virtual Result<Node> read_test_reply(const HttpReply& reply, Arena& arena) const = 0;
};

}  // namespace busway
