#pragma once

#include <CLI/CLI.hpp>

namespace busway::cli {

// `busway plugin bench`, below the verb `plugin`.
void add_plugin_bench(CLI::App& verb, int& exit_code);

}  // namespace busway::cli
