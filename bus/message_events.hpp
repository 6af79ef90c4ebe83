#pragma once

#include <atomic>
#include <chrono>
#include <cstdint>
#include <string>
#include <string_view>

namespace busway {

struct Failure;
class Worker;

// What has become of a message, as tools outside are told. Borrows; `route` lives as long as the bundle.
struct MessageEvent {
  enum class Kind : std::uint8_t { accepted, delivered, failed };
  static constexpr std::size_t kinds = 3;

  Kind kind = Kind::accepted;
  std::string_view id;  // of the message
  const std::string* route = nullptr;
  std::string_view protocol;  // it came over
  // delivered and failed: since its route has accepted it
  std::chrono::microseconds took{0};
  bool filtered = false;             // delivered: by a `filter`, and not by a reply
  const Failure* failure = nullptr;  // failed: that no handler has taken
};
std::string_view name_of(MessageEvent::Kind kind);

// Who is told: `accepted` when a message has found its route, then `delivered` when the route has ended with a reply (or a
// filter), or `failed`. Of a message that no route takes there is nothing to tell.
class MessageEvents {
 public:
  virtual ~MessageEvents() = default;
  // On the message's worker; neither waits nor locks.
  virtual void tell(Worker& worker, const MessageEvent& event) = 0;
};

// JSON Schema (2020-12) of an event as it is published (docs/zmq.md).
std::string_view message_event_schema();

namespace detail {
extern std::atomic<MessageEvents*> told_events;
}
// The process's, like its log; null where nobody has asked for them.
inline MessageEvents* message_events() {
  return detail::told_events.load(std::memory_order_acquire);
}
// Before any worker runs, and again, with null, when none does any more.
inline void tell_message_events_to(MessageEvents* events) {
  detail::told_events.store(events, std::memory_order_release);
}

}  // namespace busway
