#pragma once

#include <atomic>
#include <memory>
#include <optional>
#include <string>
#include <thread>
#include <vector>

#include "adapters/zmq/curve.hpp"
#include "adapters/zmq/outlet.hpp"
#include "bus/field.hpp"
#include "bus/message_events.hpp"
#include "bus/worker.hpp"

namespace busway::zmq {

// `events:` of a bundle.
struct EventsConfig {
  std::string endpoint{};
  std::int64_t queue = 1000;
  std::int64_t max_connections = 16;
  std::optional<CurveConfig> curve{};
};
Fields<EventsConfig> events_fields();
// Nothing after findings.
std::optional<EventsConfig> read_events(const ConfigNode& node, CheckContext& check);

class EventQueue;

// Publishes what becomes of messages: an XPUB with two frames, the topic (`accepted`, `delivered`, `failed`) and JSON as
// message_event_schema() says. A worker puts an event into a queue of its own, without a lock and without memory from the heap;
// one thread empties the queues and writes the JSON. What finds its queue full, or a subscriber's, is dropped, and the topic's
// sequence goes on: whoever subscribes sees from its gaps how many he has missed.
class EventStream final : public MessageEvents {
 public:
  // Errors: kind `config`.
  static Result<std::unique_ptr<EventStream>> open(const EventsConfig& config, int workers);
  // No worker runs any more. What is still in the queues is published.
  ~EventStream() override;
  const std::string& address() const { return outlet_->bound(); }

  void tell(Worker& worker, const MessageEvent& event) override;

 private:
  EventStream(std::unique_ptr<Outlet> outlet, int workers);
  void wake();
  void publish();
  bool publish_some();
  bool anything_there() const;

  std::unique_ptr<Outlet> outlet_;  // the publisher's
  std::string name_;                // of this run
  std::vector<std::unique_ptr<EventQueue>> queues_;
  std::atomic<bool> asleep_{false};  // the publisher waits to be woken
  std::uint64_t sequence_[MessageEvent::kinds] = {};
  std::string text_;
  std::unique_ptr<Worker> publisher_;
  std::thread thread_;
};

}  // namespace busway::zmq
