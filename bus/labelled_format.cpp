#include "bus/labelled_format.hpp"

namespace busway {

Result<Node> read_labelled(const Format& format, std::string_view bytes, std::string_view content_type, Arena& arena) {
  // Most labels have no parameter that could matter.
  if (content_type.find(';') == std::string_view::npos) return format.read(bytes, arena);
  const auto* labelled = dynamic_cast<const LabelledFormat*>(&format);
  return labelled == nullptr ? format.read(bytes, arena) : labelled->read_labelled(bytes, content_type, arena);
}

}  // namespace busway
