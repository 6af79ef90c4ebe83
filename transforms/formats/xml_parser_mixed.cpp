// The content of documents in which the order of texts and elements counts: every text between tags is kept as a piece as well.
// It has a loop of its own, so that other documents pay nothing for it.
#include "bus/pause.hpp"
#include "transforms/formats/xml_parser.hpp"

namespace busway {

bool XmlParser::content_in_order() {
  pieces_.clear();
  while (top_ != open_) {
    if (!at_tag(at_) && !piece()) return false;
    if (at_[1] == '/' ? !end_tag() : !start_tag()) return false;
    pause_if_due();
  }
  return true;
}

// As text(), which leaves white space out.
bool XmlParser::piece() {
  char* from = nullptr;
  char* to = nullptr;
  if (!text_part(from, to)) return false;
  if (from == to) return true;
  auto size = static_cast<std::size_t>(to - from);
  bool leaf = at_[1] == '/' && top_->last_child == 0;
  if (!leaf) {
    if (!budget_.take(sizeof(XmlPiece))) return refuse(from, "the document needs more than ten times its size in memory");
    pieces_.push_back({.text = from,
                       .size = static_cast<std::uint32_t>(size),
                       .parent = top_->index,
                       .before = static_cast<std::uint32_t>(element_count_)});
  }
  bool blank = true;
  for (char* c = from; c < to && blank; ++c) blank = is_space(*c);
  return (blank && !leaf) || add_text(*top_, from, size);
}

}  // namespace busway
