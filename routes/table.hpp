#pragma once

#include <memory>

#include "bus/lookup_table.hpp"
#include "routes/definition.hpp"

namespace busway::routes {

// A table of the bundle: `{ csv: FILE, key: COLUMN }` or `{ json: FILE, key: MEMBER }`, beside it `format:` for a dialect. The
// file is a list of rows, each an object; the key of each is a string or a number, and there only once. Null after findings,
// which stand at the row in the file.
std::shared_ptr<const LookupTable> load_table(const Declared& declared, CheckContext& check);

}  // namespace busway::routes
