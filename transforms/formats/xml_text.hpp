#pragma once

#include <string>
#include <string_view>

#include "bus/document.hpp"
#include "bus/text_sink.hpp"

namespace busway {

// Texts of a document as text or attribute values of XML, for writers with a sink (xml_document.hpp has the same for strings).

// Puts `text` with what XML needs escaped. Characters that XML cannot hold are the caller's to refuse.
void put_xml_text(std::string_view text, bool attribute, TextSink& out);

// Bytes that need an escape in text, control characters that nothing can hold, and what is no ASCII.
inline ByteBlock telling_in_xml(ByteBlock block) {
  return (block < 0x20) | (block == '&') | (block == '<') | (block == '>');
}

// Puts `text` when nothing in it needs a second look; else false, and nothing is put.
inline bool put_plain_xml(std::string_view text, TextSink& out) {
  out.reserve(text.size());
  return out.put_plain(text, telling_in_xml);
}

// As append_xml_scalar().
bool put_xml_scalar(const Node& value, bool attribute, TextSink& out, std::string& reason);

// Puts a text as CDATA sections, so that it reads back the same. False with the reason when XML cannot hold it.
bool put_xml_cdata(std::string_view text, TextSink& out, std::string& reason);

}  // namespace busway
