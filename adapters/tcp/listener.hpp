#pragma once

#include <atomic>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "adapters/tcp/frame_fields.hpp"
#include "adapters/tcp/frame_routes.hpp"
#include "adapters/tcp/tls_fields.hpp"
#include "bus/listener.hpp"
#include "bus/socket.hpp"

namespace busway::tcp {

struct ListenerConfig {
  std::string listen{};
  std::optional<FrameConfig> frame{};
  ByteSize max_frame{1024 * 1024};
  std::optional<ServerTls> tls{};
  std::int64_t max_connections = 10'000;
  std::chrono::milliseconds idle{300'000};
  std::chrono::milliseconds transfer{30'000};
};
Fields<ListenerConfig> listener_fields();
std::unique_ptr<Listener> make_listener(ListenerConfig config, const ConfigNode& node, CheckContext& check,
                                        const ListenerContext& context);

// Accepts connections on every worker and serves their frames in turn: one exchange a connection at a time, answers in the order
// of the requests. While a request is at work nothing more is read from its connection. With a stream route on it, each
// connection is carried to that route's service instead.
class TcpListener final : public Listener {
 public:
  TcpListener(ListenerConfig config, HostPort at, std::optional<Framing> framing);
  ~TcpListener() override;

  std::string_view adapter() const override { return "tcp"; }
  bool attach(std::unique_ptr<Inlet> inlet, CheckContext& check) override;
  Result<void> open(int workers) override;
  std::string address() const override;
  void serve(Worker& worker) override;
  void stop(Worker& worker) override;
  std::size_t connections(const Worker& worker) const override;
  Task<Result<TestReply>> simulate(Worker& worker, const TestRequest& request, Arena& arena) override;

 private:
  // What one worker has to do with this listener.
  struct Lane {
    std::vector<Socket*> idle;  // waiting for a frame
    std::size_t connections = 0;
    bool stopping = false;
  };
  class Counted;
  class Waiting;

  Task<> accept_on(Worker& worker);
  Task<> serve_connection(Worker& worker, Socket socket, std::string peer);
  Task<> serve_stream(Worker& worker, Socket socket);
  Task<> serve_frames(Worker& worker, Socket& socket, std::string_view peer);
  Task<> end_gently(Worker& worker, Socket& socket);
  Lane& lane_of(const Worker& worker) const { return *lanes_[static_cast<std::size_t>(worker.index())]; }

  ListenerConfig config_;
  HostPort at_;
  bool framed_;
  FrameRoutes routes_;
  std::unique_ptr<TcpInlet> stream_;  // takes all connections; then there are no frame routes
  std::shared_ptr<const TlsContext> tls_;
  std::unique_ptr<Acceptor> acceptor_;
  std::vector<std::unique_ptr<Lane>> lanes_;  // one a worker, used on its thread
  std::atomic<std::int64_t> open_{0};         // connections of all workers
};

}  // namespace busway::tcp
