#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "bus/field.hpp"
#include "plugins/host/declaration.hpp"

namespace busway::plugins {

// The value of one key, as a plugin gets it (busway_setting).
struct Setting {
  std::uint32_t given = BUSWAY_LEFT_OUT;
  std::int64_t number = 0;
  Secret text;  // any text: one of the keys may hold a secret, and it is wiped when the bundle is loaded
  std::vector<std::string> list;
};

// A key that a plugin has declared, made into what help, schema and check know of a built-in one, and the reader of its values.
class DeclaredField {
 public:
  // Errors: kind `config`, code BW7008: a type that does not exist, a default or bound that is none.
  static Result<DeclaredField> make(const FieldDeclaration& declared);

  const FieldInfo& info() const { return info_; }
  const Setting& left_out() const { return left_out_; }
  // False after a finding.
  bool read(const ConfigNode& node, CheckContext& check, Setting& out) const;

 private:
  DeclaredField() = default;
  bool read_value_of(const ConfigNode& node, CheckContext& check, Setting& out) const;
  Result<void> describe_type(const FieldDeclaration& declared);
  Result<void> read_bounds(const FieldDeclaration& declared);

  std::uint32_t type_ = 0;
  std::vector<std::string> choices_;
  Constraints limits_;
  FieldInfo info_;
  Setting left_out_;
};

// The settings as the ABI has them. They point into `settings`.
class SettingsForCall {
 public:
  explicit SettingsForCall(const std::vector<Setting>& settings);
  const busway_setting* data() const { return out_.data(); }
  std::size_t size() const { return out_.size(); }

 private:
  std::vector<std::vector<busway_text>> lists_;
  std::vector<busway_setting> out_;
};

}  // namespace busway::plugins
