#pragma once

#include "bus/registry.hpp"
#include "transforms/formats/json.hpp"

namespace busway::test {

// The registry's `json`, as the supervisor gets it.
inline const Format& json_reader() {
  static const Registry registry = [] {
    Registry made;
    made.add(json_format());
    return made;
  }();
  return *registry.plain_format("json");
}

}  // namespace busway::test
