#include "adapters/soap/inlet.hpp"
#include "adapters/soap/wsdl_contracts.hpp"
#include "transforms/formats/xml_name.hpp"

namespace busway::soap {

namespace {

bool check_names(const InletConfig& config, const ConfigNode& node, CheckContext& check) {
  bool good = true;
  if (!config.soap.starts_with('/')) {
    check.findings.error("BW5030", node.place_under("soap"),
                         "a soap source needs a path that starts with '/', like /services/orders");
    good = false;
  }
  if (!is_ncname(config.operation)) {
    check.findings.error("BW5030", node.place_under("operation"),
                         "'" + config.operation + "' cannot be an operation: it is not a name in XML");
    good = false;
  }
  if (find_non_xml(config.name_space) != std::string::npos) {
    check.findings.error("BW5030", node.place_under("namespace"), "the namespace has a character that XML cannot hold");
    good = false;
  }
  return good;
}

ExchangeContract contract_of(const WsdlContracts& wsdl, const InletConfig& config) {
  const WsdlContracts::Operation* operation = wsdl.find(config.name_space, config.operation);
  if (operation == nullptr) return {};
  ExchangeContract out = operation->contract;
  // The element that a reply is written as is no other than this.
  bool written = operation->answer_name == config.operation + "Response" && operation->answer_uri == operation->uri;
  if (!written) out.answer = nullptr;
  return out;
}

std::unique_ptr<Inlet> make_inlet(InletConfig config, const ConfigNode& node, CheckContext& check, const InletContext& context) {
  if (!check_names(config, node, check)) return nullptr;
  std::optional<WsdlFile> wsdl;
  ExchangeContract contract;
  if (!config.wsdl_file.path.empty()) {
    auto read = WsdlFile::read(config.wsdl_file.content);
    if (!read) {
      check.findings.error("BW5031", config.wsdl_file.at, config.wsdl_file.path + ": " + read.error().text);
      return nullptr;
    }
    wsdl = std::move(*read);
    auto contracts = WsdlContracts::read(config.wsdl_file, check);
    if (contracts == nullptr) return nullptr;
    contract = contract_of(*contracts, config);
  }
  auto shape = std::make_unique<PlainBody>(config.qualified);
  SoapInlet::Place place{.route = context.route, .max_body = config.max_body.value_or(context.max_body).bytes, .at = node.at};
  return std::make_unique<SoapInlet>(std::move(config), std::move(wsdl), std::move(shape), std::move(place), std::move(contract));
}

}  // namespace

Role<Inlet, InletContext> inlet_role() {
  return role<InletConfig, Inlet, InletContext>(
      {{"soap", &InletConfig::soap, "The path of the service; routes may share it.", required()},
       {"operation", &InletConfig::operation,
        "The operation this route serves: the name of the first element in the Body, or what SOAPAction ends in.", required()},
       {"version", &InletConfig::version, "The version of SOAP the route takes; it answers in the one it was asked in.",
        one_of<Versions>({{"any", Versions::any}, {"1.1", Versions::v1_1}, {"1.2", Versions::v1_2}})},
       {"namespace", &InletConfig::name_space, "Takes the operation in this namespace only; left out, in any."},
       {"qualified", &InletConfig::qualified, "Whether the members of a reply are in the operation's namespace, or in none."},
       {"wsdl_file", &InletConfig::wsdl_file,
        "A WSDL of the bundle, served at `?wsdl` with the address it was asked at. `busway check` holds the route against it."},
       {"understands", &InletConfig::understands,
        "Headers the route reads itself, so that mustUnderstand is met: names, or {namespace}name."},
       {"max_body", &InletConfig::max_body, "The largest envelope; a larger one is refused."}},
      make_inlet);
}

}  // namespace busway::soap
