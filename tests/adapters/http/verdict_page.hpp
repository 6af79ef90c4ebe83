#pragma once

#include <map>
#include <string>
#include <vector>

#include "tests/adapters/http/streams.hpp"

namespace http_test {

// The tables of docs/http-verdicts.md: what the page says of each case of the conformance suites, and why.
class VerdictPage {
 public:
  struct Row {
    std::string suite;  // the suite's own verdict
    std::string ours;
    std::string why;
  };

  VerdictPage();
  // Nothing: a case that the page does not know, as another part of a suite may hold.
  const Row* find(const std::string& name) const;
  // Checks that the page, where it knows the case, says what was seen. Otherwise our verdict must be the suite's, and the row
  // that the page lacks is printed.
  void check(const std::string& name, const std::string& suite, bool suite_takes, const std::string& ours, const Seen& seen);
  // Prints how many cases were checked, and those whose verdict departs from the suite's with the reason.
  void report(const std::string& title);

 private:
  std::map<std::string, Row> rows_;
  int checked_ = 0;
  std::vector<std::string> departures_;
};

// "taken", "taken, then closed", or the status of the refusal.
std::string verdict_on_request(const Seen& seen);
// "taken" or "garbage".
std::string verdict_on_answer(const Seen& seen);

}  // namespace http_test
