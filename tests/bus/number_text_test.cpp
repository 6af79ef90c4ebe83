#include "bus/number_text.hpp"

#include <doctest/doctest.h>

#include <bit>
#include <cmath>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <random>
#include <string>

namespace busway {

namespace {

std::string printed(double value) {
  char buffer[32];
  return std::string(printed_number(value, buffer));
}

// The definition: rounded to 15 significant digits by the C library, then the shortest text of that.
std::string by_definition(double value) {
  char buffer[32];
  if (value == std::trunc(value)) return std::string(shortest_number(value, buffer));
  char rounded[64];
  std::snprintf(rounded, sizeof rounded, "%.15g", value);
  return std::string(shortest_number(std::strtod(rounded, nullptr), buffer));
}

}  // namespace

TEST_CASE("numbers: printing has one form") {
  CHECK(printed(0) == "0");
  CHECK(printed(-0.0) == "0");
  CHECK(printed(-3) == "-3");
  CHECK(printed(9007199254740993.0) == "9007199254740992");
  CHECK(printed(1e21) == "1e+21");
  CHECK(printed(123456789012345680000.0) == "123456789012345680000");
  CHECK(printed(0.1 + 0.2) == "0.3");
  CHECK(printed(19.95 * 3) == "59.85");
  CHECK(printed(1e-7) == "1e-7");
  CHECK(printed(-0.000001) == "-0.000001");
  CHECK(printed(5e-324) == by_definition(5e-324));
  CHECK(printed(INFINITY) == "null");
}

TEST_CASE("numbers: a short text needs no rounding") {
  std::mt19937_64 random(1);
  for (int round = 0; round < 200'000; ++round) {
    double value = 0;
    switch (round % 4) {
      case 0: value = std::bit_cast<double>(static_cast<std::uint64_t>(random())); break;
      case 1: value = static_cast<double>(static_cast<std::int64_t>(random() % 100'000'000)) / 100; break;
      case 2: value = static_cast<double>(random() % 1'000'000) / 1000 * static_cast<double>(random() % 50); break;
      default: value = std::ldexp(static_cast<double>(random() % 4096), -1080 + static_cast<int>(random() % 80));
    }
    if (std::isfinite(value)) REQUIRE(printed(value) == by_definition(value));
  }
}

}  // namespace busway
