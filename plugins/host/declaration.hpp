#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "bus/error.hpp"
#include "bus/registry.hpp"
#include "plugins/sdk/c/busway_plugin.h"

namespace busway::plugins {

// What a plugin declares, as data of our own: read from its memory where it is loaded, or handed over by the child that loaded
// it.

struct FieldDeclaration {
  std::uint32_t type = 0;  // BUSWAY_FIELD_...
  bool required = false;
  bool shorthand = false;
  bool endpoints = false;
  std::string name{};
  std::string doc{};
  std::string default_text{};
  std::string at_least{};
  std::string at_most{};
  std::vector<std::string> choices{};
};

// Of an adapter: what it can do, and the keys of its parts.
struct AdapterDeclaration {
  std::uint32_t flags = 0;  // BUSWAY_ADAPTER_...
  bool source = false;
  bool target = false;
  std::uint32_t source_flags = 0;  // BUSWAY_SOURCE_...
  std::string acknowledges{};
  std::string format{};  // that its bodies are in where no `format:` says otherwise; of processes alone
  std::vector<FieldDeclaration> listener{};
  std::vector<FieldDeclaration> from{};
  std::vector<FieldDeclaration> service{};

  const std::vector<FieldDeclaration>& fields(std::uint32_t part) const {
    return part == BUSWAY_PART_LISTENER ? listener : part == BUSWAY_PART_FROM ? from : service;
  }
};

struct ComponentDeclaration {
  std::uint32_t kind = 0;  // BUSWAY_KIND_...
  std::string name{};
  std::string summary{};
  std::string doc{};
  std::vector<FieldDeclaration> fields{};
  std::vector<Example> examples{};
  // Of a format.
  std::string content_type{};
  std::vector<std::string> content_types{};
  // Of a step.
  bool leaves_body = false;
  bool later = false;  // it has `start`
  AdapterDeclaration adapter{};
};

struct Declaration {
  std::string name{};
  std::string version{};
  std::vector<ComponentDeclaration> components{};
};

std::string_view word_for_kind(std::uint32_t kind);  // "format", "step", "adapter"
std::string_view word_for_part(std::uint32_t part);  // "listener", "from", "service"

// Reads what an entry point answered. Follows the plugin's pointers: where they lead nowhere the process ends, so a plugin is
// read in a child first. Everything else that is wrong is an error of kind `config`, with code BW7005 (another ABI) or BW7008.
Result<Declaration> read_declaration(const busway_plugin* plugin);

// What holds of every declaration, wherever it came from: names, types, counts, defaults that fit their type. Code BW7008.
Result<void> check_declaration(const Declaration& declaration);

// A declaration as bytes and back, between a child and its parent. The bytes are not trusted: a plugin may have written them.
std::string encode(const Declaration& declaration);
Result<Declaration> decode(std::string_view bytes);

}  // namespace busway::plugins
