#include "bus/log.hpp"

#include <doctest/doctest.h>

#include <string>
#include <thread>
#include <vector>

using namespace busway;

namespace {

struct Lines {
  std::vector<std::string> all;
  Log log{[this](std::string_view line) { all.emplace_back(line.substr(25)); }};  // behind the time
};

}  // namespace

TEST_CASE("a line is a sentence and its fields") {
  Lines lines;
  lines.log.warn("Delivery failed.", {{"route", "orders"}, {"error", "connecting: refused"}, {"attempt", 2}, {"last", false}});
  REQUIRE(lines.all.size() == 1);
  CHECK(lines.all[0] == "warn  Delivery failed. route=orders error=\"connecting: refused\" attempt=2 last=false\n");
}

TEST_CASE("no value can begin a line or a field of its own") {
  Lines lines;
  lines.log.info("Two\nlines.", {{"a", "x\ny=z"}, {"b", ""}, {"c", "q\"q"}, {"d", Node::string("one word")}});
  REQUIRE(lines.all.size() == 1);
  CHECK(lines.all[0] == "info  Two lines. a=\"x\\ny=z\" b=\"\" c=\"q\\\"q\" d=\"one word\"\n");
}

TEST_CASE("a line that is whole already is written as it is, however many there are") {
  std::vector<std::string> all;
  Log log([&](std::string_view line) { all.emplace_back(line); });
  for (int i = 0; i < 100; ++i) log.write_line("{\"status\":200}\n");
  CHECK(all == std::vector<std::string>(100, "{\"status\":200}\n"));
}

TEST_CASE("a sentence is written ten times a second in one route, and what is left out is counted") {
  Lines lines;
  for (int i = 0; i < 25; ++i) lines.log.write(LogLevel::info, "Again.", "r", {});
  for (int i = 0; i < 3; ++i) lines.log.write(LogLevel::info, "Again.", "other", {});
  CHECK(lines.all.size() == 13);
  lines.log.flush();
  REQUIRE(lines.all.size() == 14);
  CHECK(lines.all.back() == "info  Again. route=r left_out=15\n");
  lines.log.flush();
  CHECK(lines.all.size() == 14);
}

TEST_CASE("the log takes lines from any thread") {
  Lines lines;
  std::vector<std::thread> threads;
  for (int t = 0; t < 4; ++t) {
    threads.emplace_back([&lines, t] {
      for (int i = 0; i < 5; ++i) lines.log.write(LogLevel::error, "From a thread.", std::to_string(t), {});
    });
  }
  for (std::thread& thread : threads) thread.join();
  CHECK(lines.all.size() == 20);
}
