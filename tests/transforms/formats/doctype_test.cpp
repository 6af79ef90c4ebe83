#include <doctest/doctest.h>
#include <time.h>

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <functional>
#include <iterator>
#include <sstream>
#include <string>
#include <vector>

#include "tests/transforms/formats/made_format.hpp"
#include "transforms/formats/xml.hpp"

namespace busway {

namespace {

constexpr double most_milliseconds = 10;
// Of what an empty document costs: the arena's first block.
constexpr std::size_t fixed_part = 16 * 1024;

struct Cost {
  bool refused = false;
  std::string error;
  double milliseconds = 0;  // of this thread's processor time, the best of three: others work on this machine too
  std::size_t bytes = 0;
};

double processor_milliseconds() {
  timespec now{};
  clock_gettime(CLOCK_THREAD_CPUTIME_ID, &now);
  return 1000.0 * static_cast<double>(now.tv_sec) + static_cast<double>(now.tv_nsec) / 1e6;
}

Cost cost_of(const Format& xml, std::string_view text) {
  Cost cost;
  for (int round = 0; round < 3; ++round) {
    Arena arena(256);
    double began = processor_milliseconds();
    auto read = xml.read(text, arena);
    double took = processor_milliseconds() - began;
    cost.milliseconds = round == 0 ? took : std::min(took, cost.milliseconds);
    cost.bytes = std::max(cost.bytes, arena.reserved());
    cost.refused = !read;
    if (!read) cost.error = read.error().text;
  }
  return cost;
}

std::string repeated(std::size_t bytes, const std::function<std::string(std::size_t)>& piece) {
  std::string out;
  for (std::size_t i = 0; out.size() < bytes; ++i) out += piece(i);
  return out;
}

struct Bomb {
  std::string name;
  std::string text;
};

std::vector<Bomb> bombs(std::size_t bytes) {
  std::string laughs = "<!ENTITY l0 \"lol\">";
  for (int i = 1; i < 10; ++i) {
    laughs += "<!ENTITY l" + std::to_string(i) + " \"";
    for (int j = 0; j < 10; ++j) laughs += "&l" + std::to_string(i - 1) + ";";
    laughs += "\">";
  }
  auto entity = [](std::size_t i) { return "<!ENTITY e" + std::to_string(i) + " \"&e" + std::to_string(i + 1) + ";\">"; };
  return {
      {"a billion laughs, and text", "<!DOCTYPE a [" + laughs + "]><a>&l9;" + std::string(bytes, 'x') + "</a>"},
      {"quadratic blow-up", "<!DOCTYPE a [<!ENTITY b \"" + std::string(bytes / 2, 'b') + "\">]><a>" +
                                repeated(bytes / 2, [](std::size_t) { return "&b;"; }) + "</a>"},
      {"an external subset", "<!DOCTYPE a SYSTEM \"file:///etc/" + std::string(bytes, 'x') + "\"><a/>"},
      {"an internal subset", "<!DOCTYPE a [" + repeated(bytes, entity) + "]><a>&e0;</a>"},
      {"one that does not end", "<!DOCTYPE a [" + std::string(bytes, '[')},
      {"attribute lists",
       "<!DOCTYPE a [" + repeated(bytes, [](std::size_t i) { return "<!ATTLIST a b" + std::to_string(i) + " CDATA \"c\">"; }) +
           "]><a/>"},
      {"parameter entities",
       "<!DOCTYPE a [<!ENTITY % p \"<!ENTITY q 'r'>\">" + repeated(bytes, [](std::size_t) { return "%p;"; }) + "]><a/>"},
      {"behind a comment", "<!--" + std::string(bytes, 'x') + "--><!DOCTYPE a [" + laughs + "]><a>&l9;</a>"},
      {"behind white space", std::string(bytes, '\n') + "<!DOCTYPE a []><a/>"},
      {"behind many instructions", repeated(bytes, [](std::size_t) { return "<?p?>"; }) + "<!DOCTYPE a []><a/>"},
      {"an entity without a DOCTYPE", "<a>" + std::string(bytes, 'x') + "&l9;</a>"},
  };
}

}  // namespace

TEST_CASE("xml: every DOCTYPE of the W3C suite is refused in 10 ms and ten times its size") {
  std::filesystem::path folder = std::filesystem::path(BUSWAY_SOURCE_DIR) / "../shared/conformance/xmlconf";
  std::ifstream index(folder / "index.tsv");
  if (!index) {
    MESSAGE("skipped: the XML conformance suite is not beside the source");
    return;
  }
  FormatPtr xml = plain(xml_format());
  std::string line;
  std::getline(index, line);
  int refused = 0;
  double slowest = 0;
  double largest = 0;
  while (std::getline(index, line)) {
    std::vector<std::string> row;
    std::istringstream fields(line);
    for (std::string field; std::getline(fields, field, '\t');) row.push_back(field);
    if (row.size() < 11 || row[7] != "yes") continue;
    std::ifstream file(folder / row[10], std::ios::binary);
    std::string bytes((std::istreambuf_iterator<char>(file)), {});
    Cost cost = cost_of(*xml, bytes);
    if (!cost.refused) continue;  // the word stands in a comment: xmlconf_test has those
    INFO(row[0], ": ", cost.error);
    CHECK(cost.milliseconds < most_milliseconds);
    CHECK(cost.bytes <= 10 * bytes.size() + fixed_part);
    ++refused;
    slowest = std::max(slowest, cost.milliseconds);
    largest = std::max(largest, static_cast<double>(cost.bytes) / static_cast<double>(bytes.size() + fixed_part));
  }
  CHECK(refused > 1000);
  MESSAGE(refused, " refused, the slowest in ", slowest, " ms, the largest in ", largest, " times its size");
}

TEST_CASE("xml: a DOCTYPE of a megabyte or ten costs neither time nor memory") {
  FormatPtr xml = plain(xml_format());
  for (std::size_t bytes : {std::size_t{1'000'000}, std::size_t{10'000'000}}) {
    for (const Bomb& bomb : bombs(bytes)) {
      Cost cost = cost_of(*xml, bomb.text);
      INFO(bomb.name, ", ", bytes, " bytes: ", cost.error, ", ", cost.milliseconds, " ms, ", cost.bytes, " bytes");
      CHECK(cost.refused);
      std::size_t doctype = bomb.text.find("<!DOCTYPE");
      if (doctype != std::string::npos) CHECK(cost.error.find("DOCTYPE") != std::string::npos);
      // Nothing for what stands in it or behind it; what stands before it is read, at 10 ms a megabyte.
      [[maybe_unused]] double before = static_cast<double>(std::min(doctype, bomb.text.size())) / 1e6;
#if !defined(__SANITIZE_ADDRESS__) && !defined(__SANITIZE_THREAD__)
      CHECK(cost.milliseconds < most_milliseconds * (1 + before));
#endif
      CHECK(cost.bytes <= 10 * bomb.text.size() + fixed_part);
      const std::size_t megabytes = bytes / 1'000'000;
      MESSAGE(megabytes, " MB, ", bomb.name, ": ", cost.milliseconds, " ms, ",
              static_cast<double>(cost.bytes) / static_cast<double>(bomb.text.size()), " times its size");
    }
  }
}

}  // namespace busway
