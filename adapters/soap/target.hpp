#pragma once

#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "adapters/http/client.hpp"
#include "adapters/http/target.hpp"
#include "adapters/soap/body_shape.hpp"
#include "adapters/soap/wsdl_contracts.hpp"
#include "bus/registry.hpp"
#include "bus/target.hpp"

namespace busway::soap {

// `soap: { endpoints: [http://10.0.0.5/erp], namespace: urn:erp, wsdl_file: erp.wsdl }`
struct TargetConfig {
  std::vector<std::string> endpoints;
  std::string name_space;
  FileRef wsdl_file;
  Version version = Version::v1_1;
  std::string soap_action;
  bool qualified = true;
  std::int64_t connections = 64;
  std::optional<http::ClientTls> tls;
  ByteSize max_answer{10 * 1024 * 1024};
};
Role<Target, TargetContext> target_role();

// The extra keys of a call step.
struct CallOptions {
  std::string operation;
  ExpressionRef soap_headers;
  std::optional<std::string> soap_action;
};
Fields<CallOptions> call_option_fields();

// Calls a SOAP service over HTTP (SOAP 1.1, 6; SOAP 1.2 part 2, 7): documents go out as the operation's element, the element in
// the answer's Body comes back as a document. A Fault is Answer::fault; another answer >= 400 keeps its bytes; anything else that
// is no envelope is `garbage`. Header blocks of answers are not read.
class SoapTarget final : public Target {
 public:
  SoapTarget(TargetConfig config, std::vector<Endpoint> endpoints, std::unique_ptr<BodyShape> shape,
             std::shared_ptr<const WsdlContracts> wsdl = nullptr);
  std::string_view protocol() const override { return "soap"; }
  const std::vector<Endpoint>& endpoints() const override { return endpoints_; }
  bool writes_documents() const override { return true; }
  FormatPtr default_format() const override { return nullptr; }
  void use_format(FormatPtr) override {}
  std::shared_ptr<const void> read_call(const ConfigNode& call, CheckContext& check) const override;
  ExchangeContract contract(const void* options) const override;
  bool idempotent(Exchange&, const Outbound&) const override { return false; }
  Result<void> open(int workers) override;
  Task<Result<Answer>> call(Exchange& exchange, const Outbound& outbound, const Endpoint& endpoint, TimePoint deadline) override;
  void close(Worker& worker) override { client_.close(worker); }
  Result<SimulatedRequest> simulate_request(Exchange& exchange, const Outbound& outbound, const Endpoint& endpoint) override;
  Result<Answer> simulate_answer(Exchange& exchange, const Outbound& outbound, const SimulatedReply& reply) override;

 private:
  // A request's parts, kept by the exchange.
  struct Composed {
    std::string_view path;
    std::string_view content_type;
    std::string_view body;
    Headers headers;
  };
  struct Received {
    int status = 0;
    std::string_view content_type;
    std::string_view body;
  };
  Result<Composed> compose(Exchange& exchange, const Outbound& outbound, const Endpoint& endpoint) const;
  Result<void> write_request(Exchange& exchange, const Outbound& outbound, std::string& body) const;
  Result<Answer> read_answer(Exchange& exchange, const Received& received, Headers headers) const;
  Result<std::string_view> write_reply(Exchange& exchange, const Outbound& outbound, const SimulatedReply& reply,
                                       int& status) const;

  TargetConfig config_;
  std::vector<Endpoint> endpoints_;
  std::unique_ptr<BodyShape> shape_;
  std::shared_ptr<const WsdlContracts> wsdl_;  // null: none is named
  http::Client client_;
};

}  // namespace busway::soap
