#include "routes/test/run_test.hpp"

#include "bus/wall_clock.hpp"
#include "routes/test/literal.hpp"

namespace busway::routes {

namespace {

// Sends every call of the snapshot's services to the simulator while it lives.
class Simulation {
 public:
  Simulation(Snapshot& snapshot, CallSimulator& simulator) : snapshot_(snapshot) {
    for (auto& [name, service] : snapshot_.services) service->simulate_with(&simulator);
  }
  Simulation(const Simulation&) = delete;
  Simulation& operator=(const Simulation&) = delete;
  ~Simulation() {
    for (auto& [name, service] : snapshot_.services) service->simulate_with(nullptr);
  }

 private:
  Snapshot& snapshot_;
};

Task<> send(Listener& listener, Worker& worker, const TestRequest& request, Arena& arena,
            std::optional<Result<TestReply>>& reply) {
  reply.emplace(co_await listener.simulate(worker, request, arena));
}

TestRequest request_of(const TestCase& test, Arena& arena) {
  TestRequest request;
  request.send = test.send;
  request.main = test.main;
  request.headers = test.headers;
  if (test.body && test.body->document) {
    Findings ignored;  // read_test() has been over every literal
    request.body = literal_document(*test.body->document, arena, ignored);
  } else if (test.body) {
    request.bytes = test.body->bytes;
  }
  return request;
}

std::string reply_shown(const TestReply& reply) {
  std::string line = "answered";
  if (reply.status != 0) line += " " + std::to_string(reply.status);
  for (const auto& [name, value] : reply.headers) {
    if (equal_ignoring_case(name, "content-type")) line += " " + value;
  }
  std::string body = reply.body.is_nothing() ? shown(reply.bytes) : shown(reply.body);
  if (!body.empty()) line += " " + body;
  return reply.note.empty() ? line : line + " (" + reply.note + ")";
}

void compare_headers(const TestExpectation& expect, const TestReply& reply, std::vector<Difference>& differences) {
  for (const auto& [name, value] : expect.headers) {
    std::string got;
    bool found = false;
    for (const auto& [there, text] : reply.headers) {
      if (!equal_ignoring_case(there, name)) continue;
      got += (found ? ", " : "") + text;
      found = true;
    }
    if (found && got == value.text) continue;
    differences.push_back({value.at, "header " + name + ": expected " + shown(std::string_view(value.text)) +
                                         (found ? ", got " + shown(std::string_view(got)) : ", but it is missing")});
  }
}

void compare_failure(const TestExpectation& expect, const TestReply& reply, std::vector<Difference>& differences) {
  std::string got = reply.failure ? std::string(name_of(reply.failure->kind)) : "";
  if (!expect.error.empty() && got != expect.error) {
    differences.push_back({expect.error_at, "error: expected " + expect.error + ", got " + (got.empty() ? "no failure" : got)});
  }
  // A test that says nothing of the answer does not pass by a failure.
  bool says = !expect.error.empty() || expect.status || expect.body || expect.body_has;
  if (!says && reply.failure) {
    differences.push_back({expect.at, "the route failed with " + got + "; a test of that says `error:` or `status:`"});
  }
}

void compare_reply(const TestCase& test, const TestReply& reply, std::vector<Difference>& differences) {
  const TestExpectation& expect = test.expect;
  if (!test.route.empty() && reply.route != test.route) {
    differences.push_back({test.at, reply.route.empty() ? "no route took the message; expected " + test.route
                                                        : "route " + reply.route + " took the message; expected " + test.route});
  }
  if (expect.status && *expect.status != reply.status) {
    differences.push_back({expect.status_at, "status: expected " + std::to_string(*expect.status) + ", got " +
                                                 (reply.status == 0 ? "none" : std::to_string(reply.status))});
  }
  compare_headers(expect, reply, differences);
  if (expect.body) compare_body("body", *expect.body, reply.body, reply.bytes, Match::whole, differences);
  if (expect.body_has) compare_body("body", *expect.body_has, reply.body, reply.bytes, Match::subset, differences);
  compare_failure(expect, reply, differences);
}

}  // namespace

TestRecord run_test(const TestCase& test, Snapshot& snapshot) {
  TestRecord record;
  std::optional<FixedWallClock> wall_clock;
  if (test.wall_time) wall_clock.emplace(*test.wall_time);
  Arena arena;
  TestRequest request = request_of(test, arena);
  std::string line = "sent in: " + test.main;
  if (request.body) line += " " + shown(*request.body);
  if (request.bytes) line += " " + shown(*request.bytes);
  record.story.push_back(std::move(line));
  ServiceSimulator simulator(test, snapshot, record);
  std::optional<Result<TestReply>> reply;
  {
    Simulation simulation(snapshot, simulator);
    Worker worker(0, Worker::ClockKind::manual);
    Listener& listener = *snapshot.listeners.at(test.listener);
    worker.post([&] { worker.spawn(send(listener, worker, request, arena, reply)); });
    worker.run();
  }
  if (!reply) {
    record.differences.push_back({test.at, "the message never came to an end: the route waits for something that cannot happen"});
  } else if (!*reply) {
    record.differences.push_back({test.at, "the message could not be sent in: " + reply->error().text});
  } else {
    const TestReply& answer = **reply;
    if (answer.route.empty()) record.story.emplace_back("no route took it");
    if (answer.failure) {
      std::string step = answer.failure->step.empty() ? "" : " at step " + answer.failure->step;
      record.story.push_back("failed" + step + ": " + std::string(name_of(answer.failure->kind)) + ": " +
                             answer.failure->message);
    }
    record.story.push_back(reply_shown(answer));
    compare_reply(test, answer, record.differences);
  }
  simulator.finish();
  return record;
}

}  // namespace busway::routes
