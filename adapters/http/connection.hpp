#pragma once

#include <atomic>
#include <chrono>
#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "adapters/http/admission.hpp"
#include "adapters/http/pace.hpp"
#include "adapters/http/trip.hpp"
#include "bus/socket.hpp"

namespace busway::http {

// What all connections of one listener share.
struct Serving {
  explicit Serving(Admission::Bounds bounds) : admission(bounds) {}
  RoutingTable routes;
  HeadLimits limits;
  std::chrono::milliseconds head_deadline{10'000};
  std::chrono::milliseconds idle{60'000};
  std::uint64_t body_rate = 1024;         // bytes a second that a sender or reader must keep up
  std::int64_t max_requests = INT64_MAX;  // of one connection
  std::int64_t max_in_flight = 0;         // requests being served at a time, on all workers; 0: no bound
  std::atomic<std::int64_t> in_flight{0};
  bool access_log = false;
  std::shared_ptr<const TlsContext> tls;
  Admission admission;
};

class Connection;

// One worker's connections of a listener, and the memory its requests travel in. Worker thread only.
struct Lane {
  Lane(Serving& shared, Worker& on) : serving(shared), worker(on) {}
  Serving& serving;
  Worker& worker;
  Connection* first = nullptr;
  std::size_t connections = 0;
  std::size_t refusing = 0;
  std::size_t held_back = 0;  // refusals that wait for their time
  bool stopping = false;
  std::vector<std::unique_ptr<Trip>> spare;

  std::unique_ptr<Trip> take();
  void give(std::unique_ptr<Trip> trip);
  // Ends idle connections; those in a request close behind its reply.
  void stop();
};

// One caller's connection: reads requests, serves them one after the other, writes the replies in order. Ends by itself: at a
// time limit, an error, "Connection: close" or the lane's stop.
class Connection {
 public:
  Connection(Lane& lane, Socket socket, const Address& peer, Admission::Place place);
  Connection(const Connection&) = delete;
  Connection& operator=(const Connection&) = delete;
  ~Connection();
  Task<> run();

 private:
  friend struct Lane;
  // True: trip_->input holds a whole head, or one that is refused (refusal_). False: the connection is over.
  Task<bool> read_head(TimePoint idle_until);
  // Serves the request in trip_ and writes its reply. False: the connection is over.
  Task<bool> serve_one();
  // Until whole or refused, or so large that it streams; a sender that is too slow is refused. False: the connection broke.
  Task<bool> read_body(BodyGatherer& body, bool streams, Pace& pace, Refusal& refusal);
  // Of a request that is one too many: lets the time pass before which its refusal would only bring the next one.
  Task<> hold_back();
  Task<bool> write(std::string_view head, std::string_view body);
  // Writes the head in trip_->output and a reply whose body is still on its way from a service; what stops it there resets the
  // caller's connection. `sent` counts all that went out.
  Task<bool> hand_on(std::string_view body, bool request_read, std::uint64_t& sent);
  // Lets a sender whose bytes we do not want read our reply before the connection is gone.
  Task<> linger();

  Lane& lane_;
  Admission::Place place_;
  Socket socket_;
  std::string peer_;
  std::unique_ptr<Trip> trip_;
  HeadScanner scanner_;
  Refusal refusal_;
  std::int64_t requests_ = 0;
  bool idle_ = false;
  Connection* previous_ = nullptr;
  Connection* next_ = nullptr;
};

// Serves `socket` until it ends. Over a bound of the listener it is answered 503 or 429 and closed: that costs a system call or
// two, and no coroutine once many are being turned away.
void admit(Lane& lane, Socket socket, const Address& peer);

}  // namespace busway::http
