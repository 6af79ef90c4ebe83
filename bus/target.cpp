#include "bus/target.hpp"

#include "bus/field.hpp"

namespace busway {

std::shared_ptr<const void> Target::read_call(const ConfigNode& call, CheckContext& check) const {
  if (!read_fields(call, {}, {}, check, [](std::size_t, const ConfigNode&) { return true; })) return nullptr;
  return std::make_shared<const bool>(true);
}

ExchangeContract Target::contract(const void*) const {
  return {};
}

namespace {

const Format& of_service(const Format& format, FormatPtr& turned) {
  turned = format.for_service();
  return turned ? *turned : format;
}

}  // namespace

Node read_as_service(const Format* format, std::string_view bytes, Arena& arena) {
  if (format == nullptr || bytes.empty()) return {};
  FormatPtr turned;
  auto document = of_service(*format, turned).read(bytes, arena);
  return document ? deep_copy(*document, arena) : Node();
}

Result<void> write_as_service(const Format* format, const SimulatedReply& reply, std::string& out) {
  if (reply.bytes) {
    out = *reply.bytes;
  } else if (reply.body) {
    if (format == nullptr) return fail(ErrorKind::config, "the service has no format to write the reply in; give its bytes");
    FormatPtr turned;
    auto written = of_service(*format, turned).write(*reply.body, out);
    if (!written) return written.error().while_doing("writing the simulated reply");
  }
  return {};
}

}  // namespace busway
