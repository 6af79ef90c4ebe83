#include <doctest/doctest.h>

#include <algorithm>
#include <cstdio>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <map>

#include "adapters/soap/header_blocks.hpp"
#include "tests/adapters/soap/parts.hpp"

using namespace soap_test;

namespace {

std::string content_of(const std::filesystem::path& path) {
  std::ifstream in(path, std::ios::binary);
  return {std::istreambuf_iterator<char>(in), std::istreambuf_iterator<char>()};
}

// What the envelope alone decides: the Fault's code, or "accepted". `understood`: what the collection's service does with
// headers.
std::string judged(const std::string& bytes, const std::vector<std::string>& understood) {
  Arena arena;
  Version version = Version::v1_2;
  auto envelope = read_envelope(bytes, {}, arena, version);
  if (!envelope) return envelope.error().code.empty() ? "Sender" : envelope.error().code;
  if (find_not_understood(*envelope, understood) != nullptr) return "MustUnderstand";
  return "accepted";
}

std::string expected(const std::string& bytes) {
  Arena arena;
  Version version = Version::v1_2;
  auto envelope = read_envelope(bytes, {}, arena, version);
  if (!envelope) return "unreadable";
  if (!envelope->is_fault()) return "accepted";
  auto fault = read_fault(*envelope, PlainBody(true), arena);
  return fault ? fault->code : "unreadable";
}

}  // namespace

TEST_CASE("SOAP 1.2 test collection: what the envelope decides") {
  std::filesystem::path root = std::filesystem::path(BUSWAY_SOURCE_DIR) / "../shared/conformance/soap-php-interop/soap12";
  if (!std::filesystem::is_directory(root)) {
    std::puts("skipped: the SOAP 1.2 test collection is not here");
    return;
  }
  // Decided behind the envelope, by types or by the service: no business of plain documents.
  const std::map<std::string, std::string> beyond = {{"T27", "section 5 encoding: an array item that is no string"},
                                                     {"T33", "an rpc procedure that is not there"},
                                                     {"T56", "section 5 encoding: a reference to nothing"},
                                                     {"T58", "section 5 encoding: an array item that is no integer"},
                                                     {"T59", "section 5 encoding: id and ref at one element"},
                                                     {"T61", "section 5 encoding: an arraySize that is none"},
                                                     {"T63", "a fault the service itself answers with"}};
  // The headers that the collection's service acts on.
  const std::vector<std::string> understood = {"echoOk", "echoResolvedRef", "validateCountryCode", "DataHolder"};
  std::vector<std::filesystem::path> cases;
  for (const auto& entry : std::filesystem::directory_iterator(root)) {
    if (entry.is_directory()) cases.push_back(entry.path());
  }
  std::sort(cases.begin(), cases.end());
  int held = 0;
  for (const auto& path : cases) {
    std::string name = path.filename();
    if (auto at = beyond.find(name); at != beyond.end()) {
      std::printf("not applicable: %s (%s)\n", name.c_str(), at->second.c_str());
      continue;
    }
    CAPTURE(name);
    bool good = judged(content_of(path / "request.xml"), understood) == expected(content_of(path / "expected.xml"));
    CHECK(good);
    if (good) ++held;
  }
  std::printf("SOAP 1.2 test collection: %d of %zu hold\n", held, cases.size() - beyond.size());
}

TEST_CASE("published WSDL files can be served with another address") {
  std::filesystem::path root = std::filesystem::path(BUSWAY_SOURCE_DIR) / "../shared/conformance";
  if (!std::filesystem::is_directory(root / "soap-axis1")) {
    std::puts("skipped: the published WSDL files are not here");
    return;
  }
  int served = 0;
  int refused = 0;
  for (const char* suite : {"soap-axis1", "soap-public-wsdl", "soap-zeep", "soap-php-interop/wsdl-corpus"}) {
    for (const auto& entry : std::filesystem::recursive_directory_iterator(root / suite)) {
      if (entry.path().extension() != ".wsdl") continue;
      auto wsdl = WsdlFile::read(content_of(entry.path()));
      if (!wsdl) {
        ++refused;
        std::printf("refused: %s: %s\n", entry.path().filename().c_str(), wsdl.error().text.c_str());
        continue;
      }
      ++served;
      CAPTURE(entry.path().string());
      CHECK(WsdlFile::read(wsdl->served_at("http://bus.example/a?b&c'\"")));
    }
  }
  std::printf("WSDL files: %d served, %d refused\n", served, refused);
  CHECK(served > 0);
}
