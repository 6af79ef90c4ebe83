#include "bus/service.hpp"

#include <doctest/doctest.h>

#include <deque>

using namespace busway;
using namespace std::chrono_literals;

namespace {

// Answers each attempt with the next of a list, after a time.
struct Attempt {
  std::chrono::milliseconds after{0};
  int status = 200;
  ErrorKind error = ErrorKind::internal;  // internal: none
  std::optional<Fault> fault{};
};

class FakeTarget final : public Target {
 public:
  explicit FakeTarget(std::size_t endpoints) {
    for (std::size_t i = 0; i < endpoints; ++i)
      endpoints_.push_back({.text = "e" + std::to_string(i), .host_port = {}, .secure = false, .path = "", .at = {}});
  }
  std::string_view protocol() const override { return "fake"; }
  const std::vector<Endpoint>& endpoints() const override { return endpoints_; }
  FormatPtr default_format() const override { return nullptr; }
  void use_format(FormatPtr) override {}
  bool idempotent(Exchange&, const Outbound& outbound) const override { return outbound.method == "GET"; }
  Result<void> open(int) override { return {}; }
  Task<Result<Answer>> call(Exchange& exchange, const Outbound&, const Endpoint& endpoint, TimePoint deadline) override {
    called.push_back(endpoint.text);
    deadlines.push_back(deadline);
    Attempt attempt = next.empty() ? Attempt{} : next.front();
    if (!next.empty()) next.pop_front();
    TimePoint until = exchange.worker().now() + attempt.after;
    co_await exchange.worker().sleep_until(std::min(until, deadline));
    if (until > deadline) co_return fail(ErrorKind::unknown, "waiting: no answer in time", "timeout");
    if (attempt.error != ErrorKind::internal) co_return fail(attempt.error, "failing");
    Answer answer(exchange.arena());
    answer.status = attempt.status;
    answer.fault = attempt.fault;
    co_return std::move(answer);
  }
  void close(Worker&) override {}
  Result<SimulatedRequest> simulate_request(Exchange&, const Outbound&, const Endpoint&) override {
    return fail(ErrorKind::internal, "not simulated");
  }
  Result<Answer> simulate_answer(Exchange&, const Outbound&, const SimulatedReply&) override {
    return fail(ErrorKind::internal, "not simulated");
  }

  std::deque<Attempt> next;
  std::vector<std::string> called;
  std::vector<TimePoint> deadlines;

 private:
  std::vector<Endpoint> endpoints_;
};

struct Called {
  bool answered = false;
  int status = 0;
  Error error{};
  std::chrono::milliseconds took{0};
};

Task<> call(const Service& service, Exchange& exchange, std::string_view method, Called& out, bool& done) {
  Outbound outbound(exchange.arena());
  outbound.method = method;
  TimePoint start = exchange.worker().now();
  auto answer = co_await service.call(exchange, outbound, false);
  out.answered = answer.has_value();
  if (answer) {
    out.status = answer->status;
  } else {
    out.error = answer.error();
  }
  out.took = std::chrono::duration_cast<std::chrono::milliseconds>(exchange.worker().now() - start);
  done = true;
}

struct Setting {
  explicit Setting(ServicePolicy policy = {}, std::size_t endpoints = 1)
      : worker(0, Worker::ClockKind::manual), exchange(worker) {
    auto made = std::make_unique<FakeTarget>(endpoints);
    target = made.get();
    service = std::make_unique<Service>("erp", std::move(made), std::move(policy));
    exchange.deadline = worker.now() + 30s;
  }
  Called run(std::string_view method = "POST") {
    Called out;
    bool done = false;
    worker.spawn(call(*service, exchange, method, out, done));
    worker.run();
    CHECK(done);
    return out;
  }
  Worker worker;
  Exchange exchange;
  FakeTarget* target = nullptr;
  std::unique_ptr<Service> service;
};

ServicePolicy retrying(std::int64_t attempts) {
  ServicePolicy policy;
  policy.retry = ServicePolicy::Retry{.attempts = attempts, .backoff = {100ms, 2000ms}};
  return policy;
}

}  // namespace

TEST_CASE("each attempt is bounded by the service's timeout and by what is left") {
  ServicePolicy policy;
  policy.timeout = 2s;
  Setting setting(policy);
  TimePoint start = setting.worker.now();
  setting.target->next = {{.after = 5s}};
  Called called = setting.run();
  CHECK_FALSE(called.answered);
  CHECK(called.error.kind == ErrorKind::unknown);
  CHECK(setting.target->deadlines[0] == start + 2s);

  setting.exchange.deadline = setting.worker.now() + 500ms;
  setting.target->next = {{.after = 5s}};
  called = setting.run();
  CHECK(setting.target->deadlines[1] == setting.exchange.deadline);
  CHECK(called.took < 600ms);
}

TEST_CASE("without `retry` there is one attempt") {
  Setting setting;
  setting.target->next = {{.error = ErrorKind::not_sent}};
  CHECK(setting.run().error.kind == ErrorKind::not_sent);
  CHECK(setting.target->called.size() == 1);
}

TEST_CASE("what was not sent is tried again, at another endpoint, after a pause") {
  Setting setting(retrying(3), 2);
  setting.target->next = {{.error = ErrorKind::not_sent}, {.error = ErrorKind::not_sent}};
  Called called = setting.run();
  CHECK(called.answered);
  CHECK(setting.target->called == std::vector<std::string>{"e0", "e1", "e0"});
  CHECK(called.took >= 200ms);
}

TEST_CASE("an unknown outcome is repeated only where repeating cannot do harm") {
  Setting post(retrying(3));
  post.target->next = {{.error = ErrorKind::unknown}};
  CHECK(post.run("POST").error.kind == ErrorKind::unknown);
  CHECK(post.target->called.size() == 1);

  Setting get(retrying(3));
  get.target->next = {{.error = ErrorKind::unknown}};
  CHECK(get.run("GET").answered);
  CHECK(get.target->called.size() == 2);

  ServicePolicy policy = retrying(3);
  policy.idempotent = true;
  Setting declared(policy);
  declared.target->next = {{.error = ErrorKind::unknown}};
  CHECK(declared.run("POST").answered);
}

TEST_CASE("garbage is never repeated; 503 and Server faults are, where idempotent; a plain 500 is not") {
  struct Row {
    Attempt first;
    std::string_view method;
    std::size_t attempts;
  };
  const std::vector<Row> rows = {
      {{.error = ErrorKind::garbage}, "GET", 1},
      {{.status = 503}, "GET", 2},
      {{.status = 503}, "POST", 1},
      {{.status = 500}, "GET", 1},
      {{.status = 429}, "GET", 2},
      {{.status = 404}, "GET", 1},
      {{.status = 500, .fault = Fault{.code = "Server", .text = "", .detail = {}}}, "GET", 2},
      {{.status = 500, .fault = Fault{.code = "Client.NotFound", .text = "", .detail = {}}}, "GET", 1},
  };
  for (const Row& row : rows) {
    Setting setting(retrying(2));
    setting.target->next = {row.first};
    setting.run(row.method);
    CAPTURE(row.method);
    CAPTURE(row.first.status);
    CHECK(setting.target->called.size() == row.attempts);
  }
}

TEST_CASE("a retry that would pass the deadline is not made") {
  Setting setting(retrying(100));
  setting.exchange.deadline = setting.worker.now() + 1s;
  for (int i = 0; i < 100; ++i) setting.target->next.push_back({.error = ErrorKind::not_sent});
  Called called = setting.run();
  CHECK_FALSE(called.answered);
  CHECK(called.took <= 1s);
}

TEST_CASE("round robin goes round, least requests takes the idlest") {
  Setting robin({}, 3);
  for (int i = 0; i < 6; ++i) robin.run();
  CHECK(robin.target->called == std::vector<std::string>{"e0", "e1", "e2", "e0", "e1", "e2"});

  ServicePolicy policy;
  policy.balance = ServicePolicy::Balance::least_requests;
  Setting least(policy, 2);
  least.target->next = {{.after = 5s}, {.after = 10ms}, {.after = 10ms}};
  Called out[3];
  bool done[3] = {};
  least.worker.spawn(call(*least.service, least.exchange, "GET", out[0], done[0]));
  least.worker.spawn(call(*least.service, least.exchange, "GET", out[1], done[1]));
  least.worker.run_until([&] { return done[1]; });
  least.worker.spawn(call(*least.service, least.exchange, "GET", out[2], done[2]));
  CHECK(least.target->called == std::vector<std::string>{"e0", "e1", "e1"});
  least.worker.run();
}

TEST_CASE("an answer that says no becomes the failure language.md gives it") {
  Setting setting;
  Answer gone(setting.exchange.arena());
  gone.status = 404;
  CHECK(failure_of_answer(setting.exchange, *setting.service, gone, false).status == 404);
  Answer broken(setting.exchange.arena());
  broken.status = 500;
  CHECK(failure_of_answer(setting.exchange, *setting.service, broken, false).status == 502);
  Answer fault(setting.exchange.arena());
  fault.status = 500;
  fault.fault = Fault{.code = "Client.NotFound", .text = "no such customer", .detail = {}};
  Failure failure = failure_of_answer(setting.exchange, *setting.service, fault, false);
  CHECK(failure.status == 400);
  CHECK(failure.fault->code == "Client.NotFound");

  Failure refused = failure_of_call(*setting.service, Error{.kind = ErrorKind::not_sent, .text = "connecting"}, false);
  CHECK(refused.status == 503);
  CHECK(refused.retry_after_s.has_value());
  Failure late =
      failure_of_call(*setting.service, Error{.kind = ErrorKind::unknown, .text = "waiting", .code = "deadline"}, false);
  CHECK(late.kind == ErrorKind::deadline);
  CHECK(late.status == 504);
  CHECK(late.outcome == "unknown");
}
