#include "tests/adapters/http/verdict_page.hpp"

#include <doctest/doctest.h>

#include <fstream>
#include <iostream>
#include <utility>

#include "adapters/http/grammar.hpp"

namespace http_test {

VerdictPage::VerdictPage() {
  std::ifstream in(std::string(BUSWAY_SOURCE_DIR) + "/docs/http-verdicts.md");
  for (std::string line; std::getline(in, line);) {
    if (!line.starts_with("| ")) continue;
    std::vector<std::string> cells;
    for (std::size_t at = 1; at < line.size();) {
      std::size_t bar = line.find(" |", at);
      cells.emplace_back(busway::http::trim_whitespace(std::string_view(line).substr(at, bar - at)));
      at = bar == std::string::npos ? bar : bar + 2;
    }
    if (cells.size() != 4 || !cells[0].starts_with('`')) continue;
    std::string name = cells[0].substr(1, cells[0].size() - 2);
    CHECK_MESSAGE(!cells[3].empty(), name << " has no reason");
    CHECK_MESSAGE(rows_.emplace(name, Row{cells[1], cells[2], cells[3]}).second, name << " stands twice");
  }
}

const VerdictPage::Row* VerdictPage::find(const std::string& name) const {
  auto found = rows_.find(name);
  return found == rows_.end() ? nullptr : &found->second;
}

void VerdictPage::check(const std::string& name, const std::string& suite, bool suite_takes, const std::string& ours,
                        const Seen& seen) {
  ++checked_;
  const Row* row = find(name);
  if (row == nullptr) {
    std::cout << "not in docs/http-verdicts.md:\n| `" << name << "` | " << suite << " | " << ours << " | " << seen.reason
              << " |\n";
    CHECK_MESSAGE(suite_takes == (seen.refused == 0), name << ": " << seen.reason);
    return;
  }
  CHECK_MESSAGE(row->ours == ours, name << ": " << seen.reason << "; the page says: " << row->why);
  CHECK_MESSAGE(row->suite == suite, name);
  bool departs = suite_takes != (seen.refused == 0);
  if (departs) departures_.push_back((seen.refused == 0 ? "taken: " : "refused: ") + name + ": " + row->why);
  CHECK_MESSAGE(departs == row->why.starts_with("**departs**"), name);
}

void VerdictPage::report(const std::string& title) {
  std::cout << title << ": " << checked_ << " cases, " << departures_.size() << " verdicts depart from the suite's\n";
  for (const std::string& departure : departures_) std::cout << "  " << departure << "\n";
}

std::string verdict_on_request(const Seen& seen) {
  if (seen.refused != 0) return std::to_string(seen.refused);
  return seen.closes ? "taken, then closed" : "taken";
}

std::string verdict_on_answer(const Seen& seen) {
  return seen.refused != 0 ? "garbage" : "taken";
}

}  // namespace http_test
