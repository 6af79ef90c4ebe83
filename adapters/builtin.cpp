#include "adapters/builtin.hpp"

#include "adapters/http/adapter.hpp"
#include "adapters/soap/adapter.hpp"
#include "adapters/tcp/adapter.hpp"
#include "adapters/zmq/adapter.hpp"

namespace busway {

void add_builtin_adapters(Registry& registry) {
  registry.add(http_adapter());
  registry.add(soap_adapter());
  registry.add(tcp_adapter());
  registry.add(zmq_adapter());
}

}  // namespace busway
