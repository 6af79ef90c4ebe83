#include "adapters/http/grammar.hpp"
#include "adapters/http/target.hpp"

namespace busway::http {

Fields<ClientTls> client_tls_fields() {
  return {{"ca", &ClientTls::ca, "Certificates (PEM) of the authorities to trust instead of the system's."},
          {"certificate", &ClientTls::certificate, "Our own certificate chain (PEM), for services that ask for one."},
          {"key", &ClientTls::key, "The key of `certificate` (PEM), as ${file:PATH} or ${env:NAME}."},
          {"verify", &ClientTls::verify, "Whether the service's certificate is checked; false only where nothing is at stake."},
          {"server_name", &ClientTls::server_name, "The name the certificate must hold, where it is not the endpoint's host."}};
}

ClientOptions client_options(std::int64_t connections, ByteSize max_answer, const std::optional<ClientTls>& tls) {
  ClientOptions options;
  options.connections = connections;
  options.max_answer = max_answer.bytes;
  if (tls) {
    options.tls = {
        .ca_pem = tls->ca.content, .certificate_pem = tls->certificate.content, .key_pem = tls->key, .verify = tls->verify};
    options.server_name = tls->server_name;
  }
  return options;
}

Result<Endpoint> read_endpoint(std::string_view url) {
  Endpoint endpoint;
  endpoint.text = url;
  if (holds_reference(url)) {
    endpoint.host_port.host = url;
    return endpoint;
  }
  std::string_view rest = url;
  if (rest.starts_with("https://")) {
    endpoint.secure = true;
    rest.remove_prefix(8);
  } else if (rest.starts_with("http://")) {
    rest.remove_prefix(7);
  } else {
    return fail(ErrorKind::config, "expected a URL like http://10.0.0.5:8080/orders, found '" + std::string(url) + "'");
  }
  std::size_t end = rest.find_first_of("/?#");
  std::string_view authority = rest.substr(0, end);
  endpoint.path = end == std::string_view::npos ? std::string() : std::string(rest.substr(end));
  if (authority.find('@') != std::string_view::npos)
    return fail(ErrorKind::config,
                "user names and passwords do not belong in a URL: set an Authorization header under the service's `headers`");
  if (!is_authority(authority)) return fail(ErrorKind::config, "'" + std::string(authority) + "' is no host");
  if (endpoint.path.starts_with('?')) endpoint.path.insert(0, "/");
  std::string_view path = std::string_view(endpoint.path).substr(0, endpoint.path.find('?'));
  std::string_view query = std::string_view(endpoint.path).substr(path.size());
  if (!is_encoded_text(path, false) || !is_encoded_text(query, true))
    return fail(ErrorKind::config, "the path '" + endpoint.path + "' holds a character that must be percent-encoded");
  bool has_port = authority.front() == '[' ? !authority.ends_with(']') : authority.find(':') != std::string_view::npos;
  std::string with_port(authority);
  if (!has_port) with_port += endpoint.secure ? ":443" : ":80";
  auto host_port = read_host_port(with_port);
  if (!host_port) return std::unexpected(host_port.error());
  endpoint.host_port = std::move(*host_port);
  return endpoint;
}

bool read_endpoints(const std::vector<std::string>& urls, const ConfigNode& node, CheckContext& check,
                    std::vector<Endpoint>& out) {
  const ConfigNode* list = &node;
  if (const ConfigNode::Entry* entry = node.find("endpoints")) list = &entry->value;
  bool good = true;
  if (urls.empty()) {
    check.findings.error("BW5013", list->at, "a service needs at least one endpoint");
    return false;
  }
  for (std::size_t i = 0; i < urls.size(); ++i) {
    const Position& at = list->is_list() && i < list->items.size() ? list->items[i].at : list->at;
    auto endpoint = read_endpoint(urls[i]);
    if (!endpoint) {
      check.findings.error("BW5013", at, endpoint.error().text);
      good = false;
      continue;
    }
    endpoint->at = at;
    out.push_back(std::move(*endpoint));
  }
  return good;
}

}  // namespace busway::http
