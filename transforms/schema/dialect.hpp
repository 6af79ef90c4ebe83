#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string_view>

namespace busway::schema {

enum class Draft : std::uint8_t { draft4, draft6, draft7, draft2019, draft2020 };

// What a schema's `$schema` makes its keywords mean: the draft and, since 2019-09, the vocabularies in use.
struct Dialect {
  Draft draft = Draft::draft2020;
  bool applicator = true;
  bool validation = true;
  bool unevaluated = true;
  bool format_assertion = false;

  bool at_least(Draft least) const { return draft >= least; }
  // Until draft 07 nothing beside `$ref` counts.
  bool reference_stands_alone() const { return draft <= Draft::draft7; }
};

// The dialect of a published metaschema's URI, with or without an empty fragment.
std::optional<Dialect> find_dialect(std::string_view metaschema);

// "draft-07", "2020-12", ...
std::string_view name_of(Draft draft);

// A keyword that holds subschemas.
enum class Holds : std::uint8_t {
  one,          // a schema
  list,         // a list of schemas
  one_or_list,  // either
  map,          // schemas by name
  map_or_names  // schemas or lists of names, by name
};
struct Applicator {
  std::string_view keyword;
  Holds holds;
  Draft first;
  Draft last;
};
// All of them, in all drafts.
std::span<const Applicator> applicators();

}  // namespace busway::schema
