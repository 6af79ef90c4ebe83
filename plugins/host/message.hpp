#pragma once

#include <optional>
#include <string_view>

#include "bus/exchange.hpp"
#include "bus/spare.hpp"
#include "bus/step.hpp"
#include "plugins/host/handles.hpp"
#include "plugins/host/nodes.hpp"

// A message while a step of a plugin works on it; on the stack of that call. Worker thread only.
struct busway_message final {
  using DocumentBuilder = busway::plugins::DocumentBuilder;
  using Node = busway::Node;

  busway_message(busway::Exchange& on, bool without_body) : exchange(on), leaves_body(without_body) {}
  busway_message(const busway_message&) = delete;
  busway_message& operator=(const busway_message&) = delete;

  // A builder for the new body (no name) or for a variable. Null while another one is unfinished.
  busway_builder* build(std::optional<std::string_view> variable);
  // Puts what was built last in its place. False when it is not whole: the failure is set.
  bool settle();
  // The same where it is whole; what is still being built goes on.
  void settle_what_is_done();
  // Fails for a reason of the host's own.
  std::int32_t refuse(busway::ErrorKind kind, std::string text);
  // What the step leaves, after it has answered `answer`.
  busway::Flow end(std::int32_t answer);

  busway::Exchange& exchange;
  bool leaves_body;
  busway_failure failure;

 private:
  busway::Flow fail();
  std::optional<busway::Spare<DocumentBuilder::Bench>> bench_;
  std::optional<busway_builder> builder_;
  std::optional<std::string_view> variable_;  // what is being built; else the body
  std::optional<Node> body_;
};
