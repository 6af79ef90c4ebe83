#include "plugins/host/byte_pieces.hpp"
#include "plugins/host/declaration.hpp"
#include "plugins/host/utf8.hpp"

namespace busway::plugins {

namespace {

// One description of the order for both ways: `io` writes what it is given, or reads into it.
template <class Io>
void field(Io& io, FieldDeclaration& f) {
  io.number(f.type);
  io.flag(f.required);
  io.flag(f.shorthand);
  io.flag(f.endpoints);
  for (std::string* text : {&f.name, &f.doc, &f.default_text, &f.at_least, &f.at_most}) io.text(*text);
  io.list(f.choices, [&](std::string& choice) { io.text(choice); });
}

template <class Io>
void adapter(Io& io, AdapterDeclaration& a) {
  io.number(a.flags);
  io.flag(a.source);
  io.flag(a.target);
  io.number(a.source_flags);
  io.text(a.acknowledges);
  io.text(a.format);
  for (std::vector<FieldDeclaration>* part : {&a.listener, &a.from, &a.service})
    io.list(*part, [&](FieldDeclaration& f) { field(io, f); });
}

template <class Io>
void component(Io& io, ComponentDeclaration& c) {
  io.number(c.kind);
  for (std::string* text : {&c.name, &c.summary, &c.doc, &c.content_type}) io.text(*text);
  io.list(c.fields, [&](FieldDeclaration& f) { field(io, f); });
  io.list(c.examples, [&](Example& example) {
    io.text(example.title);
    io.text(example.text);
  });
  io.list(c.content_types, [&](std::string& type) { io.text(type); });
  io.flag(c.leaves_body);
  io.flag(c.later);
  adapter(io, c.adapter);
}

template <class Io>
void declaration(Io& io, Declaration& d) {
  io.text(d.name);
  io.text(d.version);
  io.list(d.components, [&](ComponentDeclaration& c) { component(io, c); });
}

}  // namespace

std::string encode(const Declaration& given) {
  Declaration copy = given;
  PieceWriter writer;
  declaration(writer, copy);
  return writer.take();
}

Result<Declaration> decode(std::string_view bytes) {
  Declaration out;
  PieceReader reader(bytes);
  declaration(reader, out);
  if (!reader.at_end()) return fail(ErrorKind::config, "what came back is no declaration", "BW7006");
  // The child has looked at the same: whoever wrote this may not have been our code.
  if (auto checked = check_declaration(out); !checked) return std::unexpected(checked.error());
  return out;
}

}  // namespace busway::plugins
