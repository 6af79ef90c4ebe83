#pragma once

#include <CLI/CLI.hpp>

namespace busway::cli {

// What the process ends with.
enum ExitCode : int { good = 0, found = 1, usage = 2, internal = 70 };

// Adds the verb to `app`; when it is the one called, `exit_code` holds what it ended with.
using AddVerb = void (*)(CLI::App& app, int& exit_code);

void add_check(CLI::App& app, int& exit_code);
void add_convert(CLI::App& app, int& exit_code);
void add_eval(CLI::App& app, int& exit_code);
void add_explain(CLI::App& app, int& exit_code);
void add_help(CLI::App& app, int& exit_code);
void add_list(CLI::App& app, int& exit_code);
void add_new(CLI::App& app, int& exit_code);
void add_plugin(CLI::App& app, int& exit_code);
void add_run(CLI::App& app, int& exit_code);
void add_schema(CLI::App& app, int& exit_code);
void add_test(CLI::App& app, int& exit_code);

}  // namespace busway::cli
