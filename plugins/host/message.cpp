#include "plugins/host/message.hpp"

#include "plugins/host/utf8.hpp"

using busway::ErrorKind;
using busway::Flow;

busway_builder* busway_message::build(std::optional<std::string_view> variable) {
  if (!variable && leaves_body) {
    refuse(ErrorKind::internal, "the plugin replaces the body, and has declared that it leaves it alone");
    return nullptr;
  }
  if (variable && (variable->empty() || !busway::plugins::is_utf8(*variable))) {
    refuse(ErrorKind::internal, "the plugin sets a variable without a name");
    return nullptr;
  }
  if (builder_ && !builder_->done()) {
    refuse(ErrorKind::internal, "the plugin begins a document while another one is unfinished");
    return nullptr;
  }
  if (!settle()) return nullptr;
  if (!bench_) bench_.emplace();
  variable_ = variable ? std::optional(exchange.arena().copy(*variable)) : std::nullopt;
  return &builder_.emplace(exchange.arena(), **bench_);
}

bool busway_message::settle() {
  if (!builder_) return true;
  auto built = builder_->finish();
  builder_.reset();
  if (!built) {
    failure.error = std::move(built.error());
    return false;
  }
  if (variable_) {
    exchange.set_variable(*variable_, *built);
  } else {
    body_ = *built;
  }
  return true;
}

void busway_message::settle_what_is_done() {
  if (builder_ && builder_->done()) settle();
}

std::int32_t busway_message::refuse(ErrorKind kind, std::string text) {
  failure.error = busway::Error{.kind = kind, .text = std::move(text)};
  return BUSWAY_FAILED;
}

Flow busway_message::fail() {
  exchange.fail(failure.take("running the step"));
  return Flow::failed;
}

Flow busway_message::end(std::int32_t answer) {
  if (answer == BUSWAY_FAILED) return fail();
  if (answer != BUSWAY_NEXT && answer != BUSWAY_FILTERED) {
    refuse(ErrorKind::internal, "the plugin answered " + std::to_string(answer) + ", which is no way for a step to end");
    return fail();
  }
  // What the host has refused stays refused, whatever the plugin made of it.
  if (!settle() || failure.error) return fail();
  if (answer == BUSWAY_FILTERED) return Flow::filtered;
  if (body_) exchange.message().replace(*body_);
  return Flow::next;
}
