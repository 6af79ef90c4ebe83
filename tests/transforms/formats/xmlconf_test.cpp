#include <doctest/doctest.h>

#include <filesystem>
#include <fstream>
#include <iterator>
#include <sstream>
#include <string>
#include <vector>

#include "tests/transforms/formats/told.hpp"

namespace busway {

TEST_CASE("xml: the W3C conformance suite") {
  std::filesystem::path folder = std::filesystem::path(BUSWAY_SOURCE_DIR) / "../shared/conformance/xmlconf";
  std::ifstream index(folder / "index.tsv");
  if (!index) {
    MESSAGE("skipped: the XML conformance suite is not beside the source");
    return;
  }
  std::string line;
  std::getline(index, line);
  int refused = 0, accepted = 0, doctypes = 0, worded = 0;
  while (std::getline(index, line)) {
    std::vector<std::string> row;
    std::istringstream fields(line);
    for (std::string field; std::getline(fields, field, '\t');) row.push_back(field);
    if (row.size() < 11 || row[4].find("1.1") != std::string::npos) continue;
    if (!row[6].empty() && row[6].find('5') == std::string::npos) continue;
    std::ifstream file(folder / row[10], std::ios::binary);
    std::string bytes((std::istreambuf_iterator<char>(file)), {});
    REQUIRE(file);
    Arena arena;
    XmlLimits limits{.namespaces = row[3] != "no"};
    auto read = parse_xml(bytes, arena, limits);
    INFO(row[0], " ", row[10], ": ", read ? "accepted" : read.error().text);
    if (row[7] == "yes") {
      // Some files have the word in a comment only.
      if (read) CHECK(row[1] != "not-wf");
      ++(read ? worded : doctypes);
    } else if (row[1] == "not-wf") {
      CHECK(!read);
      ++refused;
    } else if (row[1] != "error") {
      REQUIRE(read);
      ++accepted;
      pugi::xml_document oracle;
      REQUIRE(oracle.load_buffer(bytes.data(), bytes.size(), told_options));
      CHECK(told(*read->root) == told(oracle.document_element()));
    }
  }
  CHECK(refused > 200);
  CHECK(worded < 10);
  MESSAGE(refused, " not well-formed refused, ", accepted, " invalid ones accepted and equal to pugixml's tree, ", doctypes,
          " with a DOCTYPE refused, ", worded,
          " that "
          "only mention one accepted");
}

}  // namespace busway
