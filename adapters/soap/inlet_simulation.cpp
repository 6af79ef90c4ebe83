#include "adapters/soap/fault.hpp"
#include "adapters/soap/inlet.hpp"
#include "adapters/soap/media_type.hpp"

namespace busway::soap {

// The calling side of a source, for `busway test`.

Result<void> SoapInlet::write_test_request(const TestRequest& request, Arena&, std::string& method,
                                           std::vector<std::pair<std::string, std::string>>& headers, std::string& body) const {
  method = "POST";
  headers = request.headers;
  Version version = config_.version == Versions::v1_2 ? Version::v1_2 : Version::v1_1;
  std::string operation = config_.operation;
  std::string uri = config_.name_space;
  for (const ConfigNode::Entry& entry : request.send.entries) {
    std::string_view key = entry.key.text;
    const std::string& text = entry.value.text;
    if (key == "operation") operation = text;
    if (key == "namespace") uri = text;
    if (key == "version" && text != "1.1" && text != "1.2") return fail(ErrorKind::config, "a message is of version 1.1 or 1.2");
    if (key == "version") version = text == "1.2" ? Version::v1_2 : Version::v1_1;
    bool of_route = key == "qualified" || key == "wsdl_file" || key == "understands" || key == "max_body";
    if (of_route) return fail(ErrorKind::config, "'" + entry.key.text + "' is the route's, not a message's");
  }
  bool typed = false;
  bool acted = false;
  for (const auto& [name, value] : headers) {
    typed = typed || equal_ignoring_case(name, "Content-Type");
    acted = acted || equal_ignoring_case(name, "SOAPAction");
  }
  if (!typed) headers.emplace_back("Content-Type", content_type_of(version));
  if (!acted && version == Version::v1_1) headers.emplace_back("SOAPAction", "\"\"");
  if (request.bytes) {
    body = *request.bytes;
    return {};
  }
  begin_envelope(version, body);
  begin_body(body);
  auto written = shape_->write({operation, uri}, request.body.value_or(Node()), body);
  if (!written) return written.error().while_doing("writing the test's body");
  end_envelope(body);
  return {};
}

Result<Node> SoapInlet::read_test_reply(const HttpReply& reply, Arena& arena) const {
  if (reply.body.empty()) return Node();
  Version version = Version::v1_1;
  auto envelope = read_envelope(reply.body, {}, arena, version);
  if (!envelope) return Node::string(arena.copy(reply.body));
  if (envelope->payload == nullptr) return Node::object({});
  if (!envelope->is_fault()) return shape_->read(*envelope->payload, version, envelope->budget, arena);
  auto fault = read_fault(*envelope, *shape_, arena);
  if (!fault) return std::unexpected(fault.error());
  Collector<Member> parts(arena);
  parts.push({Node::string("code"), Node::string(arena.copy(fault->code))});
  parts.push({Node::string("text"), Node::string(arena.copy(fault->text))});
  if (!fault->detail.is_nothing()) parts.push({Node::string("detail"), fault->detail});
  Collector<Member> members(arena);
  members.push({Node::string("fault"), Node::object(parts.items())});
  return Node::object(members.items());
}

}  // namespace busway::soap
