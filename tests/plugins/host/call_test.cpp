#include "plugins/host/call.hpp"

#include <doctest/doctest.h>

#include <atomic>
#include <thread>

#include "plugins/host/host_table.hpp"
#include "plugins/host/sized.hpp"

using namespace busway;
using namespace busway::plugins;

namespace {

const busway_call_functions& calls = call_functions;
const busway_detached_functions& detached = detached_functions;

busway_answer saying(std::string_view bytes) {
  busway_answer answer{};
  answer.struct_size = sizeof answer;
  answer.bytes = text_of(bytes);
  return answer;
}
busway_reason because(std::uint32_t kind) {
  busway_reason reason{};
  reason.struct_size = sizeof reason;
  reason.kind = kind;
  reason.text = text_of("doing it: no");
  reason.code = text_of("17");
  return reason;
}

// A call of up to 100 bytes, and what comes of it.
struct Trial {
  Worker worker;
  Exchange exchange{worker};
  std::shared_ptr<PendingCall> call = std::make_shared<PendingCall>(worker, 100);
  busway_ticket ticket{open_ticket(call)};
  Result<Answer> result() { return call->result(exchange, "wire", nullptr); }
};

}  // namespace

TEST_CASE("a call ends once, and what comes later is counted") {
  Trial trial;
  CHECK(calls.wanted(trial.ticket) == 1);
  std::uint64_t before = late_answers();
  busway_answer answer = saying("yes");
  busway_reason reason = because(BUSWAY_FAIL_INTERNAL);
  CHECK(calls.answer(trial.ticket, &answer) == 1);
  CHECK(calls.wanted(trial.ticket) == 0);
  CHECK(calls.answer(trial.ticket, &answer) == 0);
  CHECK(calls.fail(trial.ticket, &reason, nullptr) == 0);
  answer.document = detached.begin();  // taken, and dropped
  CHECK(calls.answer(busway_ticket{0}, &answer) == 0);
  CHECK(calls.fail(busway_ticket{~0ULL}, &reason, nullptr) == 0);
  CHECK(late_answers() == before + 4);
  auto result = trial.result();
  REQUIRE(result);
  CHECK(result->message.bytes() == "yes");
}

TEST_CASE("of many who answer at once one is heard") {
  for (int round = 0; round < 200; ++round) {
    Trial trial;
    std::atomic<int> heard{0};
    std::vector<std::thread> threads;
    for (int i = 0; i < 4; ++i) {
      threads.emplace_back([&] {
        busway_answer answer = saying("mine");
        heard += calls.answer(trial.ticket, &answer);
      });
    }
    for (std::thread& thread : threads) thread.join();
    CHECK(heard == 1);
  }
}

TEST_CASE("a failure becomes what the bus knows of calls") {
  auto kind = [](std::uint32_t given) {
    Trial trial;
    busway_reason reason = because(given);
    CHECK(calls.fail(trial.ticket, &reason, nullptr) == 1);
    auto result = trial.result();
    if (result) return result->fault ? "a fault " + result->fault->code + ": " + result->fault->text : std::string("an answer");
    return std::string(name_of(result.error().kind)) + ": " + result.error().text;
  };
  CHECK(kind(BUSWAY_FAIL_ANSWERED) == "a fault 17: doing it: no");
  CHECK(kind(BUSWAY_FAIL_NOT_SENT) == "not_sent: doing it: no (17)");
  CHECK(kind(BUSWAY_FAIL_OVERLOAD) == "not_sent: doing it: no (17)");
  CHECK(kind(BUSWAY_FAIL_DEADLINE) == "unknown: doing it: no (17)");
  CHECK(kind(BUSWAY_FAIL_FORMAT) == "garbage: doing it: no (17)");
  CHECK(kind(BUSWAY_FAIL_MAPPING) == "mapping: doing it: no (17)");
  CHECK(kind(4711) == "internal: doing it: no (17)");
}

TEST_CASE("what a plugin hands in is held to the rules") {
  auto said = [](auto change) {
    Trial trial;
    busway_answer answer = saying("body");
    change(answer);
    CHECK(calls.answer(trial.ticket, &answer) == 1);
    auto result = trial.result();
    return result ? std::string("good") : std::string(name_of(result.error().kind)) + ": " + result.error().text;
  };
  std::string most(100, 'x');
  std::string more(101, 'x');
  busway_header injected[] = {{text_of("X-A"), text_of("b\r\nc: d")}};
  CHECK(said([&](busway_answer& a) { a.bytes = text_of(most); }) == "good");
  CHECK(said([&](busway_answer& a) { a.bytes = text_of(more); }).starts_with("garbage: the answer is larger than max_body"));
  CHECK(said([](busway_answer& a) { a.status = 1000; }).starts_with("internal: "));
  CHECK(said([](busway_answer& a) { a.header_count = 3; }).starts_with("internal: "));
  CHECK(said([&](busway_answer& a) {
          a.headers = injected;
          a.header_count = 1;
        }).starts_with("internal: the plugin answers with header fields"));
  CHECK(said([](busway_answer& a) { a.document = detached.begin(); }) == "internal: the plugin has built no document");
  CHECK(said([](busway_answer& a) {
          a.document = detached.begin();
          busway_builder* builder = detached.builder(a.document);
          builder_functions.begin_array(builder);
          builder_functions.end(builder);
        }) == "good");
  CHECK(said([](busway_answer& a) {
          a.document = detached.begin();
          busway_builder* builder = detached.builder(a.document);
          builder_functions.begin_array(builder);
          std::string text(1000, 'x');
          for (int i = 0; i < 1000; ++i) builder_functions.string(builder, text_of(text));
          builder_functions.end(builder);
        }).starts_with("garbage: the answer is larger than max_body"));
  // Of an older version of the ABI, and of none.
  Trial trial;
  busway_answer answer = saying("body");
  answer.struct_size = 4;
  CHECK(calls.answer(trial.ticket, &answer) == 0);
  CHECK(calls.answer(trial.ticket, nullptr) == 0);
  CHECK(calls.wanted(trial.ticket) == 1);
}
