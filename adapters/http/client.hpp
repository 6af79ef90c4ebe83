#pragma once

#include <atomic>
#include <chrono>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "bus/exchange.hpp"
#include "bus/socket.hpp"
#include "bus/target.hpp"

namespace busway::http {

class AnswerReader;
class Upload;

struct ClientOptions {
  std::int64_t connections = 64;                // to all endpoints, on all workers
  std::size_t waiting = 1024;                   // requests of one worker that may wait for a connection
  std::uint64_t max_answer = 10 * 1024 * 1024;  // bytes of one body
  std::chrono::milliseconds idle{30'000};       // after which an unused connection is closed
  TlsClientOptions tls;                         // for https endpoints
  std::string server_name;                      // to verify instead of the endpoint's host
};

// One request. Borrows until send() returns. Host, framing and Connection are the client's own.
struct Request {
  std::string_view method = "GET";
  std::string_view target = "/";
  std::span<const Header> headers{};
  std::string_view content_type{};  // empty: the one in `headers`, if any
  std::string_view body{};
  // Behind `body`, when it is the beginning only. Once any of it is asked for the request cannot be sent again.
  BodySource* rest = nullptr;
  // Not 0: the service and the caller may each take a body in pieces, at so many bytes a second at least; then an answer that is
  // larger than `streams_beyond` is Exchange::answer_rest behind the bytes of the response.
  std::uint64_t stream_rate = 0;
};

// A whole answer, whatever its status. Everything borrows from the exchange. `headers` are the end-to-end ones.
struct Response {
  explicit Response(Arena& arena) : headers(arena) {}
  int status = 0;
  Headers headers;
  std::string_view content_type;
  std::string_view body{};
  std::optional<int> retry_after_s;
};

// Sends requests over kept-alive connections: a pool for each worker and endpoint, one bound for all of them. At the bound a
// request waits its turn, so long as its deadline allows. Names are resolved for each new connection.
//
// Errors, by language.md "Outcome of a call": `not_sent` until the first byte has gone out, `unknown` from then until the answer
// is whole, `garbage` for a whole or refused answer that is not HTTP/1.1 by our strict reading; `mapping` for a request that
// cannot be written. A connection whose outcome is unknown is closed, never used again.
//
// A body that streams is not bound by the deadline but by its rate: the service has as long as it was given from the last byte of
// the request on, and may be silent for so long while either body passes.
class Client {
 public:
  class Lease;
  explicit Client(ClientOptions options);
  ~Client();

  // Phase `open`. `secure`: some endpoint is https.
  Result<void> open(int workers, bool secure);
  // On the exchange's worker; over before `deadline`.
  Task<Result<Response>> send(Exchange& exchange, const Request& request, const Endpoint& endpoint, TimePoint deadline);
  // On the worker's thread: closes its idle connections.
  void close(Worker& worker);

  std::int64_t open_connections() const { return open_.load(); }

 private:
  struct Pooled;
  struct Pool;
  struct Waiter;
  struct Lane;
  struct Underway;

  Lane& lane_of(Worker& worker);
  Pool& pool_of(Lane& lane, const Endpoint& endpoint);
  Task<Result<Lease>> acquire(Lane& lane, const Endpoint& endpoint, TimePoint deadline);
  Task<Result<Socket>> connect_to(Worker& worker, const Endpoint& endpoint, TimePoint deadline);
  Task<Result<Response>> receive(Exchange& exchange, Underway& underway);
  Response hand_on(Exchange& exchange, Underway& underway, AnswerReader& reader);
  std::unique_ptr<Pooled> take_idle(Lane& lane, Pool& pool);
  void release(std::unique_ptr<Pooled> connection);
  void discard(std::unique_ptr<Pooled> connection);
  bool open_slot();
  void free_slot(Lane& lane);
  bool shed(Lane& lane);
  void ask_others(Lane& lane);
  void wake_someone(Lane& lane);
  static bool wake_first(Lane& lane);

  ClientOptions options_;
  std::shared_ptr<const TlsContext> tls_;
  std::vector<std::unique_ptr<Lane>> lanes_;
  std::atomic<std::int64_t> open_{0};
  std::atomic<std::int64_t> waiting_{0};
};

}  // namespace busway::http
