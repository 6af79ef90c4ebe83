#pragma once

#include <atomic>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "bus/listener.hpp"
#include "plugins/host/arrival.hpp"
#include "plugins/host/loop.hpp"
#include "plugins/host/message_routes.hpp"
#include "plugins/host/target.hpp"

namespace busway::plugins {
class PluginListener;
}

// What a plugin emits into.
struct busway_intake final {
  busway::plugins::PluginListener& listener;
};

namespace busway::plugins {

// A listener of a plugin's adapter. Without an instance (the plugin is only declared) it is there to be checked. The plugin does
// the network's work; this holds it to max_body and max_in_flight, runs what it emits, and gives it the replies.
class PluginListener final : public Listener {
 public:
  PluginListener(const ComponentDeclaration& declared, std::shared_ptr<const Plugin> plugin, std::optional<Instance> instance,
                 std::string name, Limits limits);
  ~PluginListener() override;

  std::string_view adapter() const override { return declared_.name; }
  bool attach(std::unique_ptr<Inlet> inlet, CheckContext& check) override;
  Result<void> open(int workers) override;
  std::string address() const override { return address_.empty() ? name_ : address_; }
  void serve(Worker& worker) override;
  void stop(Worker& worker) override;
  std::size_t connections(const Worker& worker) const override;
  Task<Result<TestReply>> simulate(Worker& worker, const TestRequest& request, Arena& arena) override;

  // ---- the plugin's, from any thread ----
  std::int32_t emit(const busway_incoming& message);
  std::size_t room() const;
  void set_address(std::string address) { address_ = std::move(address); }  // within open()

 private:
  // What one worker has to do with this listener.
  struct Lane {
    std::unique_ptr<busway_loop> loop;
    std::atomic<bool> serving{false};        // `loop` is there; set once
    std::atomic<std::int64_t> in_flight{0};  // messages emitted into this lane that have not ended
    std::atomic<bool> wants_more{false};     // the plugin was told FULL on this loop
    bool emitting = false;                   // the worker is within emit()
    std::vector<std::unique_ptr<Exchange>> spare;
  };

  std::int32_t refusal_of(const busway_incoming& message) const;
  bool take_room(busway_loop* loop);
  Lane* lane_for(busway_loop* loop);
  void give_room(Lane& lane);
  void resume_who_waits();
  Task<> run(Lane& lane, std::shared_ptr<Arrival> arrival);
  void reply(const Arrival& arrival, const MessageRoutes::Outcome& outcome, Exchange& exchange) const;

  ComponentDeclaration declared_;
  std::shared_ptr<const Plugin> plugin_;  // behind the instance
  std::string name_;
  Limits limits_;
  busway_source functions_{};
  MessageRoutes routes_;
  busway_intake intake_{*this};
  std::string address_;
  std::vector<void*> route_instances_;
  std::vector<std::unique_ptr<Lane>> lanes_;
  std::atomic<std::int64_t> in_flight_{0};
  std::atomic<bool> wants_more_{false};  // told FULL on a thread of the plugin's own
  std::atomic<bool> closed_{false};
  std::atomic<std::size_t> next_lane_{0};
  std::optional<Instance> instance_;  // ends before the loops and the routes that it may still speak of
};

}  // namespace busway::plugins
