#pragma once

#include <atomic>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "bus/target.hpp"
#include "plugins/host/loop.hpp"
#include "plugins/host/plugin.hpp"
#include "plugins/host/request.hpp"

namespace busway::plugins {

// The keys that the bus gives every listener and service of a plugin.
struct Limits {
  ByteSize max_body{10 * 1024 * 1024};
  std::int64_t max_in_flight = 1024;
};

// A service of a plugin's adapter. Without an instance (the plugin is only declared) it is there to be checked. Holds the plugin
// to its limits: calls under way at once, an answer's size, and the deadline, after which a call has failed whatever the plugin
// does.
class PluginTarget final : public Target {
 public:
  PluginTarget(const ComponentDeclaration& declared, std::shared_ptr<const Plugin> plugin, std::optional<Instance> instance,
               std::vector<Endpoint> endpoints, Limits limits, FormatPtr usual_format);

  std::string_view protocol() const override { return declared_.name; }
  const std::vector<Endpoint>& endpoints() const override { return endpoints_; }
  bool writes_documents() const override { return (declared_.adapter.flags & BUSWAY_ADAPTER_DOCUMENTS) != 0; }
  FormatPtr default_format() const override { return usual_format_; }
  void use_format(FormatPtr format) override { format_ = std::move(format); }
  bool idempotent(Exchange& exchange, const Outbound& outbound) const override;

  Result<void> open(int workers) override;
  Task<Result<Answer>> call(Exchange& exchange, const Outbound& outbound, const Endpoint& endpoint, TimePoint deadline) override;
  void close(Worker& worker) override;

  Result<SimulatedRequest> simulate_request(Exchange& exchange, const Outbound& outbound, const Endpoint& endpoint) override;
  Result<Answer> simulate_answer(Exchange& exchange, const Outbound& outbound, const SimulatedReply& reply) override;

 private:
  busway_request request_for(Exchange& exchange, const Outbound& outbound, const Endpoint& endpoint, TimePoint deadline) const;
  busway_loop* loop_on(Worker& worker);
  Result<std::string> bytes_of(busway_request& request, const SimulatedReply& reply) const;
  void* made() const { return instance_->get(); }

  ComponentDeclaration declared_;
  std::shared_ptr<const Plugin> plugin_;  // behind the instance
  std::vector<Endpoint> endpoints_;
  Limits limits_;
  FormatPtr usual_format_;
  FormatPtr format_;  // the calling side's
  busway_target functions_{};
  std::vector<std::unique_ptr<busway_loop>> loops_;  // by worker, each its own worker's
  std::atomic<std::int64_t> in_flight_{0};
  std::optional<Instance> instance_;  // ends before the loops that it may still speak of
};

}  // namespace busway::plugins
