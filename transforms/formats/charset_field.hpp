#pragma once

#include <utility>

#include "bus/field.hpp"
#include "transforms/formats/charset.hpp"

namespace busway {

// The option `charset` of formats whose text may come in another set than UTF-8; `wide`: also in UTF-16.
template <class Config>
Field<Config> charset_field(Charset Config::* member, bool wide = true) {
  auto sets = one_of<Charset>({{"utf-8", Charset::utf_8},
                               {"ascii", Charset::ascii},
                               {"iso-8859-1", Charset::iso_8859_1},
                               {"iso-8859-2", Charset::iso_8859_2},
                               {"iso-8859-15", Charset::iso_8859_15},
                               {"windows-1250", Charset::windows_1250},
                               {"windows-1251", Charset::windows_1251},
                               {"windows-1252", Charset::windows_1252},
                               {"cp037", Charset::cp037},
                               {"cp500", Charset::cp500},
                               {"cp1047", Charset::cp1047}});
  if (wide) {
    sets.names.insert(sets.names.end(),
                      {{"utf-16", Charset::utf_16}, {"utf-16be", Charset::utf_16be}, {"utf-16le", Charset::utf_16le}});
  }
  return {"charset", member, "How its characters are written.", std::move(sets)};
}

// Text in a declared set, for formats that work on UTF-8. `doing` begins the error: "reading CSV".
// The text that `bytes` are; it borrows from them when they are UTF-8, else it lives in `arena`.
Result<std::string_view> text_from(Charset charset, std::string_view bytes, Arena& arena, std::string_view doing);
// Appends UTF-8 `text` in the set.
Result<void> append_in(Charset charset, std::string_view text, std::string& out, std::string_view doing);
// "text/csv" with the charset named, where the set has a name on the wire.
std::string labelled(std::string_view content_type, Charset charset);

}  // namespace busway
