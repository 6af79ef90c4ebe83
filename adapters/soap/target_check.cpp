#include "adapters/soap/media_type.hpp"
#include "adapters/soap/target.hpp"
#include "transforms/formats/xml_name.hpp"

namespace busway::soap {

namespace {

std::unique_ptr<Target> make_target(TargetConfig config, const ConfigNode& node, CheckContext& check, const TargetContext&) {
  std::vector<Endpoint> endpoints;
  bool good = http::read_endpoints(config.endpoints, node, check, endpoints);
  if (find_non_xml(config.name_space) != std::string::npos) {
    check.findings.error("BW5030", node.place_under("namespace"), "the namespace has a character that XML cannot hold");
    good = false;
  }
  if (!is_action(config.soap_action)) {
    check.findings.error("BW5030", node.place_under("soap_action"),
                         "soap_action is written without quotes, blanks and characters beyond ASCII");
    good = false;
  }
  if (!good) return nullptr;
  std::shared_ptr<const WsdlContracts> wsdl;
  if (!config.wsdl_file.path.empty()) {
    wsdl = WsdlContracts::read(config.wsdl_file, check);
    if (wsdl == nullptr) return nullptr;
  }
  auto shape = std::make_unique<PlainBody>(config.qualified);
  return std::make_unique<SoapTarget>(std::move(config), std::move(endpoints), std::move(shape), std::move(wsdl));
}

Fields<TargetConfig> target_fields() {
  return {
      {"endpoints", &TargetConfig::endpoints, "URLs the service is reached at.", required()},
      {"namespace", &TargetConfig::name_space, "The namespace of the operations: what the request's element is in.", required()},
      {"wsdl_file", &TargetConfig::wsdl_file,
       "A WSDL of the bundle: what `busway check` knows of the operations. What is sent and read stays plain."},
      {"version", &TargetConfig::version, "The version of SOAP to speak.",
       one_of<Version>({{"1.1", Version::v1_1}, {"1.2", Version::v1_2}})},
      {"soap_action", &TargetConfig::soap_action, "The SOAPAction (1.1) or the action parameter (1.2) of calls that name none."},
      {"qualified", &TargetConfig::qualified,
       "Whether the members of a request are in the namespace too (elementFormDefault), or in none."},
      {"connections", &TargetConfig::connections, "Connections to all endpoints at once; calls beyond wait their turn.",
       at_least(1), at_most(100'000)},
      {"tls", &TargetConfig::tls, "How https endpoints are verified and what we show them.", http::client_tls_fields()},
      {"max_answer", &TargetConfig::max_answer, "The largest answer taken; a larger one is `garbage`.", at_least(ByteSize{1}),
       at_most(ByteSize{1024 * 1024 * 1024})}};
}

}  // namespace

Role<Target, TargetContext> target_role() {
  auto made = role<TargetConfig, Target, TargetContext>(target_fields(), make_target);
  made.make = [make = std::move(made.make)](const ConfigNode& node, CheckContext& check,
                                            const TargetContext& context) -> std::unique_ptr<Target> {
    if (const ConfigNode::Entry* wsdl = node.find("wsdl")) {
      check.findings.error(
          "BW1013", wsdl->key.at,
          "'wsdl' is not in this version: name 'endpoints' and 'namespace', and 'wsdl_file' for check to know its types");
      return nullptr;
    }
    return make(node, check, context);
  };
  return made;
}

Fields<CallOptions> call_option_fields() {
  return {{"operation", &CallOptions::operation, "The operation to call: the name of the element in the Body.", required()},
          {"soap_headers", &CallOptions::soap_headers,
           "An expression that makes the Header: an object with a member for each block."},
          {"soap_action", &CallOptions::soap_action, "Instead of the service's."}};
}

std::shared_ptr<const void> SoapTarget::read_call(const ConfigNode& call, CheckContext& check) const {
  auto options = std::make_shared<CallOptions>();
  if (!call_option_fields().read(call, check, *options)) return nullptr;
  bool good = true;
  if (!is_ncname(options->operation)) {
    check.findings.error("BW5030", call.place_under("operation"),
                         "'" + options->operation + "' cannot be an operation: it is not a name in XML");
    good = false;
  }
  if (options->soap_action && !is_action(*options->soap_action)) {
    check.findings.error("BW5030", call.place_under("soap_action"),
                         "soap_action is written without quotes, blanks and characters beyond ASCII");
    good = false;
  }
  if (good && wsdl_ != nullptr) {
    check_operation(*wsdl_, config_.name_space, options->operation, call.place_under("operation"), check);
  }
  return good ? options : nullptr;
}

ExchangeContract SoapTarget::contract(const void* options) const {
  if (wsdl_ == nullptr || options == nullptr) return {};
  const auto& call = *static_cast<const CallOptions*>(options);
  const WsdlContracts::Operation* operation = wsdl_->find(config_.name_space, call.operation);
  return operation == nullptr ? ExchangeContract() : operation->contract;
}

}  // namespace busway::soap
