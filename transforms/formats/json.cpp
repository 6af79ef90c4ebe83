#include "transforms/formats/json.hpp"

#include <cmath>

#include "transforms/formats/document_path.hpp"
#include "transforms/formats/json_canonical.hpp"
#include "transforms/formats/utf8.hpp"

namespace busway {

namespace {

bool is_utf8(std::string_view text) {
  return find_invalid_utf8(text) == std::string_view::npos;
}

const char* refuse_for_json(const Node& node) {
  switch (node.kind()) {
    case Node::Kind::function: return "a function cannot be written as JSON";
    case Node::Kind::nothing: return "there is no value to write";
    case Node::Kind::number:
      return !node.has_number_text() && !std::isfinite(node.as_double()) ? "JSON has no infinite numbers" : nullptr;
    case Node::Kind::string: return is_utf8(node.text()) ? nullptr : "the text is not valid Unicode (half of a surrogate pair)";
    default: return nullptr;
  }
}

class JsonFormat final : public Format {
 public:
  explicit JsonFormat(const JsonOptions& options) : options_(options) {}
  std::string_view name() const override { return "json"; }
  std::string_view content_type() const override { return "application/json"; }
  Result<Node> read(std::string_view bytes, Arena& arena) const override { return read_json(bytes, arena, options_); }
  Result<void> write(const Node& document, std::string& out) const override { return write_json_by(options_, document, out); }

 private:
  JsonOptions options_;
};

std::unique_ptr<const Format> make_json(JsonOptions options, const ConfigNode&, CheckContext&, const FormatContext&) {
  return std::make_unique<JsonFormat>(options);
}

}  // namespace

Result<void> write_json_strictly(const Node& document, std::string& out) {
  if (write_strict_json(document, out, is_utf8)) return {};
  // Which value it was is looked up only now.
  auto refused = find_refused(document, refuse_for_json);
  return fail(ErrorKind::format, "writing JSON: " + refused.value_or("there is a value that JSON cannot hold"));
}

Result<void> write_json_by(const JsonOptions& options, const Node& document, std::string& out) {
  if (!options.canonical) return write_json_strictly(document, out);
  if (write_canonical_json(document, out)) return {};
  auto refused = find_refused(document, refuse_for_canonical_json);
  return fail(ErrorKind::format, "writing canonical JSON: " + refused.value_or("a name stands twice in an object"));
}

Fields<JsonOptions> json_fields() {
  using Keys = JsonOptions::DuplicateKeys;
  return {
      {"duplicate_keys", &JsonOptions::duplicate_keys, "What a key that stands twice means: an error, or its last value.",
       one_of<Keys>({{"refuse", Keys::refuse}, {"last", Keys::last}})},
      {"depth", &JsonOptions::depth, "How deep arrays and objects may nest.", at_least(1), at_most(1000)},
      {"canonical", &JsonOptions::canonical,
       "Write the one text that all texts of the same data have (RFC 8785), to be hashed or signed: members sorted, numbers as "
       "ECMAScript prints them."}};
}

FormatType json_format() {
  return {
      .name = "json",
      .summary = "JSON texts (RFC 8259).",
      .doc =
          "Numbers keep the text they came in with: `1250.10` and 20-digit ids pass through unchanged, until arithmetic touches "
          "them. A key that stands twice is refused, and so are invalid UTF-8, half surrogate pairs, a byte order mark and "
          "anything behind the value. Written compactly, members in their order. JSON is UTF-8, both ways, always.",
      .content_types = {"application/json", "text/json", "+json"},
      .format = role<JsonOptions, const Format, FormatContext>(json_fields(), make_json),
      .examples = {{"As it is", "json"},
                   {"A sender that repeats keys", "json: { duplicate_keys: last }"},
                   {"What a partner signs", "json: { canonical: true }"}}};
}

}  // namespace busway
