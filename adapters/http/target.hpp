#pragma once

#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "adapters/http/client.hpp"
#include "bus/field.hpp"
#include "bus/registry.hpp"
#include "bus/target.hpp"

namespace busway::http {

struct ClientTls {
  FileRef ca;
  FileRef certificate;
  Secret key;
  bool verify = true;
  std::string server_name;
};

struct TargetConfig {
  std::vector<std::string> endpoints{};
  std::string method{};
  std::int64_t connections = 64;
  std::optional<ClientTls> tls{};
  ByteSize max_answer{10 * 1024 * 1024};
};

Fields<ClientTls> client_tls_fields();
ClientOptions client_options(std::int64_t connections, ByteSize max_answer, const std::optional<ClientTls>& tls);

// "http://10.0.0.5/erp" as an endpoint. Errors: kind `config`, in words for the user.
Result<Endpoint> read_endpoint(std::string_view url);
// The endpoints of a service's list, each at its own place of `node` (the service's mapping). False after findings.
bool read_endpoints(const std::vector<std::string>& urls, const ConfigNode& node, CheckContext& check,
                    std::vector<Endpoint>& out);

// Calls a service in HTTP: passes a caller's request through, or composes one.
class HttpTarget final : public Target {
 public:
  HttpTarget(TargetConfig config, std::vector<Endpoint> endpoints, FormatPtr own_format, const Registry& registry);
  std::string_view protocol() const override { return "http"; }
  const std::vector<Endpoint>& endpoints() const override { return endpoints_; }
  FormatPtr default_format() const override { return own_format_; }
  void use_format(FormatPtr format) override { format_ = std::move(format); }
  bool idempotent(Exchange& exchange, const Outbound& outbound) const override;
  Result<void> open(int workers) override;
  Task<Result<Answer>> call(Exchange& exchange, const Outbound& outbound, const Endpoint& endpoint, TimePoint deadline) override;
  bool streams_bodies() const override { return true; }
  void close(Worker& worker) override { client_.close(worker); }
  Result<SimulatedRequest> simulate_request(Exchange& exchange, const Outbound& outbound, const Endpoint& endpoint) override;
  Result<Answer> simulate_answer(Exchange& exchange, const Outbound& outbound, const SimulatedReply& reply) override;

  const Client& client() const { return client_; }

 private:
  std::string_view method_of(Exchange& exchange, const Outbound& outbound) const;
  std::string_view target_of(Exchange& exchange, const Outbound& outbound, const Endpoint& endpoint) const;
  Request compose(Exchange& exchange, const Outbound& outbound, const Endpoint& endpoint) const;
  Answer to_answer(Exchange& exchange, Response response) const;
  const Format* format_of(std::string_view content_type) const;

  TargetConfig config_;
  std::vector<Endpoint> endpoints_;
  FormatPtr own_format_;
  FormatPtr format_;
  const Registry& registry_;
  Client client_;
};

}  // namespace busway::http
