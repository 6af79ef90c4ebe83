#include "bus/message.hpp"

#include "bus/labelled_format.hpp"

namespace busway {

void Message::receive(std::string_view bytes, std::string_view type, std::string_view protocol, const Format* format, Side side) {
  bytes_ = bytes;
  content_type = type;
  protocol_ = protocol;
  format_ = format;
  document_ = Node();
  has_bytes_ = true;
  parsed_ = false;
  side_ = side;
}

void Message::receive_document(const Node& document, std::string_view bytes, std::string_view type, std::string_view protocol,
                               Side side) {
  receive(bytes, type, protocol, nullptr, side);
  document_ = document;
  parsed_ = true;
}

void Message::replace(const Node& document) {
  headers.keep_only_set();
  bytes_ = {};
  content_type = {};
  protocol_ = {};
  format_ = nullptr;
  document_ = document;
  has_bytes_ = false;
  parsed_ = true;
  side_ = Side::route;
}

void Message::clear_body() {
  headers.keep_only_set();
  bytes_ = {};
  content_type = {};
  protocol_ = {};
  format_ = nullptr;
  document_ = Node();
  has_bytes_ = false;
  parsed_ = false;
  side_ = Side::route;
}

Message Message::snapshot(Arena& arena) const {
  Message copy(arena);
  copy.headers = headers.copy(arena);
  copy.content_type = content_type;
  copy.bytes_ = bytes_;
  copy.protocol_ = protocol_;
  copy.format_ = format_;
  copy.document_ = document_;
  copy.has_bytes_ = has_bytes_;
  copy.parsed_ = parsed_;
  copy.side_ = side_;
  return copy;
}

Result<Node> Message::document(Arena& arena) {
  if (parsed_) return document_;
  if (bytes_.empty()) return Node();
  if (format_ == nullptr) {
    return fail(side_ == Side::service ? ErrorKind::garbage : ErrorKind::format,
                "reading the body: no format for content type '" + std::string(content_type) + "'");
  }
  auto read = read_labelled(*format_, bytes_, content_type, arena);
  if (!read) {
    Error error = read.error();
    error.kind = side_ == Side::service ? ErrorKind::garbage : ErrorKind::format;
    return error.while_doing("reading the body as " + std::string(format_->name()));
  }
  document_ = *read;
  parsed_ = true;
  return document_;
}

}  // namespace busway
