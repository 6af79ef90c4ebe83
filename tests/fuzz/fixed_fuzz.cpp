#include <cstddef>
#include <cstdint>
#include <optional>

#include "bus/registry.hpp"
#include "routes/yaml.hpp"
#include "tests/fuzz/round_trip.hpp"
#include "transforms/formats/fixed.hpp"

namespace {

using namespace busway;

constexpr std::string_view layout = R"(
charset: cp037
records:
  ACCOUNT:
    fields:
      - { name: kind, length: 3, value: ACC }
      - { name: name, length: 6 }
      - { name: note, length: 3, align: right, pad: '*', blank: missing }
      - { name: rate, type: number, length: 5, decimals: 2, sign: trailing }
      - { name: limit, type: decimal, length: 7, decimals: 1, pad: ' ', signed: true }
      - { name: zone, type: zoned, length: 3, signed: true, blank: null }
      - { name: balance, type: packed, digits: 7, decimals: 2, signed: true }
      - { name: opened, type: date, format: YYDDD, blank: null }
      - { name: raw, type: bytes, length: 2, blank: missing }
      - { length: 1 }
      - { name: count, type: binary, length: 2, digits: 4 }
      - name: lines
        occurs: { by: count, max: 9 }
        fields:
          - { name: sku, length: 2, blank: 'null' }
          - { name: qty, type: binary, length: 2, signed: true, order: little }
      - { name: tail, length: 2, occurs: { max: 20 }, blank: missing }
  TIME:
    fields:
      - { name: kind, length: 3 }
      - { name: at, type: date, format: YYYYMMDDhhmmss }
selector: { field: kind, values: { ACC: ACCOUNT, TIM: TIME } }
)";

class OneFile final : public BundleFiles {
 public:
  Result<std::string> read(std::string_view, const Position&) const override { return std::string(layout); }
  std::string name_of(std::string_view path, const Position&) const override { return std::string(path); }
  std::optional<ConfigNode> read_yaml(std::string_view path, const ConfigNode&, Findings& findings) const override {
    return routes::read_yaml(layout, std::make_shared<const std::string>(path), findings);
  }
};
class NoSecrets final : public Secrets {
 public:
  Result<std::string> expand(std::string_view text, const Position&) const override { return std::string(text); }
};
class NoExpressions final : public ExpressionLanguage {
 public:
  Result<std::shared_ptr<const Expression>> compile(std::string_view, std::vector<ExpressionWarning>*) const override {
    return fail(ErrorKind::config, "no expressions");
  }
};

FormatPtr make_fixed() {
  Findings findings;
  Registry registry;
  OneFile files;
  NoSecrets secrets;
  NoExpressions expressions;
  CheckContext check{findings, registry, files, secrets, expressions};
  ConfigNode node;
  node.kind = ConfigNode::Kind::string;
  node.text = "fuzz.layout.yaml";
  FormatPtr format = fixed_format().format.make(node, check, FormatContext{});
  for (const Finding& finding : findings.all()) std::fprintf(stderr, "%s\n", to_text(finding).c_str());
  if (!format) std::abort();
  return format;
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  static const FormatPtr fixed = make_fixed();
  check_round_trip(*fixed, {reinterpret_cast<const char*>(data), size});
  return 0;
}
