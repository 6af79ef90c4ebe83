#include "transforms/jsonata/decimal.hpp"

#include <doctest/doctest.h>

#include <random>
#include <string>

#include "json_text.hpp"

namespace busway::jsonata::test {

namespace {

std::string rounded(const char* text, int scale, Rounding rounding) {
  Decimal value;
  REQUIRE(Decimal::read(text, value));
  Decimal result;
  return Decimal::round(value, scale, rounding, result) ? result.text() : "too long";
}

}  // namespace

TEST_CASE("decimals compute exactly and keep their places") {
  CHECK(run("$decimalAdd(1.15, 2.30)") == "3.45");
  CHECK(run("$decimalAdd(a, b)", R"({"a":0.1,"b":"0.20"})") == "0.30");
  CHECK(run("$decimalSubtract(1, 1.00)") == "0.00");
  CHECK(run("$decimalSubtract(1, 3.5)") == "-2.5");
  CHECK(run("$decimalMultiply(1.10, 3)") == "3.30");
  CHECK(run("$decimalMultiply(-99999999999.99, 99999999999.99)") == "-9999999999998000000000.0001");
  CHECK(run("$decimalDivide(10, 3, 4)") == "3.3333");
  CHECK(run("$decimalDivide(2, 3, 2)") == "0.67");
  CHECK(run("$decimalDivide(-1, 8, 2, \"half-up\")") == "-0.13");
  CHECK(run("$decimalRound(10.1, 2)") == "10.10");
  CHECK(run("$decimalRound(1250, -2)") == "1200");
  CHECK(run("$decimalRound(0.004, 2)") == "0.00");
  CHECK(run("$decimalRound(-0.004, 2)") == "0.00");
  CHECK(run("$decimalSum(lines.price)", R"({"lines":[{"price":1.15},{"price":"2.30"},{"price":0.05}]})") == "3.50");
  CHECK(run("$decimalSum([])") == "0");
  CHECK(run("$decimalSum(7.50)") == "7.50");
  CHECK(run("$decimalCompare(1.0, 1)") == "0");
  CHECK(run("$decimalCompare(12345678901234567890.1, 12345678901234567890.2)") == "-1");
  CHECK(run("$decimal(\"0012.50\")") == "12.50");
  CHECK(run("$decimal(0.1 + 0.2)") == "0.30000000000000004");
  CHECK(run("$decimal(\"1.5e3\")") == "1500");
  CHECK(run("$decimal(15e-4)") == "0.0015");
  CHECK(run("$decimalAdd(1.15, 2.30) = 3.45") == "true");
}

TEST_CASE("a missing operand makes a decimal missing, a wrong one fails") {
  CHECK(run("$decimalAdd(missing, 1)") == "nothing");
  CHECK(run("$decimalDivide(1, missing, 2)") == "nothing");
  CHECK(run("$decimalRound(missing, 2)") == "nothing");
  CHECK(run("$decimalSum(missing)") == "nothing");
  CHECK(run("$decimalDivide(1, 0.00, 2)").starts_with("D1001"));
  CHECK(run("$decimalRound(1.5, 0, \"bankers\")").starts_with("D3151"));
  CHECK(run("$decimalRound(1.5, 0.5)").starts_with("D3150"));
  CHECK(run("$decimalRound(1.5, 301)").starts_with("D3150"));
  for (const char* text : {"", " 1", "1.", ".5", "1e", "0x10", "1,5", "--1", "1e99999999999"}) {
    CHECK(run("$decimal(\"" + std::string(text) + "\")").starts_with("D3030"));
  }
  CHECK(run("$decimalSum([1, true])").starts_with("T0412"));
  CHECK(run("$decimalMultiply(1e200, 1e200)").starts_with("D1001"));
  CHECK(run("$decimal(1e301)").starts_with("D3030"));
}

TEST_CASE("each rounding rounds as it is called") {
  struct Row {
    Rounding rounding;
    const char* results[6];
  };
  const char* values[6] = {"2.5", "3.5", "-2.5", "2.51", "-2.4", "2.0"};
  const Row rows[] = {
      {Rounding::half_even, {"2", "4", "-2", "3", "-2", "2"}}, {Rounding::half_up, {"3", "4", "-3", "3", "-2", "2"}},
      {Rounding::half_down, {"2", "3", "-2", "3", "-2", "2"}}, {Rounding::up, {"3", "4", "-3", "3", "-3", "2"}},
      {Rounding::down, {"2", "3", "-2", "2", "-2", "2"}},      {Rounding::ceiling, {"3", "4", "-2", "3", "-2", "2"}},
      {Rounding::floor, {"2", "3", "-3", "2", "-3", "2"}}};
  for (const Row& row : rows) {
    for (int i = 0; i < 6; ++i) CHECK(rounded(values[i], 0, row.rounding) == row.results[i]);
  }
}

TEST_CASE("decimals of many digits agree with each other") {
  std::mt19937_64 random(7);
  auto number = [&](int digits) {
    std::string text = random() % 2 == 0 ? "-" : "";
    for (int i = 0; i < digits; ++i) {
      if (i == digits / 2 && i > 0) text += '.';
      text += static_cast<char>('0' + random() % 10);
    }
    return text;
  };
  for (int round = 0; round < 2000; ++round) {
    Decimal a, b, sum, back, product, quotient;
    REQUIRE(Decimal::read(number(1 + static_cast<int>(random() % 60)), a));
    REQUIRE(Decimal::read(number(1 + static_cast<int>(random() % 60)), b));
    int order = 1;
    REQUIRE(Decimal::add(a, b, sum));
    REQUIRE(Decimal::subtract(sum, b, back));
    REQUIRE(Decimal::compare(a, back, order));
    CHECK(order == 0);
    REQUIRE(Decimal::multiply(a, b, product));
    if (b.is_zero()) continue;
    REQUIRE(Decimal::divide(product, b, a.scale(), Rounding::down, quotient));
    REQUIRE(Decimal::compare(a, quotient, order));
    CHECK(order == 0);
  }
  // Small ones beside the machine's own arithmetic.
  for (int round = 0; round < 2000; ++round) {
    auto x = static_cast<std::int64_t>(random() % 2'000'000'000'000) - 1'000'000'000'000;
    auto y = static_cast<std::int64_t>(random() % 2'000'000) - 1'000'000;
    if (y == 0) continue;
    Decimal a, b, quotient;
    REQUIRE(Decimal::read(std::to_string(x), a));
    REQUIRE(Decimal::read(std::to_string(y), b));
    REQUIRE(Decimal::divide(a, b, 0, Rounding::down, quotient));
    CHECK(quotient.text() == std::to_string(x / y));
  }
}

TEST_CASE("every uuid is another") {
  std::string one = run("$uuid()");
  CHECK(one.size() == 38);
  CHECK(one[15] == '4');
  CHECK(one[9] == '-');
  CHECK(run("$uuid() = $uuid()") == "false");
  CHECK(run("$count($distinct([1..20].$uuid()))") == "20");
}

}  // namespace busway::jsonata::test
