#include "plugins/host/builder.hpp"

#include <doctest/doctest.h>

#include <random>

#include "bus/json_text.hpp"

using namespace busway;
using namespace busway::plugins;

TEST_CASE("texts that lie in the input are borrowed, others are copied") {
  Arena arena;
  DocumentBuilder::Bench bench;
  std::string input = "sku=A1";
  DocumentBuilder builder(arena, bench, input);
  std::string elsewhere = "42";
  builder.begin(true);
  builder.key(std::string_view(input).substr(0, 3));
  builder.string(std::string_view(input).substr(4));
  builder.key("n");
  builder.number_text(elsewhere);
  builder.end();
  auto built = builder.finish();
  REQUIRE(built);
  CHECK(built->member("sku").text().data() == input.data() + 4);
  CHECK(built->member("n").text().data() != elsewhere.data());
  elsewhere = "17";
  CHECK(to_json(*built) == R"({"sku":"A1","n":42})");
}

TEST_CASE("objects keep their order and refuse a key that stands twice, small or large") {
  for (int count : {2, 16, 17, 3000}) {
    for (bool twice : {false, true}) {
      Arena arena;
      DocumentBuilder::Bench bench;
      DocumentBuilder builder(arena, bench);
      builder.begin(true);
      for (int i = count; i > 0; --i) {
        builder.key("k" + std::to_string(twice && i == 1 ? count : i));
        builder.value(Node::null());
      }
      builder.end();
      auto built = builder.finish();
      CHECK(built.has_value() == !twice);
      if (built) CHECK(built->members()[0].key.text() == "k" + std::to_string(count));
    }
  }
}

TEST_CASE("whatever is called in whatever order, the result is a document or an error") {
  std::mt19937 random(4);
  int good = 0;
  for (int round = 0; round < 50'000; ++round) {
    Arena arena;
    DocumentBuilder::Bench bench;
    DocumentBuilder builder(arena, bench);
    for (auto calls = random() % 12; calls != 0; --calls) {
      switch (random() % 7) {
        case 0: builder.begin(true); break;
        case 1: builder.begin(false); break;
        case 2: builder.end(); break;
        case 3: builder.key(std::string(1, static_cast<char>('a' + random() % 3))); break;
        case 4: builder.string("s"); break;
        case 5: builder.number_text("1.50"); break;
        default: builder.value(Node::boolean(true)); break;
      }
    }
    if (auto built = builder.finish()) {
      ++good;
      std::string text;
      CHECK(write_strict_json(*built, text, [](std::string_view) { return true; }));
    }
  }
  CHECK(good > 1000);
}
