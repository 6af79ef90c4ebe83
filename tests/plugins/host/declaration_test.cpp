#include "plugins/host/declaration.hpp"

#include <doctest/doctest.h>

#include <random>

#include "plugins/host/utf8.hpp"

using namespace busway;
using namespace busway::plugins;

namespace {

Declaration sample() {
  Declaration out;
  out.name = "sample";
  out.version = "1";
  ComponentDeclaration step;
  step.kind = BUSWAY_KIND_STEP;
  step.name = "wait";
  step.summary = "Waits.";
  step.fields = {{.type = BUSWAY_FIELD_DURATION,
                  .name = "time",
                  .doc = "How long.",
                  .default_text = "2s",
                  .at_least = "1ms",
                  .at_most = "1h"},
                 {.type = BUSWAY_FIELD_CHOICE, .name = "how", .doc = "How.", .choices = {"here", "there"}}};
  step.examples = {{"A second", "wait: 1s"}};
  ComponentDeclaration format = step;
  format.kind = BUSWAY_KIND_FORMAT;
  format.content_type = "text/x-wait";
  format.content_types = {"text/x-wait"};
  ComponentDeclaration adapter = step;
  adapter.kind = BUSWAY_KIND_ADAPTER;
  adapter.adapter.flags = BUSWAY_ADAPTER_HEADERS;
  adapter.adapter.source = adapter.adapter.target = true;
  adapter.adapter.source_flags = BUSWAY_SOURCE_KEEPS_ORDER;
  adapter.adapter.acknowledges = "when it is read";
  adapter.adapter.listener = adapter.adapter.from = adapter.fields;
  adapter.adapter.service = {{.type = BUSWAY_FIELD_TEXTS, .endpoints = true, .name = "places", .doc = "Where."}};
  adapter.fields = {};
  adapter.examples = {};
  out.components = {step, format, adapter};
  return out;
}

}  // namespace

TEST_CASE("a declaration comes back from its bytes as it was") {
  auto back = decode(encode(sample()));
  REQUIRE(back);
  CHECK(encode(*back) == encode(sample()));
}

TEST_CASE("bytes that a plugin has spoilt are refused, or are a declaration that holds its rules") {
  std::string good = encode(sample());
  for (std::size_t size = 0; size < good.size(); ++size) CHECK(!decode(std::string_view(good).substr(0, size)));
  CHECK(!decode(good + "x"));
  std::mt19937 random(17);
  for (int round = 0; round < 20'000; ++round) {
    std::string bytes = good;
    for (auto changes = 1 + random() % 3; changes != 0; --changes) bytes[random() % bytes.size()] = static_cast<char>(random());
    if (auto decoded = decode(bytes)) CHECK(check_declaration(*decoded));
  }
}

TEST_CASE("a declaration that breaks a rule names it") {
  auto said = [](auto change) {
    Declaration declared = sample();
    change(declared.components[0].fields[0], declared.components[0]);
    auto checked = check_declaration(declared);
    REQUIRE(!checked);
    CHECK(checked.error().code == "BW7008");
    return checked.error().text;
  };
  CHECK(said([](auto& f, auto&) { f.default_text = "2 weeks"; }) ==
        "the field 'time' of 'wait': has the default '2 weeks': expected a duration such as 250ms, 2s or 5m, found '2 weeks'");
  CHECK(said([](auto& f, auto&) { f.default_text = "2h"; }).ends_with("'2h' is out of bounds: allowed is 1ms to 1h"));
  CHECK(said([](auto& f, auto&) {
          f.default_text = "";
        }).ends_with("has no default, and 0 is out of its bounds: give it one, or make it required"));
  CHECK(said([](auto& f, auto&) { f.at_least = "2h"; }).ends_with("has a lower bound above the upper one"));
  CHECK(said([](auto& f, auto&) { f.required = true; }).ends_with("is required and has a default: keep one of the two"));
  CHECK(said([](auto& f, auto&) { f.choices = {"a"}; }).ends_with("must have choices when it is a choice, and only then"));
  CHECK(said([](auto& f, auto&) { f.name = "how"; }) == "the field 'how' of 'wait' is declared twice");
  CHECK(said([](auto& f, auto&) { f.doc = "no full stop"; }).find("needs a doc") != std::string::npos);
  CHECK(said([](auto&, auto& c) { c.summary = "two\nlines."; }).find("needs a summary") != std::string::npos);
  CHECK(said([](auto&, auto& c) { c.content_types = {"text/*"}; }).find("is no TYPE/SUBTYPE") != std::string::npos);
  CHECK(said([](auto&, auto& c) { c.fields[0].shorthand = c.fields[1].shorthand = true; }) ==
        "'wait' has 2 shorthand fields; one at most");
}

TEST_CASE("UTF-8 is what table 3-7 of Unicode says") {
  for (std::string_view good :
       {"", "plain", "\xC3\xA4", "\xE2\x82\xAC", "\xF0\x9F\x9A\x8C", "12345678\xC3\xA4", "\xEF\xBF\xBF", "\xF4\x8F\xBF\xBF"})
    CHECK(is_utf8(good));
  for (std::string_view bad : {"\xC3", "\xC0\x80", "\xE0\x80\x80", "\xED\xA0\x80", "\xF0\x80\x80\x80", "\xF4\x90\x80\x80",
                               "\xF5\x80\x80\x80", "\x80", "12345678\xE2\x82", "\xE2\x28\xA1"})
    CHECK(!is_utf8(bad));
}
