#pragma once

#include <memory>
#include <string>

#include "bus/field.hpp"
#include "bus/socket.hpp"

namespace busway::tcp {

// `tls:` of a listener.
struct ServerTls {
  FileRef certificate{};
  Secret key{};
  FileRef client_ca{};
};
Fields<ServerTls> server_tls_fields();

// `tls:` of a service.
struct ClientTls {
  FileRef ca{};
  FileRef certificate{};
  Secret key{};
  bool verify = true;
  std::string server_name{};
};
Fields<ClientTls> client_tls_fields();

// Phase `open`. Errors: kind `config`.
Result<std::shared_ptr<const TlsContext>> make_context(const ServerTls& tls);
Result<std::shared_ptr<const TlsContext>> make_context(const ClientTls& tls);

}  // namespace busway::tcp
