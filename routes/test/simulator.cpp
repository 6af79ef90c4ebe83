#include "routes/test/simulator.hpp"

#include <algorithm>

#include "routes/test/literal.hpp"

namespace busway::routes {

namespace {

// Bodies of a story: the document where there is one, else the bytes.
std::string body_shown(const Node& document, std::string_view bytes) {
  std::string text = document.is_nothing() ? shown(bytes) : shown(document);
  return text.empty() ? "" : " " + text;
}

std::string duration_shown(std::chrono::milliseconds time) {
  return std::to_string(time.count()) + "ms";
}

}  // namespace

void compare_body(std::string_view what, const TestBody& expected, const Node& document, std::string_view bytes, Match match,
                  std::vector<Difference>& differences) {
  if (expected.document) return compare(what, *expected.document, document, match, differences);
  if (bytes == expected.bytes) return;
  differences.push_back({expected.at, std::string(what) + ": expected " + shown(expected.bytes) + ", got " + shown(bytes)});
}

void ServiceSimulator::compare_request(const std::string& service, const TestExchange& listed, const SimulatedRequest& request) {
  std::string line = "to " + service + ":";
  for (std::string_view word : {request.method, request.path, request.operation}) {
    if (!word.empty()) line += " " + std::string(word);
  }
  record_.story.push_back(line + body_shown(request.body, request.bytes));
  if (listed.expect)
    compare_body("sent to " + service, *listed.expect, request.body, request.bytes, Match::whole, record_.differences);
}

SimulatedReply ServiceSimulator::make_reply(const std::string& service, const TestExchange& listed, Arena& arena) const {
  SimulatedReply reply;
  reply.status = listed.status;
  reply.headers = listed.headers;
  Findings ignored;  // read_test() has been over every literal
  if (listed.reply && listed.reply->document) {
    reply.body = literal_document(*listed.reply->document, arena, ignored);
  } else if (listed.reply) {
    reply.bytes = listed.reply->bytes;
    // What a service that speaks the format would label them with.
    const Format* format = snapshot_.services.at(service)->format();
    bool labelled = std::any_of(reply.headers.begin(), reply.headers.end(),
                                [](const auto& header) { return equal_ignoring_case(header.first, "content-type"); });
    if (!labelled && format != nullptr && !format->content_type().empty()) {
      reply.headers.emplace_back("Content-Type", std::string(format->content_type()));
    }
  }
  if (listed.fault) {
    Fault fault{listed.fault->code, listed.fault->text, Node()};
    if (listed.fault->detail && listed.fault->detail->document) {
      fault.detail = literal_document(*listed.fault->detail->document, arena, ignored).value_or(Node());
    }
    reply.fault = std::move(fault);
  }
  return reply;
}

Task<Result<Answer>> ServiceSimulator::call(Exchange& exchange, const std::string& service, Target& target,
                                            const Outbound& outbound, const Endpoint& endpoint, TimePoint deadline) {
  Worker& worker = exchange.worker();
  auto listed_at = test_.services.find(service);
  std::size_t index = made_[service]++;
  auto request = target.simulate_request(exchange, outbound, endpoint);
  if (!request) {
    record_.story.push_back("to " + service + ": could not be written: " + request.error().text);
    co_return std::unexpected(request.error());
  }
  if (listed_at == test_.services.end() || index >= listed_at->second.size()) {
    compare_request(service, TestExchange(), *request);
    bool listed = listed_at != test_.services.end();
    record_.differences.push_back({test_.at, listed ? "service " + service + " was called " + std::to_string(index + 1) +
                                                          " times, but the test lists " + std::to_string(listed_at->second.size())
                                                    : "service " + service + " was called, but the test does not list it"});
    co_return fail(ErrorKind::internal, "the test lists no such call");
  }
  const TestExchange& listed = listed_at->second[index];
  compare_request(service, listed, *request);
  if (worker.now() + listed.after > deadline) {
    record_.story.push_back("from " + service + ": no answer in time, it takes " + duration_shown(listed.after));
    co_await worker.sleep_until(deadline);
    co_return fail(ErrorKind::unknown, "waiting for the answer: the time is up", "timeout");
  }
  if (listed.after.count() > 0) {
    record_.story.push_back("from " + service + ": answers after " + duration_shown(listed.after));
    co_await worker.sleep_for(listed.after);
  }
  using Outcome = TestExchange::Outcome;
  if (listed.outcome != Outcome::reply) {
    ErrorKind kind = listed.outcome == Outcome::not_sent  ? ErrorKind::not_sent
                     : listed.outcome == Outcome::unknown ? ErrorKind::unknown
                                                          : ErrorKind::garbage;
    record_.story.push_back("from " + service + ": fails with " + std::string(name_of(kind)));
    co_return fail(kind, "the test says so");
  }
  SimulatedReply reply = make_reply(service, listed, exchange.arena());
  std::string line = "from " + service + ":";
  if (listed.status != 0) line += " " + std::to_string(listed.status);
  if (listed.fault) line += " fault " + listed.fault->code + ": " + listed.fault->text;
  record_.story.push_back(line + body_shown(reply.body.value_or(Node()), reply.bytes.value_or("")));
  auto answer = target.simulate_answer(exchange, outbound, reply);
  if (!answer) record_.story.push_back("from " + service + ": not understood: " + answer.error().text);
  co_return answer;
}

void ServiceSimulator::finish() {
  for (const auto& [service, exchanges] : test_.services) {
    auto made = made_.find(service);
    std::size_t count = made == made_.end() ? 0 : made->second;
    if (count >= exchanges.size()) continue;
    std::string calls = count == 0 ? "was not called" : "was called " + std::to_string(count) + (count == 1 ? " time" : " times");
    record_.differences.push_back(
        {exchanges[count].at, "service " + service + " " + calls + ", but the test lists " + std::to_string(exchanges.size())});
  }
}

}  // namespace busway::routes
