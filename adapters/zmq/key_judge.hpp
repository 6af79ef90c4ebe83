#pragma once

#include <string>
#include <string_view>
#include <utility>

#include "bus/check_context.hpp"
#include "bus/config_node.hpp"

namespace busway::zmq {

// Collects what is wrong with the keys of a `zmq:` mapping that are each in order, but not together.
class KeyJudge {
 public:
  KeyJudge(const ConfigNode& node, CheckContext& check) : node_(node), check_(check) {}

  void refuse(std::string id, std::string_view key, std::string text) {
    check_.findings.error(std::move(id), node_.place_under(key), std::move(text));
    good = false;
  }
  // `fits`: this socket is one of `kinds`.
  void only_for(std::string_view key, bool fits, std::string_view kinds) {
    if (node_.find(key) != nullptr && !fits)
      refuse("BW5204", key, "'" + std::string(key) + "' has no meaning here: it is for " + std::string(kinds));
  }

  bool good = true;

 private:
  const ConfigNode& node_;
  CheckContext& check_;
};

}  // namespace busway::zmq
