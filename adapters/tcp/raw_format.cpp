#include "adapters/tcp/raw_format.hpp"

namespace busway::tcp {

namespace {

class RawFormat final : public Format {
 public:
  std::string_view name() const override { return "bytes"; }
  std::string_view content_type() const override { return ""; }
  Result<Node> read(std::string_view, Arena&) const override {
    return fail(ErrorKind::format, "bytes are no document; name a format");
  }
  Result<void> write(const Node& document, std::string& out) const override {
    if (!document.is_string()) {
      return fail(ErrorKind::format, "without a format only a string can be sent, not " + std::string(name_of(document.kind())));
    }
    out += document.text();
    return {};
  }
};

}  // namespace

FormatPtr raw_format() {
  static const FormatPtr format = std::make_shared<const RawFormat>();
  return format;
}

}  // namespace busway::tcp
