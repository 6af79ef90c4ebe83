#include "bus/step_list.hpp"

#include <doctest/doctest.h>

#include <array>

using namespace busway;
using namespace std::chrono_literals;

namespace {

Node text(std::string_view value) {
  return Node::string(value);
}

// Replaces the body, sets a variable, or fails so many times before it works.
class Fake final : public Step {
 public:
  Fake(std::string_view body, int failures = 0, bool waits = false, bool repeatable = false)
      : body_(body), failures_(failures), waits_(waits), repeatable_(repeatable) {}
  Flow run(Exchange& exchange) const override {
    ++runs;
    if (runs <= failures_) {
      exchange.message().replace(text("half done"));
      exchange.set_variable("trace", text("half done"));
      Failure failure;
      failure.kind = ErrorKind::not_sent;
      failure.status = 503;
      failure.repeatable = repeatable_;
      exchange.fail(std::move(failure));
      return Flow::failed;
    }
    exchange.message().replace(text(body_));
    return Flow::next;
  }
  bool waits() const override { return waits_; }
  Task<Flow> run_waiting(Exchange& exchange) const override {
    co_await exchange.worker().sleep_for(10ms);
    co_return run(exchange);
  }
  mutable int runs = 0;

 private:
  std::string body_;
  int failures_;
  bool waits_;
  bool repeatable_;
};

class FakeReply final : public Step {
 public:
  Flow run(Exchange& exchange) const override {
    exchange.reply_status = exchange.failure() != nullptr ? exchange.failure()->status : 200;
    return Flow::replied;
  }
  bool ends_route() const override { return true; }
};

StepList::Entry entry(std::shared_ptr<const Step> step, std::string name, ErrorHandlers handlers = {}) {
  return {.step = std::move(step), .name = std::move(name), .handlers = std::move(handlers), .at = {}};
}

Task<> run(const StepList& list, Exchange& exchange, Flow& flow) {
  flow = co_await list.run_waiting(exchange);
}

struct Setting {
  Setting() : worker(0, Worker::ClockKind::manual), exchange(worker) { exchange.deadline = worker.now() + 30s; }
  Flow play(const StepList& list) {
    Flow flow = Flow::next;
    worker.spawn(run(list, exchange, flow));
    worker.run();
    return flow;
  }
  std::string_view body() { return exchange.message().document(exchange.arena())->text(); }
  Worker worker;
  Exchange exchange;
};

ErrorHandler handler(ErrorHandler::Last last) {
  ErrorHandler made;
  made.last = last;
  if (last == ErrorHandler::Last::reply) made.reply = std::make_shared<FakeReply>();
  return made;
}

}  // namespace

TEST_CASE("steps run in order; a list that never waits runs without a coroutine") {
  Setting setting;
  StepList list({entry(std::make_shared<Fake>("one"), "map"), entry(std::make_shared<Fake>("two"), "map")});
  CHECK_FALSE(list.waits());
  CHECK(list.run(setting.exchange) == Flow::next);
  CHECK(setting.body() == "two");
}

TEST_CASE("a failed step stops the list and is named in the failure") {
  Setting setting;
  auto behind = std::make_shared<Fake>("behind");
  StepList list({entry(std::make_shared<Fake>("x", 1), "call stock"), entry(behind, "map")});
  CHECK(setting.play(list) == Flow::failed);
  CHECK(setting.exchange.failure()->step == "call stock");
  CHECK(behind->runs == 0);
}

TEST_CASE("`continue` goes on behind the step, with the message as it was when the step began") {
  Setting setting;
  StepList list({entry(std::make_shared<Fake>("before"), "map"),
                 entry(std::make_shared<Fake>("x", 1), "call", {handler(ErrorHandler::Last::resume)})});
  CHECK(setting.play(list) == Flow::next);
  CHECK(setting.body() == "before");
  CHECK(setting.exchange.variables().member("trace").is_nothing());
  CHECK(setting.exchange.failure() == nullptr);
}

TEST_CASE("`reply` ends the route and sees the failure") {
  Setting setting;
  StepList list({entry(std::make_shared<Fake>("x", 1), "call", {handler(ErrorHandler::Last::reply)})});
  CHECK(setting.play(list) == Flow::replied);
  CHECK(setting.exchange.reply_status == 503);
}

TEST_CASE("`retry` re-runs what may be repeated, and nothing else") {
  for (bool repeatable : {true, false}) {
    Setting setting;
    ErrorHandler retry = handler(ErrorHandler::Last::none);
    retry.retry = ErrorHandler::Retry{.attempts = 3, .backoff = {100ms, 400ms}};
    auto step = std::make_shared<Fake>("done", 2, true, repeatable);
    StepList list({entry(step, "call", {retry})});
    CHECK(setting.play(list) == (repeatable ? Flow::next : Flow::failed));
    CHECK(step->runs == (repeatable ? 3 : 1));
  }
}

TEST_CASE("a failure inside a handler goes outwards as its own") {
  Setting setting;
  ErrorHandler failing = handler(ErrorHandler::Last::resume);
  failing.steps = std::make_shared<StepList>(std::vector<StepList::Entry>{entry(std::make_shared<Fake>("y", 1), "call backup")});
  StepList list({entry(std::make_shared<Fake>("x", 1), "call", {failing})});
  CHECK(setting.play(list) == Flow::failed);
  CHECK(setting.exchange.failure()->step == "call backup");
}

TEST_CASE("behind a step that failed and was handled inside a handler, $failure is the handler's again") {
  Setting setting;
  ErrorHandler outer = handler(ErrorHandler::Last::reply);
  outer.steps = std::make_shared<StepList>(
      std::vector<StepList::Entry>{entry(std::make_shared<Fake>("y", 1), "call backup", {handler(ErrorHandler::Last::resume)})});
  StepList list({entry(std::make_shared<Fake>("x", 1), "call", {outer})});
  CHECK(setting.play(list) == Flow::replied);
  REQUIRE(setting.exchange.failure() != nullptr);
  CHECK(setting.exchange.failure()->step == "call");
}

TEST_CASE("steps without a last key: at a step the route goes on with what they left") {
  Setting setting;
  ErrorHandler filling = handler(ErrorHandler::Last::none);
  filling.steps = std::make_shared<StepList>(std::vector<StepList::Entry>{entry(std::make_shared<Fake>("default"), "map")});
  StepList list({entry(std::make_shared<Fake>("x", 1), "call", {filling})});
  CHECK(setting.play(list) == Flow::next);
  CHECK(setting.body() == "default");
}
