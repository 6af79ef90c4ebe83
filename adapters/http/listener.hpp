#pragma once

#include <chrono>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "adapters/http/connection.hpp"
#include "bus/field.hpp"
#include "bus/listener.hpp"

namespace busway::http {

struct ServerTls {
  FileRef certificate;
  Secret key;
  FileRef client_ca;
};

struct ListenerConfig {
  std::string listen{};
  std::optional<ServerTls> tls{};
  std::int64_t max_connections = 10'000;
  std::optional<std::int64_t> max_connections_per_address{};
  std::optional<std::int64_t> max_requests{};
  std::optional<std::int64_t> max_in_flight{};
  ByteSize max_line{8 * 1024};
  ByteSize max_head{32 * 1024};
  std::int64_t max_fields = 100;
  std::chrono::milliseconds head_deadline{10'000};
  std::chrono::milliseconds idle{60'000};
  ByteSize body_rate{1024};
  bool access_log = false;
};

// Accepts HTTP/1.1 connections on every worker and serves the inlets attached to it.
class HttpListener final : public Listener {
 public:
  HttpListener(ListenerConfig config, HostPort at);
  ~HttpListener() override;
  std::string_view adapter() const override { return "http"; }
  bool attach(std::unique_ptr<Inlet> inlet, CheckContext& check) override;
  Result<void> open(int workers) override;
  std::string address() const override;
  void serve(Worker& worker) override;
  void stop(Worker& worker) override;
  std::size_t connections(const Worker& worker) const override;
  Task<Result<TestReply>> simulate(Worker& worker, const TestRequest& request, Arena& arena) override;

 private:
  Task<> accept_on(Lane& lane);
  ListenerConfig config_;
  HostPort at_;
  Serving serving_;
  std::unique_ptr<Acceptor> acceptor_;
  std::vector<std::unique_ptr<Lane>> lanes_;  // one a worker, made on its thread
};

}  // namespace busway::http
