#include "adapters/http/pace.hpp"

#include <doctest/doctest.h>

using namespace busway;
using namespace busway::http;
using namespace std::chrono_literals;

TEST_CASE("a rate is kept, and what came fast buys no long silence") {
  const TimePoint start{};
  SUBCASE("nothing comes") {
    Pace pace(start, 10s, 1000);
    CHECK(pace.deadline(start, 0) == start + 10s);
    CHECK(pace.deadline(start + 9s, 0) == start + 10s);
  }
  SUBCASE("a byte now and then is not enough") {
    Pace pace(start, 10s, 1000);
    for (int second = 1; second < 10; ++second)
      CHECK(pace.deadline(start + std::chrono::seconds(second), static_cast<std::uint64_t>(second)) < start + 11s);
  }
  SUBCASE("the rate is enough, however long it takes") {
    Pace pace(start, 10s, 1000);
    for (int second = 1; second < 1000; ++second) {
      TimePoint now = start + std::chrono::seconds(second);
      CHECK(pace.deadline(now, static_cast<std::uint64_t>(second) * 1000) > now);
    }
  }
  SUBCASE("ten megabytes at once, then silence or a trickle") {
    Pace pace(start, 10s, 1000);
    CHECK(pace.deadline(start + 1s, 10'000'000) == start + 11s);
    CHECK(pace.deadline(start + 5s, 10'000'001) < start + 12s);
    CHECK(pace.deadline(start + 5s, 10'009'999) < start + 22s);
  }
  SUBCASE("rates and graces at their bounds") {
    Pace slow(start, 10ms, 1);
    CHECK(slow.deadline(start, 0) == start + 10ms);
    CHECK(slow.deadline(start + 5ms, 1) == start + 15ms);
    Pace fast(start, 600s, 1024 * 1024 * 1024);
    CHECK(fast.deadline(start, 1024 * 1024) <= start + 601s);
  }
}

TEST_CASE("another's time is not counted") {
  const TimePoint start{};
  Pace pace(start, 10s, 1000);
  pace.forgive(60s);
  CHECK(pace.deadline(start + 61s, 0) == start + 70s);
}
