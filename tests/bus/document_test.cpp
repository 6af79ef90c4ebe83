#include "bus/document.hpp"

#include <doctest/doctest.h>

#include <array>
#include <string>
#include <vector>

#include "bus/number_text.hpp"

using namespace busway;

TEST_CASE("decimals compare exactly, whatever their form") {
  struct Row {
    const char* left;
    const char* right;
    int order;
  };
  for (const Row& row : std::vector<Row>{{"1", "1.0", 0},
                                         {"1e2", "100", 0},
                                         {"0.1e1", "1", 0},
                                         {"-0", "0", 0},
                                         {"0e999999999999999999999", "0", 0},
                                         {"12345678901234567890", "12345678901234567891", -1},
                                         {"-5", "3", -1},
                                         {"-5", "-3", -1},
                                         {"1e400", "1e399", 1},
                                         {"1e-400", "0", 1},
                                         {"0.30000000000000004", "0.3", 1},
                                         {"100", "99.999", 1}}) {
    CAPTURE(row.left);
    CAPTURE(row.right);
    CHECK(compare_decimals(row.left, row.right) == row.order);
    CHECK(compare_decimals(row.right, row.left) == -row.order);
  }
}

TEST_CASE("a computed number prints as JSONata prints it") {
  char buffer[40];
  CHECK(number_to_text(Node::number(0.1 + 0.2), buffer) == "0.3");
  CHECK(number_to_text(Node::number(-0.0), buffer) == "0");
  CHECK(number_to_text(Node::number(1e21), buffer) == "1e+21");
  CHECK(number_to_text(Node::number(1e20), buffer) == "100000000000000000000");
  CHECK(number_to_text(Node::number(1.5e-7), buffer) == "1.5e-7");
  CHECK(number_to_text(Node::number(0.000001), buffer) == "0.000001");
  CHECK(number_to_text(Node::number(1234.5), buffer) == "1234.5");
  CHECK(number_to_text(Node::number(-2e100), buffer) == "-2e+100");
  CHECK(number_to_text(Node::number_text("1250.10"), buffer) == "1250.10");
}

TEST_CASE("equality is deep, exact on untouched numbers, and blind to member order") {
  std::array<Member, 2> forth{Member{Node::string("a"), Node::number_text("1.0")}, Member{Node::string("b"), Node::null()}};
  std::array<Member, 2> back{Member{Node::string("b"), Node::null()}, Member{Node::string("a"), Node::number_text("1")}};
  CHECK(equal(Node::object(forth), Node::object(back)));
  CHECK_FALSE(equal(Node::number_text("9007199254740993"), Node::number_text("9007199254740992")));
  CHECK_FALSE(equal(Node::string("3"), Node::number_text("3")));
  CHECK(equal(Node::number(3), Node::number_text("3.0")));
}

TEST_CASE("a deep copy owns every byte") {
  Arena arena;
  std::string text = "original";
  std::array<Node, 2> items{Node::string(text), Node::number_text("12")};
  Node copy = deep_copy(Node::array(items), arena);
  text.assign(8, 'x');
  CHECK(copy.items()[0].text() == "original");
}

TEST_CASE("an arena reused keeps its first chunk only") {
  Arena arena(1024);
  for (int round = 0; round < 3; ++round) {
    for (int i = 0; i < 1000; ++i) arena.allocate(100, 8);
    arena.reset();
    CHECK(arena.reserved() == 1024);
  }
  auto* aligned = arena.allocate(1, 1);
  auto* next = arena.allocate(16, 16);
  CHECK(aligned != next);
  CHECK(reinterpret_cast<std::uintptr_t>(next) % 16 == 0);
}

TEST_CASE("truth follows JSONata's boolean") {
  CHECK_FALSE(truthy(Node()));
  CHECK_FALSE(truthy(Node::number_text("0.0")));
  CHECK_FALSE(truthy(Node::string("")));
  CHECK(truthy(Node::string("false")));
  std::array<Node, 2> items{Node::boolean(false), Node::number(0)};
  CHECK_FALSE(truthy(Node::array(items)));
  items[1] = Node::number(2);
  CHECK(truthy(Node::array(items)));
}
