// The source half of an adapter in a process: what the plugin's listener takes goes into the host's intake, and how it ends back.
#include <algorithm>
#include <condition_variable>
#include <deque>
#include <map>
#include <unordered_map>

#include "bus/json_text.hpp"
#include "bus/mutex.hpp"
#include "plugins/host/host_table.hpp"
#include "plugins/host/nodes.hpp"
#include "plugins/host/sized.hpp"
#include "plugins/process/adapter_tables.hpp"
#include "plugins/process/head_text.hpp"

namespace busway::plugins {

namespace {

// Where arrivals of one listener become messages. Its reader is the supervisor's thread; replies come from any.
class Intake final : public Inflow {
 public:
  Intake(Supervisor& supervisor, Process& process, busway_intake* intake)
      : supervisor_(supervisor), process_(process), intake_(intake) {}

  // ---- while it is opened, by the thread that opens ----

  void knows(std::uint64_t from, std::size_t route) { routes_[from] = route; }
  // Until it listens: nothing then; else why it does not.
  // With `remote` the plugin may come later, and the listener listens then.
  std::optional<std::string> wait(std::chrono::milliseconds most, bool remote) {
    Lock lock(lock_);
    // The start of the process has as long, and says more of why when it fails.
    constexpr std::chrono::milliseconds slack{500};
    auto until = std::chrono::steady_clock::now() + most + (remote ? std::chrono::milliseconds(0) : slack);
    while (!address_ && !refusal_) {
      if (!lock.wait_until(changed_, until)) break;
    }
    if (address_ || (remote && !refusal_)) return std::nullopt;
    if (refusal_) return refusal_;
    std::string within = " within " + std::to_string(most.count()) + "ms";
    if (!last_end_.empty()) return "it does not listen" + within + "; its last process " + last_end_;
    return "the plugin has not said that it listens" + within + ": its source calls listening() as soon as it takes messages";
  }
  std::string address() {
    Lock lock(lock_);
    return address_.value_or("");
  }
  // No message comes from then on.
  void close() {
    Lock lock(lock_);
    intake_ = nullptr;
    waiting_.clear();
  }

  // ---- the supervisor's thread ----

  void listening(std::string_view address) override {
    Lock lock(lock_);
    if (!address_) address_ = address;
    changed_.notify_all();
  }
  void refused(std::string_view why) override {
    Lock lock(lock_);
    if (!refusal_) refusal_ = why;
    changed_.notify_all();
  }
  // One that ends each time before it listens is as good as down, even if it gets ready.
  void ended(std::string_view why) override {
    constexpr int ends_until_refused = 3;
    Lock lock(lock_);
    if (address_) return;
    last_end_ = why;
    if (++ends_ < ends_until_refused || refusal_) return;
    refusal_ = "its process ends each time before it listens; the last one " + last_end_;
    changed_.notify_all();
  }
  void arrived(int launch, Brought brought) override {
    Lock lock(lock_);
    waiting_.push_back({launch, std::move(brought)});
    emit_waiting();
  }
  void resume() override {
    Lock lock(lock_);
    emit_waiting();
  }

  // ---- any thread ----

  void reply(std::uint64_t taken, const busway_reply& reply);

 private:
  struct Waiting {
    int launch;
    Brought brought;
  };
  // A message on its way through a route.
  struct Taken {
    int launch;
    std::uint64_t arrival;
    bool wants_reply;
  };

  void emit_waiting() BUSWAY_REQUIRES(lock_) {
    while (intake_ != nullptr && !waiting_.empty() && emit(waiting_.front())) waiting_.pop_front();
  }
  bool emit(const Waiting& next) BUSWAY_REQUIRES(lock_);
  void end(int launch, std::uint64_t arrival, Outcome outcome) {
    supervisor_.post(process_, EndedArrival{launch, arrival, std::move(outcome)});
  }

  Supervisor& supervisor_;
  Process& process_;
  std::map<std::uint64_t, std::size_t> routes_;  // by the use of their `from:`

  Mutex lock_;
  std::condition_variable_any changed_;
  busway_intake* intake_ BUSWAY_GUARDED_BY(lock_);
  std::optional<std::string> address_ BUSWAY_GUARDED_BY(lock_);
  std::optional<std::string> refusal_ BUSWAY_GUARDED_BY(lock_);
  std::string last_end_ BUSWAY_GUARDED_BY(lock_);  // of a process before it listened
  int ends_ BUSWAY_GUARDED_BY(lock_) = 0;
  std::deque<Waiting> waiting_ BUSWAY_GUARDED_BY(lock_);  // for room; no more than the credit

  // Apart from the other, for a reply may come while emit is still under way.
  Mutex taken_lock_;
  std::unordered_map<std::uint64_t, Taken> taken_ BUSWAY_GUARDED_BY(taken_lock_);
  std::uint64_t last_taken_ BUSWAY_GUARDED_BY(taken_lock_) = 0;
};

// False: there is no room, and it is to be tried again at resume().
bool Intake::emit(const Waiting& next) {
  const Brought& brought = next.brought;
  std::size_t route = 0;
  if (auto known = routes_.find(brought.route); known != routes_.end()) {
    route = known->second;
  } else if (!routes_.empty()) {
    route = routes_.size();  // that of none, which is refused
  }
  std::uint64_t number = 0;
  {
    Lock lock(taken_lock_);
    number = ++last_taken_;
    taken_[number] = {next.launch, brought.number, brought.wants_reply};
  }
  std::vector<busway_header> headers;
  for (const auto& [name, value] : brought.headers) headers.push_back({text_of(name), text_of(value)});
  busway_incoming message{.struct_size = sizeof(busway_incoming),
                          .flags = 0,
                          .loop = nullptr,
                          .user = reinterpret_cast<void*>(static_cast<std::uintptr_t>(number)),
                          .route = route,
                          .bytes = text_of(brought.body),
                          .content_type = text_of(brought.content_type),
                          .document = nullptr,
                          .headers = headers.data(),
                          .header_count = headers.size(),
                          .peer = text_of(brought.peer),
                          .method = text_of(brought.method),
                          .target = text_of(brought.target),
                          .operation = text_of(brought.operation),
                          .deadline_ms = brought.deadline_ms};
  std::int32_t how = intake_functions.emit(intake_, &message);
  if (how == BUSWAY_EMIT_TAKEN) return true;
  {
    Lock lock(taken_lock_);
    taken_.erase(number);
  }
  if (how == BUSWAY_EMIT_FULL) return false;
  Outcome outcome = how == BUSWAY_EMIT_TOO_LARGE ? not_taken(ErrorKind::format, 413, "Content Too Large")
                    : how == BUSWAY_EMIT_CLOSED  ? not_taken(ErrorKind::not_sent, 503, "Service Unavailable")
                                                 : not_taken(ErrorKind::invalid, 400, "Bad Request");
  end(next.launch, brought.number, std::move(outcome));
  return true;
}

void Intake::reply(std::uint64_t number, const busway_reply& reply) {
  Taken taken{};
  {
    Lock lock(taken_lock_);
    auto found = taken_.extract(number);
    if (found.empty()) return;
    taken = found.mapped();
  }
  Outcome outcome;
  std::string& about = outcome.about;
  if (reply.outcome == BUSWAY_REPLY_FAILED) {
    outcome = not_taken(error_kind_of(reply.kind), reply.status, view(reply.reason));
  } else {
    about = reply.outcome == BUSWAY_REPLY_FILTERED ? R"(,"outcome":"filtered")" : R"(,"outcome":"made")";
    if (reply.status != 0) about += R"(,"status":)" + std::to_string(reply.status);
  }
  if (taken.wants_reply) {
    outcome.body = view(reply.bytes);
    std::string more;
    if (!outcome.body.empty()) more += R"(,"body":"bytes")";
    append_text(more, "content_type", view(reply.content_type));
    std::vector<std::pair<std::string_view, std::string_view>> headers;
    for (std::size_t i = 0; i < reply.header_count; ++i) {
      const auto& header = *static_cast<const busway_header*>(reply.headers + i);
      headers.emplace_back(view(header.name), view(header.value));
    }
    append_headers(more, headers);
    constexpr std::size_t others = 1024;
    if (about.size() + more.size() + others > wire::most_head) {
      outcome = not_taken(ErrorKind::internal, 500, "Internal Server Error");
    } else {
      about += more;
    }
  }
  end(taken.launch, taken.arrival, std::move(outcome));
}

// ---- the tables ----

struct Listener {
  std::unique_ptr<PartInstance> part;
  std::shared_ptr<Intake> intake{};
  std::atomic<bool> serving{false};
  std::atomic<bool> stopped{false};
};
Listener& listener_of(void* instance) {
  return *static_cast<Listener*>(instance);
}
void change(const Listener& listener, ChangedUse::How how, std::size_t credit = 0) {
  const AdapterInProcess& component = listener.part->component;
  component.supervisor->post(*component.process, ChangedUse{.use = listener.part->use, .how = how, .credit = credit});
}

std::int32_t make(const busway_make* call, void** instance) {
  auto part = make_part(*call);
  if (part == nullptr) return 1;
  *instance = new Listener{.part = std::move(part)};
  return 0;
}

void destroy(void* instance) {
  std::unique_ptr<Listener> listener(&listener_of(instance));
  if (listener->intake != nullptr) listener->intake->close();
  listener->part->drop();
}

std::int32_t make_from(const busway_make* call, void** instance) {
  auto part = make_part(*call);
  if (part == nullptr) return 1;
  part->tell();
  *instance = part.release();
  return 0;
}
void destroy_from(void* instance) {
  std::unique_ptr<PartInstance> part(static_cast<PartInstance*>(instance));
  part->drop();
}

constexpr std::chrono::milliseconds remote_moment{2000};  // for one that is there

std::int32_t open(void* instance, const busway_source_open* call) {
  Listener& listener = listener_of(instance);
  const AdapterInProcess& component = listener.part->component;
  listener.intake = std::make_shared<Intake>(*component.supervisor, *component.process, call->intake);
  std::string routes;
  bool picks = (component.source.flags & BUSWAY_SOURCE_PICKS_ROUTE) != 0;
  for (std::size_t i = 0; picks && i < call->route_count; ++i) {
    auto& from = *static_cast<PartInstance*>(call->routes[i]);
    listener.intake->knows(from.use, i);
    routes += (i == 0 ? R"(,"routes":[)" : ",") + std::to_string(from.use);
  }
  if (!routes.empty()) routes += "]";
  listener.part->tell(listener.intake, routes);
  listener.part->start();
  bool remote = component.manifest->remote.has_value();
  std::chrono::milliseconds most = component.manifest->start_within;
  auto why = listener.intake->wait(remote ? std::min(most, remote_moment) : most, remote);
  if (why) {
    set_failure(call->failure, ErrorKind::config, "opening a listener of the plugin '" + component.plugin() + "': " + *why);
    return 1;
  }
  std::string address = listener.intake->address();
  if (!address.empty()) intake_functions.set_address(call->intake, text_of(address));
  return 0;
}

// The first loop that serves opens the tap: from then on there is somebody to work on messages.
void serve(void* instance, busway_loop*) {
  Listener& listener = listener_of(instance);
  if (listener.serving.exchange(true)) return;
  constexpr std::size_t most = wire::most_credit;
  change(listener, ChangedUse::How::serves, std::min(listener.part->max_in_flight, most));
}

void stop(void* instance, busway_loop*) {
  Listener& listener = listener_of(instance);
  if (!listener.stopped.exchange(true)) change(listener, ChangedUse::How::stops);
}

void reply(void* instance, void* user, const busway_reply* reply) {
  listener_of(instance).intake->reply(reinterpret_cast<std::uintptr_t>(user), *reply);
}

void resume(void* instance, busway_loop*) {
  change(listener_of(instance), ChangedUse::How::resumes);
}

}  // namespace

void fill_source(AdapterInProcess& component) {
  const AdapterDeclaration& declared = component.adapter->declared.adapter;
  busway_part& listener = component.parts[0];
  listener.make = make;
  listener.destroy = destroy;
  busway_part& from = component.parts[1];
  // Where the bus picks the route there is nothing for the plugin to know of it.
  if ((declared.source_flags & BUSWAY_SOURCE_PICKS_ROUTE) != 0) {
    from.make = make_from;
    from.destroy = destroy_from;
  }
  component.source.struct_size = sizeof component.source;
  component.source.flags = declared.source_flags;
  component.source.acknowledges = text_of(declared.acknowledges);
  component.source.listener = &listener;
  component.source.from = &from;
  component.source.open = open;
  component.source.serve = serve;
  component.source.stop = stop;
  component.source.reply = reply;
  component.source.resume = resume;
  component.role.source = &component.source;
}

}  // namespace busway::plugins
