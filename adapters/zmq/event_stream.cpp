#include "adapters/zmq/event_stream.hpp"

#include "adapters/zmq/address.hpp"
#include "adapters/zmq/event_queue.hpp"
#include "bus/json_text.hpp"
#include "bus/log.hpp"
#include "bus/wall_clock.hpp"

namespace busway::zmq {

namespace {

constexpr int records_in_a_row = 256;  // of one worker

void append_number(std::string_view key, std::int64_t number, std::string& out) {
  out += ",\"";
  out += key;
  out += "\":";
  out += std::to_string(number);
}

void append_text(std::string_view key, std::string_view text, std::string& out) {
  if (text.empty()) return;
  out += ",\"";
  out += key;
  out += "\":";
  append_json_string(text, out);
}

void write(const EventRecord& record, std::uint64_t sequence, std::string_view stream, std::string& out) {
  out = "{\"event\":\"";
  out += name_of(record.kind);
  out += "\"";
  append_number("sequence", static_cast<std::int64_t>(sequence), out);
  append_text("stream", stream, out);
  append_text("time", iso_time(record.at), out);
  append_text("id", record.id.view(), out);
  append_text("route", *record.route, out);
  append_text("protocol", record.protocol.view(), out);
  if (record.kind != MessageEvent::Kind::accepted) append_number("took_us", record.took_us, out);
  if (record.kind == MessageEvent::Kind::delivered) out += record.filtered ? ",\"filtered\":true" : ",\"filtered\":false";
  if (record.kind == MessageEvent::Kind::failed) {
    append_text("kind", name_of(record.failure), out);
    append_text("outcome", record.outcome.view(), out);
    append_text("step", record.step.view(), out);
    append_text("service", record.service.view(), out);
  }
  out += "}";
}

}  // namespace

Fields<EventsConfig> events_fields() {
  return {
      {"endpoint", &EventsConfig::endpoint, "Where subscribers connect: tcp://HOST:PORT or ipc://PATH.", required(), shorthand()},
      {"queue", &EventsConfig::queue, "Events that ZeroMQ may hold for each subscriber (its high-water mark).", at_least(1),
       at_most(1'000'000)},
      {"max_connections", &EventsConfig::max_connections, "Subscribers at once; more are closed as they come.", at_least(1),
       at_most(10'000)},
      {"curve", &EventsConfig::curve, "Encrypts and tells who is who, by CurveZMQ.", curve_fields()},
  };
}

std::optional<EventsConfig> read_events(const ConfigNode& node, CheckContext& check) {
  EventsConfig config;
  if (!events_fields().read(node, check, config)) return std::nullopt;
  bool good = check_address(config.endpoint, AddressUse::listen, node.place_under("endpoint"), check).has_value();
  if (config.curve && !check_curve(*config.curve, true, node, check)) good = false;
  if (!good) return std::nullopt;
  return config;
}

Result<std::unique_ptr<EventStream>> EventStream::open(const EventsConfig& config, int workers) {
  auto address = read_address(config.endpoint, AddressUse::listen);
  if (!address) return std::unexpected(std::move(address.error()));
  SocketOptions socket{
      .wire = Wire::pub, .queue = static_cast<int>(config.queue), .ipv6 = !address->ipv4(), .curve = std::nullopt};
  if (config.curve) {
    auto keys = make_curve(*config.curve, "events");
    if (!keys) return std::unexpected(std::move(keys.error()));
    socket.curve = std::move(*keys);
  }
  auto outlet = Outlet::make({.service = "events",
                              .socket = std::move(socket),
                              .when_full = WhenFull::drop_counted,
                              .listen = config.endpoint,
                              .connect = "",
                              .max_connections = config.max_connections,
                              .max_subscriptions = 16});
  if (!outlet) return outlet.error().while_doing("opening the event stream");
  return std::unique_ptr<EventStream>(new EventStream(std::move(*outlet), workers));
}

EventStream::EventStream(std::unique_ptr<Outlet> outlet, int workers)
    : outlet_(std::move(outlet)), publisher_(std::make_unique<Worker>()) {
  name_ = Exchange(*publisher_).id();
  for (int i = 0; i < workers; ++i) queues_.push_back(std::make_unique<EventQueue>());
  publisher_->post([this] {
    outlet_->start(*publisher_);
    publish();
  });
  thread_ = std::thread([this] { publisher_->run(); });
}

EventStream::~EventStream() {
  publisher_->post([this] {
    while (publish_some()) {
    }
    publisher_->stop();
  });
  thread_.join();
  publisher_.reset();
}

void EventStream::tell(Worker& worker, const MessageEvent& event) {
  EventQueue& queue = *queues_[static_cast<std::size_t>(worker.index())];
  queue.put(event.kind, [&](EventRecord& record) {
    record.kind = event.kind;
    record.filtered = event.filtered;
    record.at = wall_now();
    record.took_us = event.took.count();
    record.route = event.route;
    record.id.set(event.id);
    record.protocol.set(event.protocol);
    const Failure* failure = event.failure;
    record.failure = failure != nullptr ? failure->kind : ErrorKind::internal;
    record.step.set(failure != nullptr ? failure->step : std::string_view());
    record.service.set(failure != nullptr ? failure->service : std::string_view());
    record.outcome.set(failure != nullptr ? failure->outcome : std::string_view());
  });
  if (asleep_.load(std::memory_order_seq_cst)) wake();
}

// One of the workers that find it asleep wakes it.
void EventStream::wake() {
  if (asleep_.exchange(false)) publisher_->post([this] { publish(); });
}

bool EventStream::anything_there() const {
  for (const auto& queue : queues_) {
    if (!queue->empty()) return true;
  }
  return false;
}

void EventStream::publish() {
  if (publish_some()) {
    publisher_->post([this] { publish(); });  // others of this thread's loop first: it hears the subscribers
    return;
  }
  asleep_.store(true, std::memory_order_seq_cst);
  if (anything_there()) wake();
}

// False when nothing was there.
bool EventStream::publish_some() {
  bool any = false;
  std::uint64_t dropped = 0;
  for (auto& queue : queues_) {
    for (std::size_t kind = 0; kind < MessageEvent::kinds; ++kind) {
      std::uint64_t lost = queue->take_dropped(kind);
      sequence_[kind] += lost;
      dropped += lost;
    }
    for (int taken = 0; taken < records_in_a_row && !queue->empty(); ++taken) {
      const EventRecord& record = queue->front();
      write(record, ++sequence_[static_cast<std::size_t>(record.kind)], name_, text_);
      std::string_view frames[] = {name_of(record.kind), text_};
      outlet_->offer(frames);
      queue->pop();
      any = true;
    }
  }
  if (dropped != 0) log().warn("Events were dropped: they came faster than they could be published.", {{"dropped", dropped}});
  return any;
}

}  // namespace busway::zmq
