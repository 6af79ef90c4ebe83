#include "transforms/formats/text.hpp"

#include "bus/number_text.hpp"
#include "transforms/formats/charset.hpp"
#include "transforms/formats/utf8.hpp"

namespace busway {

namespace {

struct TextConfig {
  Charset charset = Charset::utf_8;
};

class TextFormat final : public Format {
 public:
  explicit TextFormat(Charset charset) : charset_(charset) {
    if (charset != Charset::ascii && !is_ebcdic(charset)) {
      content_type_ = "text/plain; charset=" + std::string(busway::name_of(charset));
    }
  }
  std::string_view name() const override { return "text"; }
  std::string_view content_type() const override { return content_type_; }

  Result<Node> read(std::string_view bytes, Arena& arena) const override {
    if (charset_ == Charset::utf_8) {
      if (std::size_t bad = find_in_pieces(bytes, [](std::string_view piece) { return find_invalid_utf8(piece); });
          bad != std::string_view::npos) {
        return refuse_text("reading text", bytes, bad, "the text is not valid UTF-8");
      }
      return Node::string(bytes);
    }
    std::string text;
    if (std::size_t bad = decode_charset(charset_, bytes, text); bad != std::string_view::npos) {
      return refuse_text("reading text", text, text.size(),
                         "the byte is no character of " + std::string(busway::name_of(charset_)));
    }
    return Node::string(arena.copy(text));
  }

  Result<void> write(const Node& document, std::string& out) const override {
    char buffer[40];
    std::string_view text;
    if (document.is_string()) {
      text = document.text();
    } else if (document.is_number()) {
      text = number_to_text(document, buffer);
    } else if (document.is_boolean()) {
      text = document.as_boolean() ? "true" : "false";
    } else {
      return fail(ErrorKind::format, "writing text: the document is " + std::string(busway::name_of(document.kind())) +
                                         ", a text, a number or a boolean is needed");
    }
    if (std::size_t bad = encode_charset(charset_, text, out); bad != std::string_view::npos) {
      return refuse_text("writing text", text, bad, std::string(busway::name_of(charset_)) + " does not have this character");
    }
    return {};
  }

 private:
  Charset charset_;
  std::string content_type_ = "text/plain";
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
          .format =
              role<TextConfig, const Format, FormatContext>({{"charset", &TextConfig::charset, "How its characters are written.",
                                                              one_of<Charset>({{"utf-8", Charset::utf_8},
                                                                               {"ascii", Charset::ascii},
                                                                               {"iso-8859-1", Charset::iso_8859_1},
                                                                               {"iso-8859-2", Charset::iso_8859_2},
                                                                               {"iso-8859-15", Charset::iso_8859_15},
                                                                               {"windows-1250", Charset::windows_1250},
                                                                               {"windows-1251", Charset::windows_1251},
                                                                               {"windows-1252", Charset::windows_1252},
                                                                               {"cp037", Charset::cp037},
                                                                               {"cp500", Charset::cp500},
                                                                               {"cp1047", Charset::cp1047}})}},
                                                            make_text),
          .examples = {{"As it is", "text"}, {"From a mainframe", "text: { charset: cp037 }"}}};
}

}  // namespace busway
