#pragma once

#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "bus/exchange.hpp"
#include "bus/listener.hpp"

namespace busway {

// A route on a listener whose messages have nothing that would tell them apart but `when:`, and none of a status: a failure is
// answered with the record that `error:` makes of it.
class InletByCondition : public Inlet {
 public:
  InletByCondition(ExpressionRef when, Position at, const InletContext& context);

  const Route& route() const override { return *route_; }
  const Position& at() const override { return at_; }
  const ExpressionRef& when() const { return when_; }
  const ExpressionRef& error() const { return error_; }
  // Null where messages are documents.
  const Format* format() const { return format_.get(); }

  // The record; nothing without `error:`, and when that fails.
  Node error_record(Exchange& exchange) const;
  // The same in the inlet's format, in the exchange's memory.
  std::optional<std::string_view> written_error(Exchange& exchange) const;

  // `busway test` on the caller's side of the format. The body that it sends, and what is read of the one it gets: a text where
  // that is no document.
  Result<void> write_test_body(const TestRequest& request, std::string& out) const;
  Node read_test_body(std::string_view bytes, Arena& arena) const;

 private:
  const Format& turned() const { return turned_ ? *turned_ : *format_; }

  ExpressionRef when_;
  Position at_;
  const Route* route_;
  ExpressionRef error_;
  FormatPtr format_;
  FormatPtr turned_;  // null: the format itself is the caller's, too
};

// Gives a `from:` without a format the one that is `usual` there. False after the finding that this busway has none of that name.
bool fall_back_on(const std::string& usual, InletContext& context, const ConfigNode& node, CheckContext& check);

// The routes on a listener whose messages have nothing that would tell them apart but `when:`: the first one whose condition
// holds takes a message, and one without a condition takes all. `OneInlet` is an InletByCondition. Immutable once all are added.
template <class OneInlet>
class InletsByCondition {
 public:
  const std::vector<std::unique_ptr<OneInlet>>& all() const { return inlets_; }
  void add(std::unique_ptr<OneInlet> inlet) { inlets_.push_back(std::move(inlet)); }

  // False after the finding that the inlet would never get one. `message`: what one is called, "frame".
  bool add(std::unique_ptr<OneInlet> inlet, const std::string& message, CheckContext& check) {
    for (const auto& earlier : inlets_) {
      if (earlier->when()) continue;
      check.findings.error(
          "BW5023", inlet->at(),
          "this route never gets a " + message + ": route '" + earlier->route().name() + "' takes all of them; give it a 'when'");
      return false;
    }
    add(std::move(inlet));
    return true;
  }

  // Who says for all how a failure is answered, where no route has taken the message; null when none does.
  const OneInlet* first_with_error() const {
    for (const auto& inlet : inlets_) {
      if (inlet->error()) return inlet.get();
    }
    return nullptr;
  }

  // Null when none takes it; `trouble` is then the first condition's that failed. `receive(inlet)` makes exchange.message() what
  // the inlet's condition reads; done once for each format, however many conditions read it.
  template <class Receive>
  const OneInlet* choose(Exchange& exchange, const Receive& receive, std::optional<Error>& trouble) const {
    const OneInlet* reading = nullptr;
    for (const auto& inlet : inlets_) {
      if (reading == nullptr || inlet->format() != reading->format()) receive(*inlet);
      reading = inlet.get();
      if (!inlet->when()) return inlet.get();
      ExchangeScope scope(exchange);
      auto taken = inlet->when().expression->evaluate(scope, exchange.arena());
      if (taken && truthy(*taken)) return inlet.get();
      if (!taken && !trouble) trouble = std::move(taken.error());
    }
    return nullptr;
  }

 private:
  std::vector<std::unique_ptr<OneInlet>> inlets_;
};

// Fails the exchange whose message no route took. `message`: what one is called.
void fail_untaken(Exchange& exchange, const std::string& message, const std::optional<Error>& trouble);

}  // namespace busway
