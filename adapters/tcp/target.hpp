#pragma once

#include <memory>
#include <string>
#include <vector>

#include "adapters/tcp/frame_fields.hpp"
#include "adapters/tcp/pool.hpp"
#include "adapters/tcp/tls_fields.hpp"
#include "bus/mutex.hpp"
#include "bus/target.hpp"

namespace busway::tcp {

struct ServiceConfig {
  std::vector<std::string> endpoints{};
  std::optional<FrameConfig> frame{};
  ByteSize max_frame{1024 * 1024};
  std::int64_t connections = 8;
  std::int64_t waiting = 1024;
  std::chrono::milliseconds idle{60'000};
  std::optional<ClientTls> tls{};
  bool one_way = false;
};
Fields<ServiceConfig> service_fields();
std::unique_ptr<Target> make_target(ServiceConfig config, const ConfigNode& node, CheckContext& check,
                                    const TargetContext& context);

// Calls a service that answers each frame with one frame. Without `frame` it knows no messages and only takes streams.
//
// `connections` is the bound of all workers together. With at least as many connections as workers each worker owns its share;
// with fewer, the first workers that call own one each, and the others hand their calls over: the call then runs as a task of the
// owner, on copies, and only its result comes back.
class TcpTarget final : public Target {
 public:
  TcpTarget(ServiceConfig config, std::optional<Framing> framing, std::vector<Endpoint> endpoints);
  ~TcpTarget() override;

  std::string_view protocol() const override { return "tcp"; }
  const std::vector<Endpoint>& endpoints() const override { return endpoints_; }
  FormatPtr default_format() const override { return nullptr; }
  void use_format(FormatPtr format) override { format_ = std::move(format); }
  bool idempotent(Exchange&, const Outbound&) const override { return false; }
  std::string_view why_not_called() const override;

  // For streams: a connection of their own, outside of `connections`. Errors: kind `not_sent`.
  Task<Result<Socket>> connect_stream(Worker& worker, const Endpoint& endpoint, TimePoint deadline);

  Result<void> open(int workers) override;
  Task<Result<Answer>> call(Exchange& exchange, const Outbound& outbound, const Endpoint& endpoint, TimePoint deadline) override;
  void close(Worker& worker) override;

  Result<SimulatedRequest> simulate_request(Exchange& exchange, const Outbound& outbound, const Endpoint& endpoint) override;
  Result<Answer> simulate_answer(Exchange& exchange, const Outbound& outbound, const SimulatedReply& reply) override;

 private:
  Pool& pool_of(Worker& worker);
  Answer answer_with(Exchange& exchange, std::string_view payload) const;
  // The payload as the other end of the wire reads it, in the exchange's memory.
  Result<std::string_view> carry(Exchange& exchange, std::string_view payload) const;

  ServiceConfig config_;
  std::vector<Endpoint> endpoints_;
  FormatPtr format_;  // the calling side's
  bool framed_;
  PoolOptions options_;
  std::size_t owners_ = 0;
  std::vector<Pool*> seats_;  // by worker: whose pool it calls through; each read and written by its own worker
  Mutex lock_;
  std::vector<std::unique_ptr<Pool>> pools_ BUSWAY_GUARDED_BY(lock_);  // a pool itself belongs to its worker
};

}  // namespace busway::tcp
