#include <limits>

#include "bus/header_rules.hpp"
#include "bus/route.hpp"
#include "plugins/host/host_table.hpp"
#include "plugins/host/message.hpp"
#include "plugins/host/sized.hpp"

namespace busway::plugins {

namespace {

int32_t document(busway_message* message, busway_node* out) {
  *out = node_of(Node());
  if (message->leaves_body)
    return message->refuse(ErrorKind::internal, "the plugin reads the body, and has declared that it leaves it alone");
  auto read = ExchangeScope(message->exchange).input(message->exchange.arena());
  if (!read) {
    message->failure.error = std::move(read.error());
    return BUSWAY_FAILED;
  }
  *out = node_of(*read);
  return 0;
}

int32_t bytes(busway_message* message, busway_text* out) {
  bool there = !message->leaves_body && message->exchange.message().has_bytes();
  *out = there ? text_of(message->exchange.message().bytes()) : busway_text{nullptr, 0};
  return there ? 1 : 0;
}

busway_node variable(busway_message* message, busway_text name) {
  message->settle_what_is_done();
  return node_of(message->exchange.variables().member(view(name)));
}

busway_text header_at(busway_message* message, std::size_t index, busway_text* value) {
  auto all = message->exchange.message().headers.all();
  if (index >= all.size()) return {nullptr, 0};
  *value = text_of(all[index].value);
  return text_of(all[index].name);
}

int32_t header(busway_message* message, busway_text name, busway_text* value) {
  const Header* found = message->exchange.message().headers.find(view(name));
  *value = found == nullptr ? busway_text{nullptr, 0} : text_of(found->value);
  return found == nullptr ? 0 : 1;
}

// Whether a step may touch the field; sets the failure when not.
bool may_change(busway_message* message, std::string_view name) {
  if (is_token(name) && !is_bus_header(name) && !equal_ignoring_case(name, "content-type")) return true;
  message->refuse(ErrorKind::internal, "the plugin changes the header field '" + std::string(is_token(name) ? name : "?") +
                                           "': it is no name for one, or it is the bus's own");
  return false;
}

int32_t set_header(busway_message* message, busway_text name, busway_text value) {
  if (!may_change(message, view(name))) return BUSWAY_FAILED;
  if (!good_header_value(view(value)))
    return message->refuse(ErrorKind::mapping,
                           "the header field '" + std::string(view(name)) + "' would hold a line break or a control character");
  Arena& arena = message->exchange.arena();
  message->exchange.message().headers.set(arena.copy(view(name)), arena.copy(view(value)));
  return 0;
}

int32_t remove_header(busway_message* message, busway_text name) {
  if (!may_change(message, view(name))) return BUSWAY_FAILED;
  message->exchange.message().headers.remove(view(name));
  return 0;
}

busway_text about(busway_message* message, std::uint32_t what) {
  Exchange& exchange = message->exchange;
  switch (what) {
    case BUSWAY_ABOUT_ID: return text_of(exchange.id());
    case BUSWAY_ABOUT_ROUTE: return text_of(exchange.route == nullptr ? std::string_view() : exchange.route->name());
    case BUSWAY_ABOUT_PROTOCOL: return text_of(exchange.origin.protocol);
    case BUSWAY_ABOUT_METHOD: return text_of(exchange.origin.method);
    case BUSWAY_ABOUT_TARGET: return text_of(exchange.origin.target);
    case BUSWAY_ABOUT_PEER: return text_of(exchange.origin.peer);
    case BUSWAY_ABOUT_OPERATION: return text_of(exchange.origin.operation);
    case BUSWAY_ABOUT_CONTENT_TYPE: return text_of(exchange.message().content_type);
    default: return {nullptr, 0};
  }
}

int64_t time_left_ms(busway_message* message) {
  TimePoint deadline = message->exchange.deadline;
  if (deadline == TimePoint::max()) return std::numeric_limits<int64_t>::max();
  auto left = std::chrono::duration_cast<std::chrono::milliseconds>(deadline - message->exchange.worker().now());
  return std::max<int64_t>(left.count(), 0);
}

}  // namespace

const busway_message_functions message_functions = {
    .struct_size = sizeof(busway_message_functions),
    .reserved = 0,
    .document = document,
    .bytes = bytes,
    .replace = [](busway_message* message) { return message->build(std::nullopt); },
    .set_variable = [](busway_message* message, busway_text name) { return message->build(view(name)); },
    .variable = variable,
    .header_count = [](busway_message* message) { return message->exchange.message().headers.all().size(); },
    .header_at = header_at,
    .header = header,
    .set_header = set_header,
    .remove_header = remove_header,
    .about = about,
    .time_left_ms = time_left_ms,
    .failure = [](busway_message* message) { return &message->failure; },
};

}  // namespace busway::plugins
