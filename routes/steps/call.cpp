#include <algorithm>
#include <iterator>

#include "bus/compute.hpp"
#include "bus/registry.hpp"
#include "bus/route.hpp"
#include "bus/service.hpp"
#include "bus/step.hpp"
#include "routes/keys.hpp"
#include "routes/steps/builtin.hpp"
#include "routes/steps/computed_text.hpp"
#include "routes/steps/header_fields.hpp"

namespace busway::routes {

namespace {

struct CallConfig {
  std::string service;
  ExpressionRef request;
  std::string into;
  std::string method;
  TextRef path;
  std::string operation;
  bool idempotent = false;
};

Fields<CallConfig> call_fields() {
  return {
      {"service", &CallConfig::service, "The name of the service.", required(), shorthand()},
      {"request", &CallConfig::request, "What is sent; without it, the body as it is."},
      {"into", &CallConfig::into, "The answer goes to $vars under this name, and the message stays."},
      {"method", &CallConfig::method, "Of an HTTP request; POST when it is left out and the caller's request is not passed on."},
      {"path", &CallConfig::path, "Path and query in place of the endpoint's."},
      {"operation", &CallConfig::operation, "The operation of a SOAP service."},
      {"idempotent", &CallConfig::idempotent, "Repeating this call cannot do harm, so an unknown outcome may be tried again."}};
}

// What may follow the authority in a request line (RFC 9112, 3.2.1), already percent-encoded.
bool good_target(std::string_view path) {
  if (!path.starts_with('/')) return false;
  for (char c : path) {
    if (c <= ' ' || c == 0x7F || c == '#' || c == '\\') return false;
  }
  return true;
}

class alignas(64) CallStep final : public Step {
 public:
  CallStep(CallConfig config, const Service& service, std::shared_ptr<const void> options, bool alone)
      : service_(service),
        options_(std::move(options)),
        alone_(alone),
        idempotent_(config.idempotent),
        config_(std::move(config)) {
    plain_ =
        !config_.request && config_.into.empty() && config_.method.empty() && !config_.path.given && config_.operation.empty();
    computes_ = config_.request || config_.path.computed;
    for (const auto& [name, text] : service_.policy().headers) computes_ = computes_ || text.computed;
  }

  bool waits() const override { return true; }
  bool touches_body() const override { return static_cast<bool>(config_.request); }
  const Service* proxied() const override { return plain_ ? &service_ : nullptr; }
  void leave(Footprint& footprint) const override { footprint.add(this, plain_ ? alignof(CallStep) : sizeof(CallStep)); }

  void follow(MessageTrail& trail) const override {
    trail.read_by(config_.request);
    trail.read_by(config_.path.computed);
    ExchangeContract contract = service_.target().contract(options_.get());
    trail.send(config_.request, contract.request);
    if (config_.into.empty()) {
      trail.receive(contract.answer);
      const FormatRef& format = service_.policy().format;
      trail.plain_xml = format.by_name && format.format->name() == "xml";
      // An answer may be refused for what is in it.
      trail.guarded = static_cast<bool>(service_.policy().fails_when);
      return;
    }
    trail.guarded = trail.guarded || computes_;  // an expression may fail
  }

  Task<Flow> run_waiting(Exchange& exchange) const override {
    Outbound outbound(exchange.arena());
    const bool bytes = passes_on(exchange.message());
    if (exchange.is_large() && (computes_ || !bytes)) {
      Result<void> ready = co_await compute(exchange, [&] { return prepare(exchange, outbound, bytes); });
      if (!ready) co_return failed(exchange, ready.error());
    } else if (auto ready = prepare(exchange, outbound, bytes); !ready) {
      co_return failed(exchange, ready.error());
    }
    auto answer = co_await service_.call(exchange, outbound, idempotent_);
    bool idempotent = idempotent_ || service_.policy().idempotent || service_.target().idempotent(exchange, outbound);
    if (!answer) {
      exchange.fail(failure_of_call(service_, answer.error(), idempotent));
      co_return Flow::failed;
    }
    std::size_t size = answer->message.bytes().size();
    if (!exchange.is_large(size) || !reads(*answer)) co_return take(exchange, *answer, idempotent);
    Flow flow = co_await compute(exchange, [&] { return take(exchange, *answer, idempotent); }, size);
    co_return flow;
  }

 private:
  // Whether take() may parse the answer.
  bool reads(const Answer& answer) const { return sets_variable() || answer.says_no() || service_.policy().fails_when; }

  Flow take(Exchange& exchange, Answer& answer, bool idempotent) const {
    // A proxy hands every whole answer on, if caller and service speak the same protocol: another has no form for a refusal.
    if (!(alone_ && exchange.origin.protocol == service_.target().protocol())) {
      auto refused = service_.failed(exchange, answer);
      if (!refused) return failed(exchange, refused.error());
      if (*refused) {
        exchange.fail(failure_of_answer(exchange, service_, answer, idempotent));
        return Flow::failed;
      }
    }
    if (!sets_variable()) {
      exchange.answer_status = answer.status;
      exchange.message() = std::move(answer.message);
      return Flow::next;
    }
    auto document = answer.message.document(exchange.arena());
    if (!document) return failed(exchange, document.error());
    exchange.set_variable(config_.into, *document);
    return Flow::next;
  }

  Flow failed(Exchange& exchange, const Error& error) const {
    exchange.fail(error);
    return Flow::failed;
  }

  // `bytes`: what is sent is what came.
  Result<void> prepare(Exchange& exchange, Outbound& outbound, bool bytes) const {
    outbound.options = options_.get();
    if (!plain_) {
      if (auto addressed = address(exchange, outbound); !addressed) return addressed;
    }
    if (auto set = set_headers(exchange, outbound); !set) return set;
    return set_body(exchange, outbound, bytes);
  }

  Result<void> address(Exchange& exchange, Outbound& outbound) const {
    outbound.operation = config_.operation;
    outbound.method = config_.method;
    if (config_.path.given) {
      auto path = text_of(config_.path, exchange);
      if (!path) return path.error().while_doing("computing the path of the call");
      if (!good_target(*path))
        return fail(ErrorKind::mapping, "the path of the call is not one: it must begin with '/' and be percent-encoded");
      outbound.path = *path;
    }
    return {};
  }

  Result<void> set_headers(Exchange& exchange, Outbound& outbound) const {
    for (const Header& header : exchange.message().headers.all()) {
      if (header.set) outbound.headers.add(header.name, header.value, true);
    }
    for (const auto& [name, text] : service_.policy().headers) {
      auto value = text_of(text, exchange);
      if (!value)
        return value.error().while_doing("computing the header field '" + name + "' of service '" + service_.name() + "'");
      if (!good_header_value(*value))
        return fail(ErrorKind::mapping, "the header field '" + name + "' would hold a line break or a control character");
      outbound.headers.set(name, *value);
    }
    if (const std::string& name = service_.policy().deadline_header; !name.empty() && exchange.deadline != TimePoint::max()) {
      auto left = std::chrono::duration_cast<std::chrono::milliseconds>(exchange.deadline - exchange.worker().now()).count();
      outbound.headers.set(name, exchange.arena().copy(std::to_string(std::max<std::int64_t>(left, 0))));
    }
    return {};
  }

  Result<void> set_body(Exchange& exchange, Outbound& outbound, bool bytes) const {
    const Message& message = exchange.message();
    std::string_view protocol = service_.target().protocol();
    if (bytes) {
      outbound.pass_through = message.side() == Side::caller && exchange.origin.protocol == protocol;
      outbound.body = message.bytes();
      outbound.content_type = message.content_type;
      if (outbound.pass_through && outbound.method.empty()) outbound.method = exchange.origin.method;
      return {};
    }
    auto document = config_.request ? value_of(config_.request, exchange) : exchange.message().document(exchange.arena());
    if (!document) return std::unexpected(document.error());
    if (config_.request && document->is_nothing()) {
      return fail(ErrorKind::mapping, "the request at " + config_.request.at.text() + " gives nothing");
    }
    if (service_.target().writes_documents()) {
      outbound.document = *document;
      return {};
    }
    if (document->is_nothing()) return {};
    if (service_.format() == nullptr) {
      return fail(ErrorKind::mapping, "service '" + service_.name() + "' names no format, so it can be sent bytes only");
    }
    std::string& body = exchange.keep_string();
    if (auto written = service_.format()->write(*document, body); !written) {
      Error error = written.error();
      error.kind = ErrorKind::mapping;  // the route made a document that the service's format cannot hold
      return error.while_doing("writing the request to '" + service_.name() + "' as " + std::string(service_.format()->name()));
    }
    outbound.body = body;
    outbound.content_type = service_.format()->content_type();
    return {};
  }

  // Both sides of one protocol declare how their bodies are written, each in its own way: bytes of the one mean nothing to the
  // other.
  bool translates(const Message& message) const {
    return message.protocol() != "http" && message.format() != nullptr && service_.policy().format;
  }

  // Its bytes are what the service is sent.
  bool passes_on(const Message& message) const {
    return !computes_body() && message.has_bytes() && message.protocol() == service_.target().protocol() && !translates(message);
  }

  bool computes_body() const { return !plain_ && config_.request; }
  bool sets_variable() const { return !plain_ && !config_.into.empty(); }

  // What a plain call reads is one cache line: of thousands of routes each has its own, and finds it cold.
  const Service& service_;
  std::shared_ptr<const void> options_;
  bool alone_;
  bool idempotent_;
  bool plain_ = false;     // sends what came, and nothing is said of how
  bool computes_ = false;  // evaluates an expression before it calls
  CallConfig config_;
};

bool good_variable(std::string_view name) {
  if (name.empty() || (name[0] >= '0' && name[0] <= '9')) return false;
  for (char c : name) {
    if (!((c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_')) return false;
  }
  return true;
}

// The keys that belong to the service's adapter; of all adapters while the service is not known.
std::vector<std::string> adapter_keys(const Service* service, const Registry& registry) {
  std::vector<std::string> out;
  for (const auto& [name, adapter] : registry.adapters()) {
    if (service != nullptr && name != service->target().protocol()) continue;
    for (const FieldInfo& field : adapter.call) out.push_back(field.name);
  }
  return out;
}

std::unique_ptr<Step> make(const ConfigNode& node, CheckContext& check, const StepContext& context) {
  std::size_t before = check.findings.errors();
  const ConfigNode::Entry* named = node.is_map() ? node.find("service") : nullptr;
  const ConfigNode* name = node.is_map() ? (named == nullptr ? nullptr : &named->value) : &node;
  const Service* service = nullptr;
  if (name != nullptr && name->kind == ConfigNode::Kind::string) service = context.service(name->text, name->at);
  std::vector<std::string> adapters = adapter_keys(service, check.registry);
  std::vector<std::string> extra;  // some keys are read here and by the adapter
  std::vector<FieldInfo> own = call_fields().infos();
  std::copy_if(adapters.begin(), adapters.end(), std::back_inserter(extra),
               [&](const std::string& key) { return !has(names_of(own), key); });
  CallConfig config;
  call_fields().read(node, check, config, extra);
  auto place = [&](std::string_view key) { return node.find(key)->value.at; };
  if (!config.into.empty() && !good_variable(config.into)) {
    check.findings.error("BW2015", place("into"), "'" + config.into + "' cannot name a variable: use letters, digits and '_'");
  }
  if (!config.method.empty() && !is_token(config.method)) {
    check.findings.error("BW2015", place("method"), "'" + config.method + "' is not an HTTP method");
  }
  if (config.path.given && !config.path.computed && !good_target(config.path.text)) {
    check.findings.error("BW2015", place("path"),
                         "a path begins with '/' and holds no blanks; other characters are percent-encoded");
  }
  if (service == nullptr) return nullptr;
  if (const AdapterType* adapter = check.registry.adapter(service->target().protocol()))
    report_no_use(node, *adapter, names_of(own), check);
  if (config.request && !service->target().writes_documents() && service->format() == nullptr) {
    check.findings.error("BW2016", place("request"),
                         "service '" + service->name() + "' is sent a document here, so it needs a 'format'");
  }
  bool plain = !config.request && config.into.empty();
  if (std::string_view why = service->target().why_not_called(); !why.empty() && !(context.alone && plain)) {
    check.findings.error("BW2021", name->at, "service '" + service->name() + "' cannot be called here: " + std::string(why));
  }
  std::vector<std::string_view> keys(adapters.begin(), adapters.end());
  std::shared_ptr<const void> options;
  if (!adapters.empty()) options = service->target().read_call(only(node.is_map() ? node : ConfigNode{}, keys), check);
  if (check.findings.errors() != before) return nullptr;
  return std::make_unique<CallStep>(std::move(config), *service, std::move(options), context.alone && plain);
}

}  // namespace

StepType call_step() {
  Role<Step, StepContext> role;
  role.fields = call_fields().infos();
  role.make = make;
  return {
      .name = "call",
      .summary = "Sends the message to a service and waits for its answer.",
      .doc =
          "Without `request`, a body that no step has replaced goes to a service of the same protocol as it is: method, headers, "
          "bytes. Otherwise the document is written in the service's format. The answer becomes the message, or the variable "
          "that "
          "`into` names. An answer that says no fails the step; a route of one such call and nothing else hands it on.",
      .step = std::move(role),
      .examples = {{"A proxy", "call: { service: backend }"},
                   {"Ask, and keep the message", "call: { service: stock, request: '{ \"sku\": sku }', into: reserved }"}}};
}

}  // namespace busway::routes
