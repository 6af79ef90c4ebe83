#pragma once

#include <chrono>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "bus/body_source.hpp"
#include "bus/error.hpp"
#include "bus/expression.hpp"
#include "bus/message.hpp"
#include "bus/worker.hpp"

namespace busway {

class Route;
struct Endpoint;

// A SOAP Fault, or what plays its part in another protocol. Text of `code` as the wire has it, without the prefix.
struct Fault {
  std::string code;
  std::string text;
  Node detail;
};

// Why an exchange stopped: `$failure` in on_error, and the source of the default answer. Bodies and text of a service are for the
// route's author; the default answer carries none of them.
struct Failure {
  ErrorKind kind = ErrorKind::internal;
  int status = 500;  // of the default answer
  std::string message;
  std::string code;  // BW id or JSONata code
  std::string step;
  std::string service;
  std::string outcome;  // "not_sent", "unknown" or empty
  Node body;            // what the service answered, when it did and it parses
  Node headers;
  std::optional<Fault> fault;
  Node errors;  // of validation: a list
  std::optional<int> retry_after_s;
  bool stands = false;      // a handler of the route or the bundle has taken it and lets it be answered by default
  bool repeatable = false;  // of a call: one more try cannot do harm (language.md, "Outcome of a call")
};

// A copy that outlives the exchange: its documents live in `arena`.
Failure kept(const Failure& failure, Arena& arena);

// The default status of a failure kind (docs/errors.md); `side` decides 400 or 502 for `format`.
int default_status(ErrorKind kind, Side side);

// What arrived, fixed for the whole trip: `$path`, `$query` and the typed half of `$message`. Views live as long as the exchange.
struct Origin {
  std::string_view protocol;  // "http", "soap", "tcp"
  std::string_view method;
  std::string_view target;  // as received: "/orders/17?full=1"
  std::string_view path;
  std::string_view query;      // without "?"
  std::string_view peer;       // "10.1.2.3:51234"
  std::string_view host;       // authority the caller asked for
  std::string_view operation;  // SOAP
  bool secure = false;         // TLS
  Node path_values;            // object of template values, percent-decoded
  Node soap_headers;
};

// How a call has failed that a source has carried out past its route, which is nothing else than that call (Route::proxied).
struct Attempted {
  const Endpoint* endpoint = nullptr;
  Error error;
};

// One trip of a message through a route. Made by a source, run by a Route, answered by the source. Everything in it lives in its
// arena and ends with reset(). Worker thread only.
class Exchange {
 public:
  explicit Exchange(Worker& worker);
  Exchange(const Exchange&) = delete;
  Exchange& operator=(const Exchange&) = delete;

  // Forgets the trip; memory stays for the next one.
  void reset();

  Worker& worker() { return *worker_; }
  // The worker that made it; `co_await exchange.home().here()` comes back to it after a hand-over.
  Worker& home() { return *worker_; }
  Arena& arena() { return arena_; }
  Message& message() { return message_; }
  const Message& message() const { return message_; }
  Origin origin;
  TimePoint deadline = TimePoint::max();
  std::chrono::system_clock::time_point received{};  // wall clock, for show: $message.received
  const Route* route = nullptr;
  std::unique_ptr<Attempted> attempted;  // what the route's call takes for its first attempt

  // ---- bodies that are not gathered: only where nothing of the route reads them (HttpInlet::passing) ----
  BodySource* request_rest = nullptr;       // behind the message's bytes as the source has made it; the source's own
  std::unique_ptr<BodySource> answer_rest;  // behind the message's bytes as a service has answered
  std::uint64_t stream_rate = 0;            // bytes a second that peers must keep up meanwhile; 0: answers come whole

  // A UUID (RFC 9562 version 7), made at first use.
  std::string_view id();

  Node variables() const { return variables_; }
  void set_variable(std::string_view name, const Node& value);
  void restore_variables(const Node& variables) { variables_ = variables; }

  // ---- how it ended ----
  enum class Ending : std::uint8_t { running, replied, filtered, failed };
  Ending ending = Ending::running;
  int reply_status = 0;   // explicit; 0: the default rule
  int answer_status = 0;  // of the last service that answered in HTTP; typed, never a header
  std::string_view reply_content_type;
  const Format* reply_format = nullptr;  // what a reply's own content type stands for; null: the `from`'s format
  // Set when ending == failed, and while an on_error handler runs.
  const Failure* failure() const { return failure_ ? &*failure_ : nullptr; }
  void fail(Failure failure) { failure_.emplace(std::move(failure)); }
  void fail(const Error& error);
  std::optional<Failure> take_failure();
  void restore_failure(Failure failure) { failure_.emplace(std::move(failure)); }

  // Whether computing on it may take so long that others must have their turn meanwhile (bus/compute.hpp): its body, `bytes` more
  // or its documents are large, or they are expected to be.
  bool is_large(std::size_t bytes = 0) const {
    return message_.bytes().size() + bytes >= large_body || holds_much() || expects_large_;
  }
  // Giving its documents back may take long, too: reset() asks for pauses (bus/pause.hpp).
  bool holds_much() const { return arena_.reserved() >= large_documents; }
  static constexpr std::size_t large_body = 96UL * 1024;  // half a millisecond of reading, evaluating and writing
  static constexpr std::size_t large_documents = 256UL * 1024;
  // Its few bytes may become many (a body in a content coding), or be worked on long (its route has done so).
  void expect_large() { expects_large_ = true; }

  // Keeps `owner` alive until reset(): buffers that messages borrow from.
  void keep(std::shared_ptr<const void> owner) { kept_.push_back(std::move(owner)); }
  // A string whose bytes the exchange keeps.
  std::string& keep_string();

 private:
  Worker* worker_;
  Arena arena_;
  Message message_;
  Node variables_;
  std::optional<Failure> failure_;
  std::vector<std::shared_ptr<const void>> kept_;
  std::vector<std::unique_ptr<std::string>> strings_;
  std::size_t strings_used_ = 0;
  char id_[37] = {};
  bool expects_large_ = false;
};

// What expressions see of an exchange: `$` (parsed at first use), $headers, $vars, $path, $query, $message, $failure.
class ExchangeScope final : public Scope {
 public:
  explicit ExchangeScope(Exchange& exchange) : exchange_(exchange) {}
  Result<Node> input(Arena& arena) override;
  Result<Node> variable(std::string_view name, Arena& arena) override;
  void took_long() override;

 private:
  Exchange& exchange_;
};

// A finished reply, ready for a source to frame. `body` and `content_type` borrow from the exchange.
struct FinishedReply {
  int status = 200;
  std::string_view content_type;
  std::string_view body;
  const Failure* failure = nullptr;  // set: `status` is its default, the body is the protocol's own error form, not given here
};

// Settles what an ended exchange answers by language.md, "Reply": status, and the body in `format` (the `from`'s) unless it is
// still the bytes of a service that speaks `protocol`. Writing can fail: then the exchange has failed.
// With a body that hands_on_bytes() it computes nothing.
FinishedReply finish_reply(Exchange& exchange, const Format& format, std::string_view protocol);
// The same for protocols that have no status: a reply of 400 or more fails the exchange (`answered`).
FinishedReply finish_reply_without_status(Exchange& exchange, const Format& format, std::string_view protocol);
// The reply cannot be written: the exchange has failed. No handler is left for that; the log has why.
void fail_reply(Exchange& exchange, const Error& error);

// The reply's body is still the bytes that a caller or a service that speaks `protocol` sent.
bool hands_on_bytes(const Exchange& exchange, std::string_view protocol);

// "Not Found": what a caller is told of a status, and nothing more.
std::string_view title_of(int status);

// RFC 9457 problem details of a failure, as JSON: type urn:busway:KIND, title, status, instance, outcome?, errors?. Nothing of
// the inside.
std::string problem_json(Exchange& exchange, const Failure& failure);

}  // namespace busway
