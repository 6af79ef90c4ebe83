#include "bus/cli/eval_cases.hpp"

#include <doctest/doctest.h>

#include <sstream>

#include "transforms/jsonata/jsonata.hpp"

using namespace busway;

TEST_CASE("one line of cases in, one line of result out") {
  struct Row {
    const char* in;
    const char* out;
  };
  for (const Row& row :
       {Row{R"({"expr":"a.b","data":{"a":{"b":1.50}}})", R"({"result":1.50})"},
        Row{R"({"expr":"a","data":{}})", R"({"undefined":true})"}, Row{R"x({"expr":"$exists($)"})x", R"({"result":false})"},
        Row{R"({"expr":"$x","bindings":{"x":[1]},"other":1})", R"({"result":[1]})"},
        Row{R"({"expr":"1/3","data":null})", R"({"result":0.3333333333333333})"},
        Row{R"({"expr":"function($x){$x}"})", R"({"result":""})"},
        Row{R"({"expr":"a","data":{"a":"\ud800"}})", R"({"result":"\ud800"})"}, Row{"nope", R"({"error":{"code":"BW0002"}})"},
        Row{R"({"expr":5})", R"({"error":{"code":"BW0002"}})"}, Row{"", R"({"error":{"code":"BW0002"}})"}}) {
    CAPTURE(row.in);
    std::istringstream in(std::string(row.in) + "\n");
    std::ostringstream out;
    cli::eval_cases(in, out, jsonata::language());
    CHECK(out.str() == std::string(row.out) + "\n");
  }
}

TEST_CASE("an error carries code, position, token and message") {
  std::istringstream in(R"x({"expr":"$number(\"a\")"})x");
  std::ostringstream out;
  cli::eval_cases(in, out, jsonata::language());
  CHECK(out.str().starts_with(R"({"error":{"code":"D3030","position":8,"token":"number","message":")"));
}
