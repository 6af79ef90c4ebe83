#pragma once

#include <chrono>
#include <deque>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "bus/check_context.hpp"
#include "routes/bundle_files.hpp"

namespace busway::routes {

// A name that the bundle declares, and what it stands for; both borrow from the Definition's files.
struct Declared {
  const ConfigNode* key = nullptr;
  const ConfigNode* value = nullptr;
  const std::string& name() const { return key->text; }
};

// All route files of a bundle as one: the union of their top-level mappings, in the order of the files. Names are unique. Not
// copied: declarations point into `files`.
struct Definition {
  std::deque<ConfigNode> files;
  std::vector<Declared> listeners;
  std::vector<Declared> services;
  std::vector<Declared> routes;
  std::vector<Declared> steps;
  std::vector<Declared> tables;
  std::vector<Declared> plugins;             // what is required of them
  std::vector<const ConfigNode*> functions;  // names of files
  const ConfigNode* on_error = nullptr;
  const ConfigNode* events = nullptr;
  std::chrono::milliseconds deadline{30'000};

  static const Declared* find(const std::vector<Declared>& declared, std::string_view name);
};

// Reads every route file; findings for what is no mapping, unknown, declared twice or not in this version.
std::unique_ptr<Definition> read_definition(const BundleDirectory& bundle, CheckContext& check);

}  // namespace busway::routes
