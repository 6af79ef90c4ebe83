#pragma once

#include <map>
#include <string>
#include <vector>

#include "bus/service.hpp"
#include "routes/test/difference.hpp"
#include "routes/test/test_case.hpp"

namespace busway::routes {

// What a test run has seen, for its report.
struct TestRecord {
  std::vector<Difference> differences;
  std::vector<std::string> story;  // a line for each thing that happened
};

// Plays the services of one test: each call takes the next exchange its service lists, is compared with what that expects, and
// gets its answer through the service's real codec after the time it says, on the worker's manual clock, within the attempt's
// deadline. One run, one thread.
class ServiceSimulator final : public CallSimulator {
 public:
  ServiceSimulator(const TestCase& test, const Snapshot& snapshot, TestRecord& record)
      : test_(test), snapshot_(snapshot), record_(record) {}

  Task<Result<Answer>> call(Exchange& exchange, const std::string& service, Target& target, const Outbound& outbound,
                            const Endpoint& endpoint, TimePoint deadline) override;
  // Records the exchanges that were listed and not made.
  void finish();

 private:
  void compare_request(const std::string& service, const TestExchange& listed, const SimulatedRequest& request);
  SimulatedReply make_reply(const std::string& service, const TestExchange& listed, Arena& arena) const;
  const TestCase& test_;
  const Snapshot& snapshot_;
  TestRecord& record_;
  std::map<std::string, std::size_t, std::less<>> made_;
};

// Compares a body with an expectation; `bytes` is what it is on the wire.
void compare_body(std::string_view what, const TestBody& expected, const Node& document, std::string_view bytes, Match match,
                  std::vector<Difference>& differences);

}  // namespace busway::routes
