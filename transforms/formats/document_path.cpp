#include "transforms/formats/document_path.hpp"

#include <vector>

#include "bus/pause.hpp"
#include "transforms/formats/utf8.hpp"

namespace busway {

namespace {

struct Frame {
  const Node* container;
  std::uint32_t next;
};

std::string path_of(const std::vector<Frame>& frames) {
  std::string path;
  for (const Frame& frame : frames) {
    std::uint32_t index = frame.next - 1;
    if (frame.container->is_array()) {
      path += "[" + std::to_string(index) + "]";
    } else {
      if (!path.empty()) path += ".";
      path += printable(frame.container->members()[index].key.text());
    }
  }
  return path.empty() ? "the document" : path;
}

}  // namespace

std::optional<std::string> find_refused(const Node& document, const std::function<const char*(const Node&)>& refuses) {
  std::vector<Frame> frames;
  const Node* node = &document;
  for (;;) {
    if (const char* reason = refuses(*node)) return path_of(frames) + ": " + reason;
    if (node->is_array() || node->is_object()) frames.push_back({node, 0});
    while (!frames.empty() && frames.back().next == frames.back().container->size()) frames.pop_back();
    if (frames.empty()) return std::nullopt;
    Frame& frame = frames.back();
    std::uint32_t index = frame.next++;
    if (index % 64 == 0) pause_if_due(4);
    if (frame.container->is_array()) {
      node = &frame.container->items()[index];
    } else {
      const Member& member = frame.container->members()[index];
      if (const char* reason = refuses(member.key)) return path_of(frames) + ": " + reason;
      node = &member.value;
    }
  }
}

}  // namespace busway
