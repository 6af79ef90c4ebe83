#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <string>
#include <string_view>

namespace busway {

// Places in a document and what is told of the elements there: a tree of names, read from paths such as `order/lines/line`, the
// root first. Built once; reading is safe from any thread.
class XmlPaths {
 public:
  enum class Told : std::uint8_t { array = 1, mixed = 2, cdata = 4 };

  void add(std::string_view path, Told told);
  // The place of an element of that member name in this one; null when nothing is told of it or of anything in it.
  const XmlPaths* below(std::string_view name) const {
    auto at = children_.find(name);
    return at == children_.end() ? nullptr : at->second.get();
  }
  bool is(Told told) const { return (told_ & static_cast<unsigned>(told)) != 0; }

 private:
  std::map<std::string, std::unique_ptr<XmlPaths>, std::less<>> children_;
  unsigned told_ = 0;
};

}  // namespace busway
