#include "adapters/tcp/tls_fields.hpp"

namespace busway::tcp {

Fields<ServerTls> server_tls_fields() {
  return {
      {"certificate", &ServerTls::certificate, "The certificate chain in PEM, leaf first.", required()},
      {"key", &ServerTls::key, "The certificate's private key in PEM, such as ${file:/etc/ssl/private/till.pem}.", required()},
      {"client_ca", &ServerTls::client_ca, "Callers must show a certificate that one of these PEM certificates has signed."}};
}

Fields<ClientTls> client_tls_fields() {
  return {{"ca", &ClientTls::ca, "PEM certificates that sign the service's; left out: those the system trusts."},
          {"certificate", &ClientTls::certificate, "The certificate chain shown to the service, in PEM."},
          {"key", &ClientTls::key, "That certificate's private key in PEM, such as ${file:/etc/ssl/private/bus.pem}."},
          {"verify", &ClientTls::verify, "Whether the service's certificate and name are checked."},
          {"server_name", &ClientTls::server_name, "The name its certificate must have; left out: the endpoint's host."}};
}

Result<std::shared_ptr<const TlsContext>> make_context(const ServerTls& tls) {
  return make_tls_server(
      {.certificate_pem = tls.certificate.content, .key_pem = tls.key, .client_ca_pem = tls.client_ca.content});
}

Result<std::shared_ptr<const TlsContext>> make_context(const ClientTls& tls) {
  return make_tls_client(
      {.ca_pem = tls.ca.content, .certificate_pem = tls.certificate.content, .key_pem = tls.key, .verify = tls.verify});
}

}  // namespace busway::tcp
