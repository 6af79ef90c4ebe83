#pragma once

#include <string>
#include <string_view>

#include "adapters/http/body.hpp"
#include "adapters/http/buffer.hpp"
#include "adapters/http/head.hpp"
#include "adapters/http/routing.hpp"
#include "bus/exchange.hpp"
#include "bus/http_inlet.hpp"

namespace busway::http {

// The memory of one request on its way, without its socket: what arrived, the exchange made of it and the reply's head. A
// connection borrows one from its worker for as long as a request is in it, so an idle connection holds none.
//
// The order: input is filled, head.read(), then arrive(), match(), the body, serve() or refuse(), frame(); reset() at the end.
struct Trip {
  explicit Trip(Worker& worker) : exchange(worker) {}

  Exchange exchange;
  Buffer input;
  Buffer output;
  RequestHead head;
  RoutingTable::Found found;
  bool head_only = false;  // the reply has no body whatever it says

  // Fills the exchange's origin and headers from the head. `peer` outlives the trip.
  void arrive(std::string_view peer, bool secure);
  // Finds the inlets and starts the deadline; 404, 405 and unsafe paths are refused, the reply then tells what is allowed.
  Refusal match(const RoutingTable& routes, HttpReply& reply);
  std::uint64_t max_body() const { return found.inlets.front()->max_body(); }
  Task<> serve(std::string_view body, HttpReply& reply);
  // In the matched inlet's own protocol, else as problem+json.
  void refuse(const Refusal& refusal, HttpReply& reply);
  // Writes the reply's head to `output`. A reply that cannot be written becomes a 500. With an answer_rest the reply's body is
  // the beginning only; in_chunks() it goes out in chunks, of which the first one's size stands in `output` as well.
  void frame(HttpReply& reply, bool close);
  // Whether a reply that streams must say its end by closing the connection: it has no length, and the caller knows no chunks.
  bool ends_by_closing() const;
  bool in_chunks() const;
  // What follows `output` on the wire.
  std::string_view body_of(const HttpReply& reply) const;
  // Ends the trip; `consumed` bytes of the input were it, the rest stays.
  void reset(std::size_t consumed);
};

}  // namespace busway::http
