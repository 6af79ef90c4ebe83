#include "adapters/http/listener.hpp"

namespace busway::http {

HttpListener::HttpListener(ListenerConfig config, HostPort at)
    : config_(std::move(config)),
      at_(std::move(at)),
      serving_({.all = config_.max_connections, .an_address = config_.max_connections_per_address}) {
  serving_.limits = {.line = static_cast<std::size_t>(config_.max_line.bytes),
                     .head = static_cast<std::size_t>(config_.max_head.bytes),
                     .fields = static_cast<std::size_t>(config_.max_fields)};
  serving_.head_deadline = config_.head_deadline;
  serving_.idle = config_.idle;
  serving_.body_rate = config_.body_rate.bytes;
  serving_.max_requests = config_.max_requests.value_or(INT64_MAX);
  serving_.max_in_flight = config_.max_in_flight.value_or(0);
  serving_.access_log = config_.access_log;
}

HttpListener::~HttpListener() = default;

bool HttpListener::attach(std::unique_ptr<Inlet> inlet, CheckContext& check) {
  auto* matched = dynamic_cast<HttpInlet*>(inlet.get());
  if (matched == nullptr) {
    check.findings.error("BW5014", inlet->at(),
                         "a '" + std::string(inlet->protocol()) + "' route cannot stand on an http listener");
    return false;
  }
  [[maybe_unused]] Inlet* moved = inlet.release();
  return serving_.routes.add(std::unique_ptr<HttpInlet>(matched), check.findings);
}

Result<void> HttpListener::open(int workers) {
  if (config_.tls) {
    TlsServerOptions options{.certificate_pem = config_.tls->certificate.content,
                             .key_pem = config_.tls->key,
                             .client_ca_pem = config_.tls->client_ca.content};
    auto tls = make_tls_server(options);
    if (!tls) return std::unexpected(tls.error());
    serving_.tls = std::move(*tls);
  }
  auto acceptor = Acceptor::bind(at_, workers);
  if (!acceptor) return std::unexpected(acceptor.error());
  acceptor_ = std::move(*acceptor);
  lanes_.resize(static_cast<std::size_t>(workers));
  return {};
}

std::string HttpListener::address() const {
  return acceptor_ == nullptr ? at_.text() : acceptor_->address().text();
}

void HttpListener::serve(Worker& worker) {
  auto& lane = lanes_[static_cast<std::size_t>(worker.index())];
  lane = std::make_unique<Lane>(serving_, worker);
  worker.spawn(accept_on(*lane));
}

Task<> HttpListener::accept_on(Lane& lane) {
  while (true) {
    auto accepted = co_await acceptor_->accept(lane.worker);
    if (!accepted) co_return;
    admit(lane, std::move(accepted->socket), accepted->peer);
  }
}

void HttpListener::stop(Worker& worker) {
  if (acceptor_ != nullptr) acceptor_->stop(worker);
  if (auto& lane = lanes_[static_cast<std::size_t>(worker.index())]) lane->stop();
}

std::size_t HttpListener::connections(const Worker& worker) const {
  const auto& lane = lanes_[static_cast<std::size_t>(worker.index())];
  return lane == nullptr ? 0 : lane->connections;
}

}  // namespace busway::http
