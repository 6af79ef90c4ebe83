#include "adapters/soap/inlet.hpp"

#include "adapters/http/content_coding.hpp"
#include "adapters/soap/header_blocks.hpp"
#include "adapters/soap/media_type.hpp"
#include "bus/compute.hpp"
#include "transforms/formats/xml_document.hpp"

namespace busway::soap {

namespace {

const SoapInlet& as_soap(const HttpInlet* inlet) {
  return static_cast<const SoapInlet&>(*inlet);
}  // shares_place: none but ours

std::string_view action_of(Exchange& exchange, const MediaType& media) {
  return media.action.empty() ? exchange.message().headers.value("SOAPAction") : media.action;
}

// What goes with a MustUnderstand Fault in 1.2 (part 1, 5.4.8).
std::string not_understood(const XmlElement& block) {
  std::string out = "<soap:NotUnderstood qname=\"";
  out += block.uri().empty() ? "" : "q:";
  out += block.local();
  out += '"';
  if (!block.uri().empty()) {
    out += " xmlns:q=\"";
    append_xml_attribute(block.uri(), out);
    out += '"';
  }
  out += "/>";
  return out;
}

// What goes with a VersionMismatch Fault in 1.2 (part 1, 5.4.7).
std::string upgrade(bool to_1_1, bool to_1_2) {
  std::string out = "<soap:Upgrade>";
  for (Version version : {Version::v1_2, Version::v1_1}) {
    if (version == Version::v1_2 ? !to_1_2 : !to_1_1) continue;
    out.append("<soap:SupportedEnvelope qname=\"v:Envelope\" xmlns:v=\"").append(envelope_namespace(version)).append("\"/>");
  }
  return out + "</soap:Upgrade>";
}

}  // namespace

SoapInlet::SoapInlet(InletConfig config, std::optional<WsdlFile> wsdl, std::unique_ptr<BodyShape> shape, Place place,
                     ExchangeContract contract)
    : config_(std::move(config)),
      wsdl_(std::move(wsdl)),
      shape_(std::move(shape)),
      place_(std::move(place)),
      contract_(std::move(contract)) {
  match_.methods = {"POST", "GET"};
  match_.path = config_.soap;
}

bool SoapInlet::clashes(const HttpInlet& other) const {
  const auto& inlet = as_soap(&other);
  return inlet.config_.operation == config_.operation && inlet.config_.name_space == config_.name_space;
}

bool SoapInlet::takes(Version version) const {
  return config_.version == Versions::any || (config_.version == Versions::v1_1) == (version == Version::v1_1);
}

const SoapInlet* SoapInlet::choose(const Envelope& envelope, std::string_view action,
                                   std::span<const HttpInlet* const> same_place) const {
  if (envelope.payload != nullptr) {
    const SoapInlet* by_name = nullptr;
    for (const HttpInlet* candidate : same_place) {
      const SoapInlet& inlet = as_soap(candidate);
      if (inlet.config_.operation != envelope.payload->local()) continue;
      if (inlet.config_.name_space == envelope.payload->uri()) return &inlet;
      if (inlet.config_.name_space.empty() && by_name == nullptr) by_name = &inlet;
    }
    if (by_name != nullptr) return by_name;
  }
  for (const HttpInlet* candidate : same_place) {
    const SoapInlet& inlet = as_soap(candidate);
    bool foreign =
        envelope.payload != nullptr && !inlet.config_.name_space.empty() && inlet.config_.name_space != envelope.payload->uri();
    if (!foreign && action_names(action, inlet.config_.operation)) return &inlet;
  }
  return nullptr;
}

const SoapInlet* SoapInlet::accept(Exchange& exchange, std::span<const HttpInlet* const> same_place, Asked& asked,
                                   HttpReply& reply) const {
  Message& message = exchange.message();
  MediaType media = read_media_type(message.content_type);
  if (!media.may_be_envelope()) {
    reply.status = 415;
    return nullptr;
  }
  asked.version = media.version();
  Arena& arena = exchange.arena();
  auto body = http::decode_content(http::content_coding(message.headers, arena), message.bytes(), max_body(), arena);
  if (!body && !body.error().code.empty()) {
    reply.status = body.error().code == "coding" ? 415 : 413;
    return nullptr;
  }
  auto envelope = body ? read_envelope(*body, media.charset, arena, asked.version) : std::unexpected(body.error());
  if (!envelope) {
    const Error& error = envelope.error();
    Refused refused{.code = error.code.empty() ? std::string_view("Client") : std::string_view(error.code),
                    .text = "The request is not a SOAP envelope that can be read."};
    if (error.code == version_mismatch) {
      refused.text = "The namespace of the envelope is not supported.";
      refused.header = upgrade(true, true);
    }
    refuse_envelope(exchange, asked.version, refused, error.text, reply);
    return nullptr;
  }
  const SoapInlet* chosen = choose(*envelope, action_of(exchange, media), same_place);
  const XmlElement* block = nullptr;
  // Without a route the headers that any of them understands count as understood: then the operation is what is wrong.
  for (const HttpInlet* candidate : same_place) {
    if (chosen != nullptr && candidate != chosen) continue;
    block = find_not_understood(*envelope, as_soap(candidate).config_.understands);
    if (block == nullptr) break;
  }
  if (block != nullptr) {
    refuse_envelope(exchange, asked.version,
                    {"MustUnderstand", "A header that must be understood is not.", not_understood(*block)},
                    "the header '" + std::string(block->name()) + "' must be understood and is not among `understands`", reply);
    return nullptr;
  }
  if (chosen == nullptr) {
    refuse_envelope(exchange, asked.version, {"Client", "There is no such operation here."}, "no route takes the operation",
                    reply);
    return nullptr;
  }
  if (!chosen->takes(asked.version)) {
    asked.version = asked.version == Version::v1_1 ? Version::v1_2 : Version::v1_1;
    refuse_envelope(exchange, asked.version,
                    {version_mismatch, "This version of SOAP is not supported.",
                     upgrade(asked.version == Version::v1_1, asked.version == Version::v1_2)},
                    "the route takes the other version of SOAP only", reply);
    return nullptr;
  }
  auto blocks = read_header_blocks(*envelope, arena);
  Result<Node> document = Node::object({});
  if (envelope->payload != nullptr)
    document = chosen->shape_->read(*envelope->payload, envelope->version, envelope->budget, arena);
  if (!blocks || !document) {
    refuse_envelope(exchange, asked.version, {"Client", "The request cannot be read as a document."},
                    !blocks ? blocks.error().text : document.error().text, reply);
    return nullptr;
  }
  exchange.origin.protocol = "soap";
  exchange.origin.operation = chosen->config_.operation;
  exchange.origin.soap_headers = *blocks;
  asked.uri = envelope->payload != nullptr ? envelope->payload->uri() : std::string_view(chosen->config_.name_space);
  message.receive_document(*document, message.bytes(), message.content_type, "soap", Side::caller);
  return chosen;
}

Task<void> SoapInlet::serve(Exchange& exchange, std::span<const HttpInlet* const> same_place, HttpReply& reply) const {
  if (exchange.origin.method != "POST") {
    serve_file(exchange, same_place, reply);
    co_return;
  }
  Asked asked;
  if (!exchange.message().headers.value("Content-Encoding").empty()) exchange.expect_large();
  const SoapInlet* chosen = co_await compute(exchange, [&] { return accept(exchange, same_place, asked, reply); });
  if (chosen == nullptr) co_return;
  // The listener has started the clock by the first route at this place.
  if (exchange.deadline != TimePoint::max()) exchange.deadline += chosen->route().deadline() - route().deadline();
  co_await chosen->route().run(exchange);
  co_await compute(exchange, [&] { chosen->answer(exchange, asked, reply); });
}

void SoapInlet::serve_file(Exchange& exchange, std::span<const HttpInlet* const> same_place, HttpReply& reply) const {
  const Origin& origin = exchange.origin;
  const WsdlFile* wsdl = nullptr;
  for (const HttpInlet* candidate : same_place) {
    if (wsdl == nullptr && as_soap(candidate).wsdl_) wsdl = &*as_soap(candidate).wsdl_;
  }
  if (!equal_ignoring_case(origin.query, "wsdl")) {
    reply.status = 405;
    reply.headers.set("Allow", "POST");
    return;
  }
  if (wsdl == nullptr) {
    reply.status = 404;
    return;
  }
  std::string& body = exchange.keep_string();
  std::string address = origin.secure ? "https://" : "http://";
  address.append(origin.host).append(origin.path);
  body = wsdl->served_at(address);
  reply.status = 200;
  reply.content_type = "text/xml";
  reply.body = body;
}

}  // namespace busway::soap
