// Documents in other sets than UTF-8: XML 1.0, 4.1 and 4.3.3. What is read here was written by xml_write.cpp, so its markup is
#include <string>

// known.
#include "bus/pause.hpp"
#include "transforms/formats/utf8.hpp"
#include "transforms/formats/xml_encoding.hpp"

namespace busway {

namespace {

constexpr std::string_view cdata_open = "<![CDATA[";
constexpr std::string_view cdata_close = "]]>";

// Where in a document a character stands.
class Markup {
 public:
  // Goes over the ASCII character at the front of `rest`.
  void pass(std::string_view rest) {
    char c = rest.front();
    if (in_cdata_) {
      // The mark's other characters are passed as text, in which they mean nothing.
      in_cdata_ = !rest.starts_with(cdata_close);
    } else if (in_tag_) {
      if (c == '"') quoted_ = !quoted_;
      if (c == '>' && !quoted_) in_tag_ = false;
    } else if (c == '<') {
      in_cdata_ = rest.starts_with(cdata_open);
      in_tag_ = !in_cdata_;
    }
  }
  bool in_name() const { return in_tag_ && !quoted_; }
  bool in_cdata() const { return in_cdata_; }

 private:
  bool in_cdata_ = false;
  bool in_tag_ = false;
  bool quoted_ = false;
};

}  // namespace

Result<void> append_xml_in(Charset charset, std::string_view document, std::string& out) {
  if (is_wide(charset)) {
    encode_charset(charset, document, out);  // it has every character, and the document is valid UTF-8
    return {};
  }
  auto put = [&](std::string_view ascii) {
    for (char c : ascii) out += byte_of(charset, static_cast<unsigned char>(c)).value_or('?');
  };
  Markup markup;
  PauseByBytes pause;
  for (std::size_t at = 0; at < document.size();) {
    pause.at(at);
    std::size_t size = utf8_sequence(document.substr(at));
    char32_t code_point = decode_utf8(document.data() + at, size);
    if (size == 1) markup.pass(document.substr(at));
    if (auto byte = byte_of(charset, code_point)) {
      out += *byte;
    } else if (markup.in_name()) {
      return fail(ErrorKind::format, "writing XML: " + encoding_name(charset) + " lacks the character '" +
                                         printable(document.substr(at, size)) + "' of a name");
    } else {
      if (markup.in_cdata()) put(cdata_close);
      put("&#" + std::to_string(static_cast<std::uint32_t>(code_point)) + ";");
      if (markup.in_cdata()) put(cdata_open);
    }
    at += size;
  }
  return {};
}

std::string encoding_name(Charset charset) {
  switch (charset) {
    case Charset::utf_8: return "UTF-8";
    case Charset::ascii: return "US-ASCII";
    case Charset::cp037: return "IBM037";
    case Charset::cp500: return "IBM500";
    case Charset::cp1047: return "IBM1047";
    default: return std::string(name_of(charset));
  }
}

}  // namespace busway
