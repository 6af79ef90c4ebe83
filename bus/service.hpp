#pragma once

#include <atomic>
#include <chrono>
#include <memory>
#include <string>
#include <vector>

#include "bus/field.hpp"
#include "bus/target.hpp"

namespace busway {

// How a service is called, whatever its protocol: the keys beside the adapter's in `services:`.
struct ServicePolicy {
  enum class Balance { round_robin, least_requests };
  struct Retry {
    std::int64_t attempts = 3;  // counts the first
    DurationRange backoff{std::chrono::milliseconds(100), std::chrono::milliseconds(2000)};
  };
  std::chrono::milliseconds timeout{10'000};
  Balance balance = Balance::round_robin;
  std::optional<Retry> retry;
  bool idempotent = false;
  std::vector<std::pair<std::string, TextRef>> headers;  // sent with every call; credentials stand here
  std::string deadline_header;                           // names a header that carries what is left, in milliseconds
  FormatRef format;
  ExpressionRef fails_when;  // over the answer: true makes it `answered`

  // Whether a call sends what it is given and nothing besides, and nobody looks at what comes of it: a source may then carry
  // bytes past the call. Every key that reads or adds to a message stands here.
  bool leaves_messages_alone() const { return headers.empty() && deadline_header.empty() && !format && !fails_when; }
};
Fields<ServicePolicy> service_policy_fields();

// Stands in for the target during `busway test`: gives the attempt's result for what would have been sent.
class CallSimulator {
 public:
  virtual ~CallSimulator() = default;
  virtual Task<Result<Answer>> call(Exchange& exchange, const std::string& service, Target& target, const Outbound& outbound,
                                    const Endpoint& endpoint, TimePoint deadline) = 0;
};

// A named target with its policy: picks an endpoint, bounds each attempt by min(timeout, what is left), retries what language.md
// ("Outcome of a call") lets it, with full jitter between the back-off's bounds. Safe from any worker.
class Service {
 public:
  Service(std::string name, std::unique_ptr<Target> target, ServicePolicy policy);
  ~Service();

  const std::string& name() const { return name_; }
  Target& target() const { return *target_; }
  const ServicePolicy& policy() const { return policy_; }
  // What documents are written in and answers are read by; null for targets that write documents themselves.
  const Format* format() const { return format_.get(); }

  Result<void> open(int workers) const;
  // `idempotent`: the call step says so. An answer that says no (>= 400, a Fault, `fails_when`) is a value; the caller decides.
  // Errors: kind not_sent, unknown, garbage; code "BW..." where one is published.
  Task<Result<Answer>> call(Exchange& exchange, const Outbound& outbound, bool idempotent) const;
  // For what is not a call of an exchange, or not yet: the endpoint that `balance` picks for a connection, another than `avoid`
  // where there is one.
  const Endpoint& endpoint_for_connection(Worker& worker, const Endpoint* avoid) const;
  // The one it has just picked was not used: the next call has it.
  void put_endpoint_back(Worker& worker) const;
  // Whether `fails_when` (or the protocol) says the answer is a failure.
  Result<bool> failed(Exchange& exchange, Answer& answer) const;
  void close(Worker& worker) const;

  // Set before any call, for tests only.
  void simulate_with(CallSimulator* simulator) { simulator_ = simulator; }

 private:
  struct Load;  // a worker's round-robin position and in-flight counts
  std::size_t pick(Worker& worker, std::size_t avoid) const;
  std::size_t index_of(const Endpoint& endpoint) const;
  std::string name_;
  std::unique_ptr<Target> target_;
  ServicePolicy policy_;
  FormatPtr format_;
  mutable std::vector<std::unique_ptr<Load>> loads_;
  CallSimulator* simulator_ = nullptr;
};

// The Failure that a call's error or negative answer becomes. `idempotent`: as told to call().
Failure failure_of_call(const Service& service, const Error& error, bool idempotent);
Failure failure_of_answer(Exchange& exchange, const Service& service, Answer& answer, bool idempotent);

}  // namespace busway
