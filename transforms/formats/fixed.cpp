#include "transforms/formats/fixed.hpp"

#include "bus/number_text.hpp"
#include "transforms/formats/fixed_record.hpp"
#include "transforms/formats/utf8.hpp"

namespace busway {

namespace {

struct FixedConfig {
  std::string layout;
  std::string record;
  std::string request;
  std::string reply;
};

using RecordChoice = std::optional<std::size_t>;  // none: the layout's selector decides

class FixedFormat final : public Format {
 public:
  FixedFormat(std::shared_ptr<const Layout> layout, RecordChoice reads, RecordChoice writes)
      : layout_(std::move(layout)), reads_(reads), writes_(writes) {}

  std::string_view name() const override { return "fixed"; }
  std::string_view content_type() const override { return "application/octet-stream"; }
  FormatPtr for_service() const override { return std::make_shared<FixedFormat>(layout_, writes_, reads_); }

  Result<Node> read(std::string_view bytes, Arena& arena) const override {
    if (reads_) return read_record(*layout_, layout_->records[*reads_], bytes, arena);
    const LayoutSelector& selector = *layout_->selector;
    if (bytes.size() < selector.at + selector.length) {
      return fail(ErrorKind::format, "reading a fixed record: it ends before offset " +
                                         std::to_string(selector.at + selector.length) + ", where its kind stands");
    }
    for (const auto& [text, record] : selector.values) {
      std::string expected;
      if (encode_charset(layout_->charset, text, expected) == std::string::npos &&
          holds(bytes.substr(selector.at, selector.length), expected)) {
        return read_record(*layout_, layout_->records[record], bytes, arena);
      }
    }
    std::string found;
    decode_charset(layout_->charset, bytes.substr(selector.at, selector.length), found);
    return fail(ErrorKind::format, "reading a fixed record: no record of the layout has '" + printable(found) + "' at offset " +
                                       std::to_string(selector.at));
  }

  Result<void> write(const Node& document, std::string& out) const override {
    if (writes_) return write_record(*layout_, layout_->records[*writes_], document, out);
    for (const auto& [text, record] : layout_->selector->values) {
      const LayoutRecord& candidate = layout_->records[record];
      const LayoutField* field = selecting_field(candidate);
      if (field != nullptr && says(*field, document.member(field->name), text))
        return write_record(*layout_, candidate, document, out);
    }
    return fail(ErrorKind::format,
                "writing a fixed record: the document does not say which record of the layout it is; name one with `record:`, or "
                "give it the "
                "member that the layout's selector looks at");
  }

 private:
  // `expected`, filled up with blanks on the right or zeros on the left.
  bool holds(std::string_view found, std::string_view expected) const {
    char blank = *byte_of(layout_->charset, ' ');
    while (!found.empty() && found.size() > expected.size() && found.back() == blank) found.remove_suffix(1);
    return found == expected;
  }

  const LayoutField* selecting_field(const LayoutRecord& record) const {
    std::uint32_t at = 0;
    for (const LayoutField& field : record.body.fields) {
      if (at == layout_->selector->at) return field.length == layout_->selector->length && !field.name.empty() ? &field : nullptr;
      if (at > layout_->selector->at) return nullptr;
      at += field.length * field.least;
    }
    return nullptr;
  }

  // Whether the member's value, written, is what the selector has for the record.
  bool says(const LayoutField& field, const Node& value, const std::string& text) const {
    std::string expected;
    if (encode_charset(layout_->charset, text, expected) != std::string::npos) return false;
    std::string given;
    if (value.is_string() && !write_literal(layout_->charset, field, value.text(), given)) return holds(given, expected);
    char buffer[40];
    if (value.is_number() && !write_literal(layout_->charset, field, number_to_text(value, buffer), given))
      return holds(given, expected);
    return false;
  }

  std::shared_ptr<const Layout> layout_;
  RecordChoice reads_;
  RecordChoice writes_;
};

// The place of a key's value, or of the mapping itself.
Position place(const ConfigNode& node, std::string_view key) {
  const ConfigNode::Entry* entry = node.find(key);
  return entry == nullptr ? node.at : entry->value.at;
}

std::unique_ptr<const Format> make_fixed(FixedConfig config, const ConfigNode& node, CheckContext& check, const FormatContext&) {
  const ConfigNode::Entry* entry = node.find("layout");
  const ConfigNode& named_by = entry == nullptr ? node : entry->value;
  auto file = check.files.read_yaml(config.layout, named_by, check.findings);
  if (!file) return nullptr;
  auto layout = read_layout(*file, check);
  if (!layout) return nullptr;
  if (!config.record.empty() && (!config.request.empty() || !config.reply.empty())) {
    check.findings.error("BW4017", place(node, "record"),
                         "'record' is the record of both ways; 'request' and 'reply' beside it contradict it");
    return nullptr;
  }
  bool good = true;
  auto choose = [&](std::string_view key, const std::string& name) -> RecordChoice {
    if (name.empty()) {
      if (layout->records.size() == 1) return 0;
      if (layout->selector) return std::nullopt;
      check.findings.error("BW4017", named_by.at,
                           "the layout has several records and no selector: name them with `request:` and `reply:`");
      good = false;
      return std::nullopt;
    }
    auto index = layout->find(name);
    if (index) return index;
    std::vector<std::string_view> names;
    for (const LayoutRecord& record : layout->records) names.push_back(record.name);
    check.findings.error("BW4017", place(node, key),
                         "the layout has no record '" + printable(name) + "'" + did_you_mean(name, names));
    good = false;
    return std::nullopt;
  };
  RecordChoice reads = config.record.empty() ? choose("request", config.request) : choose("record", config.record);
  if (!good) return nullptr;
  RecordChoice writes = config.record.empty() ? choose("reply", config.reply) : reads;
  if (!good) return nullptr;
  return std::make_unique<FixedFormat>(std::make_shared<const Layout>(std::move(*layout)), reads, writes);
}

}  // namespace

FormatType fixed_format() {
  return {
      .name = "fixed",
      .summary = "Records of fixed fields, in ASCII or EBCDIC, as a layout file declares them.",
      .doc =
          "The layout (docs/layouts.md) names each field's place, length and type: text, numbers as digits, zoned, packed "
          "(COMP-3) or "
          "binary (COMP), dates, repeated groups. Nothing is cut off or dropped silently: a value that does not fit its field, a "
          "member without a field and a byte that is no digit are errors that name the field.",
      .content_types = {},
      .format = role<FixedConfig, const Format, FormatContext>(
          {{"layout", &FixedConfig::layout, "The layout file.", required(), shorthand()},
           {"record", &FixedConfig::record, "The record of both ways. Without any name the layout's selector decides."},
           {"request", &FixedConfig::request, "The record of requests: what a `from` reads, what goes to a service."},
           {"reply", &FixedConfig::reply, "The record of replies."}},
          make_fixed),
      .examples = {{"The selector decides", "fixed: stock.layout.yaml"},
                   {"Named records", "fixed: { layout: till.layout.yaml, request: QUERY, reply: ANSWER }"}}};
}

}  // namespace busway
