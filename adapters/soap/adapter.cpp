#include "adapters/soap/adapter.hpp"

#include "adapters/soap/inlet.hpp"
#include "adapters/soap/target.hpp"

namespace busway {

namespace {

constexpr std::string_view reference =
    R"(SOAP 1.1 and 1.2 over HTTP, document/literal. Routes see plain documents: the members of the element in the Body, by local
name; leaves are strings, repeats are arrays, xsi:nil is null. Nobody writes an envelope or a prefix.

What is no envelope, a wrong version, an unknown operation and a header that must be understood and is not are answered with a Fault before any route runs. A
failure that no handler takes is a Fault with the message's id in its detail, and nothing of the inside. rpc/encoded and attachments are not read.)";

}  // namespace

AdapterType soap_adapter() {
  return {.name = "soap",
          .summary = "Serves and calls SOAP 1.1 and 1.2 over HTTP.",
          .doc = std::string(reference),
          .badge = {.acknowledges = "when the route has replied", .may_repeat = true, .keeps_order = false},
          .listens_on = "http",
          .listener = {},
          .inlet = soap::inlet_role(),
          .target = soap::target_role(),
          .call = soap::call_option_fields().infos(),
          .no_use_for = {"error", "format", "method"},
          .examples = {
              {"One operation of a service", "from: { soap: /services/orders, operation: PlaceOrder, on: front }"},
              {"Only SOAP 1.2, in one namespace",
               "from: { soap: /services/orders, operation: PlaceOrder, version: '1.2', namespace: 'urn:orders', on: front }"},
              {"A service", "services: { erp: { soap: { endpoints: ['http://10.0.0.5/erp'], namespace: 'urn:erp' } } }"},
              {"A service that wants bare members",
               "services: { crm: { soap: { endpoints: ['http://10.0.0.5/axis/services/Crm'], namespace: 'urn:crm:v1', qualified: "
               "false, "
               "soap_action: 'urn:getCustomer' } } }"}}};
}

}  // namespace busway
