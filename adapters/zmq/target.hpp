#pragma once

#include <atomic>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "adapters/zmq/address.hpp"
#include "adapters/zmq/curve.hpp"
#include "adapters/zmq/link.hpp"
#include "adapters/zmq/outlet.hpp"
#include "adapters/zmq/parts.hpp"
#include "bus/mutex.hpp"
#include "bus/target.hpp"

namespace busway::zmq {

struct ServiceConfig {
  enum class Kind : std::uint8_t { req, dealer, push, pub };
  Kind socket = Kind::req;
  std::vector<std::string> endpoints{};
  std::string listen{};
  std::vector<std::string> parts{};  // empty: the body alone
  std::vector<std::string> answer_parts{};
  ByteSize max_message{1024 * 1024};
  std::int64_t outstanding = 1000;
  std::int64_t waiting = 1024;
  std::int64_t queue = 1000;
  WhenFull when_full = WhenFull::block;
  std::int64_t max_connections = 1000;
  std::int64_t max_subscriptions = 1000;
  std::optional<CurveConfig> curve{};

  bool answered() const { return socket == Kind::req || socket == Kind::dealer; }
};
Fields<ServiceConfig> service_fields();
std::unique_ptr<Target> make_target(ServiceConfig config, const ConfigNode& node, CheckContext& check,
                                    const TargetContext& context);

// Calls a REP or ROUTER socket, or sends to PULL and SUB sockets. Each worker has a socket of its own to each endpoint; a socket
// that listens is there once, belongs to the worker that calls first, and the others hand their messages over to that.
class ZmqTarget final : public Target {
 public:
  ZmqTarget(std::string service, ServiceConfig config, std::vector<ZmqAddress> addresses, std::vector<Endpoint> endpoints,
            Parts parts, Parts answer_parts);
  ~ZmqTarget() override;

  std::string_view protocol() const override { return "zmq"; }
  const std::vector<Endpoint>& endpoints() const override { return endpoints_; }
  FormatPtr default_format() const override { return nullptr; }
  void use_format(FormatPtr format) override { format_ = std::move(format); }
  bool idempotent(Exchange&, const Outbound&) const override { return false; }

  Result<void> open(int workers) override;
  Task<Result<Answer>> call(Exchange& exchange, const Outbound& outbound, const Endpoint& endpoint, TimePoint deadline) override;
  void close(Worker& worker) override;

  // Whether a message may go out as another socket has received it.
  bool passes() const { return !parts_.has_headers() && !answer_parts_.has_headers(); }
  bool answered() const { return config_.answered(); }
  // By what one of so many bytes goes out then; null when it cannot do so from this worker.
  Outlet* outlet_for(Worker& worker, const Endpoint& endpoint, std::size_t bytes);
  // An answer has another number of parts than one.
  Error wrong_count(std::size_t parts) const { return unreadable(answer_parts_.wrong_count(parts)); }
  Link* link_for(Worker& worker, const Endpoint& endpoint, std::size_t bytes);

  Result<SimulatedRequest> simulate_request(Exchange& exchange, const Outbound& outbound, const Endpoint& endpoint) override;
  Result<Answer> simulate_answer(Exchange& exchange, const Outbound& outbound, const SimulatedReply& reply) override;

 private:
  void write(Exchange& exchange, const Outbound& outbound, FrameList& frames) const;
  Result<Answer> read(Exchange& exchange, std::span<const std::string_view> frames) const;
  Error unreadable(Error answer) const;
  Result<void> open_links(const SocketOptions& options, int workers);
  Result<void> open_outlets(const SocketOptions& options, int workers);
  Task<Result<void>> put_by_owner(Exchange& exchange, Outlet& outlet, std::span<const std::string_view> frames,
                                  TimePoint deadline);
  Outlet& outlet_of(Worker& worker, std::size_t endpoint);
  Link& link_of(Worker& worker, std::size_t endpoint);

  std::string service_;
  ServiceConfig config_;
  std::vector<ZmqAddress> addresses_;
  std::vector<Endpoint> endpoints_;
  Parts parts_;
  Parts answer_parts_;
  FormatPtr format_;  // the calling side's
  // By worker and endpoint; those of a worker are touched by that alone.
  std::vector<std::unique_ptr<Link>> links_;
  std::vector<std::unique_ptr<Outlet>> outlets_;
  // Of the one that listens.
  Mutex lock_;
  Worker* owner_ BUSWAY_GUARDED_BY(lock_) = nullptr;
};

}  // namespace busway::zmq
