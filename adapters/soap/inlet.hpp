#pragma once

#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "adapters/soap/body_shape.hpp"
#include "adapters/soap/wsdl_file.hpp"
#include "bus/http_inlet.hpp"
#include "bus/registry.hpp"

namespace busway::soap {

enum class Versions : std::uint8_t { any, v1_1, v1_2 };

// `from: { soap: /services/orders, operation: PlaceOrder }`
struct InletConfig {
  std::string soap;  // the path
  std::string operation;
  Versions version = Versions::any;
  std::string name_space;
  bool qualified = true;
  FileRef wsdl_file;
  std::vector<std::string> understands;
  std::optional<ByteSize> max_body;
};
Role<Inlet, InletContext> inlet_role();

// One operation of a SOAP service on an http listener. Operations share their path: the first body element chooses, else the
// SOAPAction. What is wrong with the envelope is answered with a Fault before any route runs.
class SoapInlet final : public HttpInlet {
 public:
  struct Place {
    const Route* route = nullptr;
    std::uint64_t max_body = 0;
    Position at;
  };
  SoapInlet(InletConfig config, std::optional<WsdlFile> wsdl, std::unique_ptr<BodyShape> shape, Place place,
            ExchangeContract contract = {});

  std::string_view protocol() const override { return "soap"; }
  const Route& route() const override { return *place_.route; }
  ExchangeContract contract() const override { return contract_; }
  const Position& at() const override { return place_.at; }
  const HttpMatch& match() const override { return match_; }
  std::uint64_t max_body() const override { return place_.max_body; }
  bool shares_place() const override { return true; }
  bool clashes(const HttpInlet& other) const override;
  Task<void> serve(Exchange& exchange, std::span<const HttpInlet* const> same_place, HttpReply& reply) const override;
  void refuse(Exchange& exchange, const Failure& failure, HttpReply& reply) const override;
  Result<void> write_test_request(const TestRequest& request, Arena& arena, std::string& method,
                                  std::vector<std::pair<std::string, std::string>>& headers, std::string& body) const override;
  Result<Node> read_test_reply(const HttpReply& reply, Arena& arena) const override;

 private:
  // What the request asked in, and so what it is answered in.
  struct Asked {
    Version version = Version::v1_1;
    std::string_view uri;  // of the body element
  };
  // A refusal of the envelope: the Fault's code, and a sentence that tells nothing of the inside.
  struct Refused {
    std::string_view code;
    std::string_view text;
    std::string header{};  // XML of a Header that goes with it
  };

  const SoapInlet* accept(Exchange& exchange, std::span<const HttpInlet* const> same_place, Asked& asked, HttpReply& reply) const;
  const SoapInlet* choose(const Envelope& envelope, std::string_view action, std::span<const HttpInlet* const> same_place) const;
  bool takes(Version version) const;
  void refuse_envelope(Exchange& exchange, Version version, const Refused& refused, std::string message, HttpReply& reply) const;
  void serve_file(Exchange& exchange, std::span<const HttpInlet* const> same_place, HttpReply& reply) const;

  void answer(Exchange& exchange, const Asked& asked, HttpReply& reply) const;
  Result<void> write_answer(Exchange& exchange, const Asked& asked, std::string& out) const;
  Result<void> write_reply_fault(Exchange& exchange, const Asked& asked, int status, HttpReply& reply) const;
  void write_failure(Exchange& exchange, Version version, const Failure& failure, HttpReply& reply) const;

  InletConfig config_;
  std::optional<WsdlFile> wsdl_;
  std::unique_ptr<BodyShape> shape_;
  Place place_;
  ExchangeContract contract_;  // by the WSDL
  HttpMatch match_;
};

}  // namespace busway::soap
