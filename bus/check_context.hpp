#pragma once

#include <map>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "bus/config_node.hpp"
#include "bus/error.hpp"
#include "bus/expression.hpp"
#include "bus/finding.hpp"

namespace busway {

class Registry;

// The files of a bundle, as the check may see them: nothing outside the bundle is ever read.
class BundleFiles {
 public:
  virtual ~BundleFiles() = default;
  // `path` is relative to the file that names it (`from`). Errors: kind `config`, with the reason in words a user can act on
  // ("no such file in the bundle", "leads out of the bundle").
  virtual Result<std::string> read(std::string_view path, const Position& from) const = 0;
  // `path` as Position::file wants it: relative to the bundle's root.
  virtual std::string name_of(std::string_view path, const Position& from) const = 0;
  // A YAML file (a layout, ...) as a tree. Its own findings go to `findings`; nullopt when it could not be read.
  virtual std::optional<ConfigNode> read_yaml(std::string_view path, const ConfigNode& named_by, Findings& findings) const = 0;
};

// `${env:NAME}` and `${file:PATH}` in literal fields.
class Secrets {
 public:
  virtual ~Secrets() = default;
  // The text with its references replaced. During a check a missing one stays as it is written; for `run` it is an error.
  virtual Result<std::string> expand(std::string_view text, const Position& at) const = 0;
};

// Whether a literal still holds such a reference, as it does during a check: then nothing can be said of its value yet.
inline bool holds_reference(std::string_view text) {
  return text.find("${env:") != std::string_view::npos || text.find("${file:") != std::string_view::npos;
}

// All that a component may use while its configuration is read and checked. No I/O beyond the bundle.
struct CheckContext {
  Findings& findings;
  const Registry& registry;
  const BundleFiles& files;
  const Secrets& secrets;
  const ExpressionLanguage& expressions;
};

}  // namespace busway
