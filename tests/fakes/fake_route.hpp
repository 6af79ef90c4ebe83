#pragma once

#include <functional>

#include "bus/route.hpp"

namespace busway::fakes {

// A route that does what a test says, after a time.
class FakeRoute final : public Route {
 public:
  using Work = std::function<void(Exchange&)>;
  explicit FakeRoute(Work work, std::string name = "route") : work_(std::move(work)), name_(std::move(name)) {}
  const std::string& name() const override { return name_; }
  std::chrono::milliseconds deadline() const override { return within; }
  Task<void> run(Exchange& exchange) const override {
    exchange.route = this;
    if (takes.count() > 0) co_await exchange.worker().sleep_for(takes);
    work_(exchange);
    if (exchange.ending == Exchange::Ending::running) exchange.ending = Exchange::Ending::replied;
  }

  std::chrono::milliseconds takes{0};
  std::chrono::milliseconds within{30'000};

 private:
  Work work_;
  std::string name_;
};

}  // namespace busway::fakes
