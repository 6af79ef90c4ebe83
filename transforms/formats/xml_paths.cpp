#include "transforms/formats/xml_paths.hpp"

namespace busway {

void XmlPaths::add(std::string_view path, Told told) {
  XmlPaths* at = this;
  while (!path.empty()) {
    std::size_t slash = path.find('/');
    std::string_view name = path.substr(0, slash);
    path = slash == std::string_view::npos ? std::string_view() : path.substr(slash + 1);
    if (name.empty()) continue;
    auto& child = at->children_[std::string(name)];
    if (!child) child = std::make_unique<XmlPaths>();
    at = child.get();
  }
  at->told_ |= static_cast<unsigned>(told);
}

}  // namespace busway
