#include "transforms/formats/text.hpp"

#include "transforms/formats/charset_field.hpp"
#include "transforms/formats/scalar_text.hpp"

namespace busway {

namespace {

struct TextConfig {
  Charset charset = Charset::utf_8;
};

class TextFormat final : public Format {
 public:
  explicit TextFormat(Charset charset) : charset_(charset), content_type_(labelled("text/plain", charset)) {}
  std::string_view name() const override { return "text"; }
  std::string_view content_type() const override { return content_type_; }

  Result<Node> read(std::string_view bytes, Arena& arena) const override {
    auto text = text_from(charset_, bytes, arena, "reading text");
    if (!text) return std::unexpected(text.error());
    return Node::string(*text);
  }

  Result<void> write(const Node& document, std::string& out) const override {
    char buffer[40];
    auto text = scalar_text(document, buffer);
    if (!text) {
      return fail(ErrorKind::format, "writing text: the document is " + std::string(busway::name_of(document.kind())) +
                                         ", a text, a number or a boolean is needed");
    }
    return append_in(charset_, *text, out, "writing text");
  }

 private:
  Charset charset_;
  std::string content_type_;
};

std::unique_ptr<const Format> make_text(TextConfig config, const ConfigNode&, CheckContext&, const FormatContext&) {
  return std::make_unique<TextFormat>(config.charset);
}

}  // namespace

FormatType text_format() {
  return {.name = "text",
          .summary = "A body that is one text.",
          .doc = "The document is a string. Numbers and booleans are written as their text; objects and arrays are an error.",
          .content_types = {"text/plain", "text/*"},
          .format = role<TextConfig, const Format, FormatContext>({charset_field(&TextConfig::charset)}, make_text),
          .examples = {{"As it is", "text"}, {"From a mainframe", "text: { charset: cp037 }"}}};
}

}  // namespace busway
