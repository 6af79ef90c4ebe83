#include "bus/service.hpp"

#include <algorithm>

#include "bus/backoff.hpp"

namespace busway {

Fields<ServicePolicy> service_policy_fields() {
  using Policy = ServicePolicy;
  using std::chrono::milliseconds;
  return {
      {"timeout", &Policy::timeout, "Bounds each attempt, from picking a connection to the whole answer.",
       at_least(milliseconds(1)), at_most(std::chrono::hours(1))},
      {"balance", &Policy::balance, "How an endpoint is picked.",
       one_of<Policy::Balance>(
           {{"round_robin", Policy::Balance::round_robin}, {"least_requests", Policy::Balance::least_requests}})},
      {"retry", &Policy::retry, "Tries again what was not sent, and what is idempotent; never past the deadline.",
       Fields<Policy::Retry>{
           {"attempts", &Policy::Retry::attempts, "How often at most, the first try included.", at_least(1), at_most(100)},
           {"backoff", &Policy::Retry::backoff, "The pause before the next try, with jitter, doubling up to the second time.",
            at_most(milliseconds(600'000))}}},
      {"idempotent", &Policy::idempotent,
       "Repeating a call cannot do harm, so calls with an unknown outcome may be tried again."},
      {"headers", &Policy::headers, "Header fields sent with every call; credentials stand here."},
      {"deadline_header", &Policy::deadline_header, "A header field that tells the service how many milliseconds are left."},
      {"format", &Policy::format, "How documents are written for the service and its answers read."},
      {"fails_when", &Policy::fails_when, "An expression over the answer: true makes the call fail with kind `answered`."},
  };
}

struct Service::Load {
  std::size_t next = 0;
  std::vector<std::size_t> in_flight;
};

Service::Service(std::string name, std::unique_ptr<Target> target, ServicePolicy policy)
    : name_(std::move(name)), target_(std::move(target)), policy_(std::move(policy)) {
  format_ = policy_.format ? policy_.format.format : target_->default_format();
  if (format_ != nullptr) {
    if (FormatPtr turned = format_->for_service()) format_ = std::move(turned);
  }
  target_->use_format(format_);
  loads_.push_back(std::make_unique<Load>());
  loads_.back()->in_flight.resize(target_->endpoints().size());
}

Service::~Service() = default;

Result<void> Service::open(int workers) const {
  while (loads_.size() < static_cast<std::size_t>(workers)) {
    loads_.push_back(std::make_unique<Load>());
    loads_.back()->in_flight.resize(target_->endpoints().size());
    loads_.back()->next = loads_.size();  // workers start at different endpoints
  }
  auto opened = target_->open(workers);
  if (!opened) return opened.error().while_doing("opening service '" + name_ + "'");
  return {};
}

void Service::close(Worker& worker) const {
  target_->close(worker);
}

std::size_t Service::pick(Worker& worker, std::size_t avoid) const {
  Load& load = *loads_[static_cast<std::size_t>(worker.index()) % loads_.size()];
  std::size_t count = load.in_flight.size();
  std::size_t start = load.next++ % count;
  std::size_t best = start;
  if (policy_.balance == ServicePolicy::Balance::least_requests) {
    for (std::size_t i = 0; i < count; ++i) {
      std::size_t index = (start + i) % count;
      if (index != avoid && (best == avoid || load.in_flight[index] < load.in_flight[best])) best = index;
    }
    return best;
  }
  // Another endpoint than the one that has just failed, where there is one.
  return best == avoid ? (best + 1) % count : best;
}

const Endpoint& Service::endpoint_for_connection(Worker& worker, const Endpoint* avoid) const {
  const std::vector<Endpoint>& all = target_->endpoints();
  return all[pick(worker, avoid == nullptr ? all.size() : index_of(*avoid))];
}

void Service::put_endpoint_back(Worker& worker) const {
  --loads_[static_cast<std::size_t>(worker.index()) % loads_.size()]->next;
}

std::size_t Service::index_of(const Endpoint& endpoint) const {
  return static_cast<std::size_t>(&endpoint - target_->endpoints().data());
}

namespace {

bool may_repeat(const Error& error, bool idempotent) {
  return error.kind == ErrorKind::not_sent || (error.kind == ErrorKind::unknown && idempotent);
}

bool may_repeat(const Answer& answer, bool idempotent) {
  if (!idempotent) return false;
  if (answer.fault) return answer.fault->code.starts_with("Server") || answer.fault->code.starts_with("Receiver");
  return answer.status == 502 || answer.status == 503 || answer.status == 504 || answer.status == 429;
}

Task<Result<Answer>> result_of(std::unique_ptr<Attempted> attempted) {
  co_return std::unexpected(std::move(attempted->error));
}

}  // namespace

Task<Result<Answer>> Service::call(Exchange& exchange, const Outbound& outbound, bool idempotent) const {
  Worker& worker = exchange.worker();
  bool safe = idempotent || policy_.idempotent || target_->idempotent(exchange, outbound);
  std::int64_t attempts = policy_.retry ? policy_.retry->attempts : 1;
  std::size_t avoid = SIZE_MAX;
  for (std::int64_t attempt = 1;; ++attempt) {
    const bool done = exchange.attempted != nullptr;
    if (worker.now() >= exchange.deadline && !done) {
      co_return fail(ErrorKind::not_sent, "calling " + name_ + ": the deadline has passed", "deadline");
    }
    std::size_t index = done ? index_of(*exchange.attempted->endpoint) : pick(worker, avoid);
    const Endpoint& endpoint = target_->endpoints()[index];
    Load& load = *loads_[static_cast<std::size_t>(worker.index()) % loads_.size()];
    TimePoint deadline = std::min(exchange.deadline, worker.now() + policy_.timeout);
    Counted in_flight(load.in_flight[index]);
    Task<Result<Answer>> attempted = done ? result_of(std::move(exchange.attempted))
                                     : simulator_ == nullptr
                                         ? target_->call(exchange, outbound, endpoint, deadline)
                                         : simulator_->call(exchange, name_, *target_, outbound, endpoint, deadline);
    Result<Answer> answer = co_await attempted;
    bool again = answer ? may_repeat(*answer, safe) : may_repeat(answer.error(), safe);
    if (exchange.request_rest != nullptr && exchange.request_rest->begun()) again = false;
    if (!again || attempt >= attempts) {
      if (exchange.answer_rest != nullptr) exchange.answer_rest->hold(std::move(in_flight));
      if (!answer && worker.now() >= exchange.deadline && answer.error().code.empty()) answer.error().code = "deadline";
      if (!answer) co_return answer.error().while_doing("calling " + name_ + " at " + endpoint.text);
      co_return std::move(answer);
    }
    auto pause = backoff_before(worker, policy_.retry->backoff, attempt + 1);
    if (answer && answer->retry_after_s)
      pause = std::max<std::chrono::milliseconds>(pause, std::chrono::seconds(*answer->retry_after_s));
    if (worker.now() + pause >= exchange.deadline) {
      if (exchange.answer_rest != nullptr) exchange.answer_rest->hold(std::move(in_flight));
      if (!answer) co_return answer.error().while_doing("calling " + name_ + " at " + endpoint.text);
      co_return std::move(answer);
    }
    avoid = index;
    exchange.answer_rest.reset();
    in_flight = Counted();
    co_await worker.sleep_for(pause);
  }
}

namespace {

// `$` is the answer's document, `$headers` its headers; the rest is the exchange's.
class AnswerScope final : public Scope {
 public:
  AnswerScope(Exchange& exchange, Answer& answer) : outer_(exchange), answer_(answer) {}
  Result<Node> input(Arena& arena) override { return answer_.message.document(arena); }
  Result<Node> variable(std::string_view name, Arena& arena) override {
    if (name == "headers") return answer_.message.headers.as_document(arena);
    return outer_.variable(name, arena);
  }
  void took_long() override { outer_.took_long(); }

 private:
  ExchangeScope outer_;
  Answer& answer_;
};

bool client_fault(const Fault& fault) {
  return fault.code.starts_with("Client") || fault.code.starts_with("Sender");
}

}  // namespace

Result<bool> Service::failed(Exchange& exchange, Answer& answer) const {
  if (answer.says_no()) return true;
  if (!policy_.fails_when) return false;
  AnswerScope scope(exchange, answer);
  auto value = policy_.fails_when.expression->evaluate(scope, exchange.arena());
  if (!value) return value.error().while_doing("evaluating fails_when of service '" + name_ + "'");
  return truthy(*value);
}

Failure failure_of_call(const Service& service, const Error& error, bool idempotent) {
  Failure failure;
  failure.kind = error.kind;
  failure.message = error.text;
  failure.code = error.code.starts_with("BW") ? error.code : "";
  failure.service = service.name();
  failure.repeatable = may_repeat(error, idempotent);
  if (error.kind == ErrorKind::unknown || error.kind == ErrorKind::not_sent) failure.outcome = name_of(error.kind);
  if (error.code == "deadline") failure.kind = ErrorKind::deadline;
  failure.status = default_status(failure.kind, Side::service);
  // A pause that lets a breaker or a restart help; what was not sent may be sent again by the caller.
  if (failure.kind == ErrorKind::not_sent) failure.retry_after_s = 1;
  return failure;
}

Failure failure_of_answer(Exchange& exchange, const Service& service, Answer& answer, bool idempotent) {
  Failure failure;
  failure.kind = ErrorKind::answered;
  failure.service = service.name();
  failure.repeatable = may_repeat(answer, idempotent);
  failure.fault = answer.fault;
  failure.retry_after_s = answer.retry_after_s;
  failure.headers = answer.message.headers.as_document(exchange.arena());
  if (auto body = answer.message.document(exchange.arena())) failure.body = *body;
  failure.status = 502;
  if (answer.fault) {
    if (client_fault(*answer.fault)) failure.status = 400;
    failure.message = service.name() + " answered with a Fault " + answer.fault->code + ": " + answer.fault->text;
  } else if (answer.status >= 400) {
    if (answer.status < 500) failure.status = answer.status;
    failure.message = service.name() + " answered " + std::to_string(answer.status);
  } else {
    failure.message = service.name() + " gave an answer that fails_when refuses";
  }
  return failure;
}

}  // namespace busway
