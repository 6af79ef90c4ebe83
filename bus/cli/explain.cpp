#include <fmt/format.h>

#include <algorithm>
#include <cctype>

#include "bus/cli/verbs.hpp"
#include "bus/diagnostics.hpp"

namespace busway::cli {

namespace {

int explain(std::string id) {
  std::transform(id.begin(), id.end(), id.begin(), [](unsigned char c) { return static_cast<char>(std::toupper(c)); });
  const Diagnostic* row = find_diagnostic(id);
  if (row == nullptr) {
    fmt::print(stderr, "busway explain: there is no diagnostic '{}'. `busway explain` lists them.\n", id.substr(0, 40));
    return usage;
  }
  fmt::print("{}: {}\n\n{}\n\nWhat to do: {}\n", row->id, row->title, row->explanation, row->remedy);
  return good;
}

int list_all() {
  for (const Diagnostic& row : diagnostics()) fmt::print("{}  {}\n", row.id, row.title);
  return good;
}

}  // namespace

void add_explain(CLI::App& app, int& exit_code) {
  CLI::App* verb = app.add_subcommand("explain", "Explain a diagnostic, or list them all.");
  auto id = std::make_shared<std::string>();
  verb->add_option("ID", *id, "The id in a finding, such as BW1004.");
  verb->callback([id, &exit_code] { exit_code = id->empty() ? list_all() : explain(*id); });
}

}  // namespace busway::cli
