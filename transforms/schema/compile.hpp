#pragma once

#include <memory>
#include <string>

#include "transforms/schema/schema_index.hpp"

namespace busway::schema {

struct Plan;

struct CompileOptions {
  Draft draft = Draft::draft2020;  // of a schema without `$schema`
  bool assert_formats = false;     // otherwise `format` is an annotation, unless the schema's own metaschema asserts it
};

// Compiles the schema `root` and everything it refers to. Findings BW41xx at the keyword at fault, all of one run; null after
// one.
// `$ref` leads to what `documents` has and nowhere else. One thread; the plan is for any.
std::shared_ptr<const Plan> compile(SchemaDocuments::Document root, const CompileOptions& options, SchemaDocuments& documents,
                                    Findings& findings);

}  // namespace busway::schema
