#include "routes/bundle_files.hpp"

#include <doctest/doctest.h>

#include <cstdlib>
#include <filesystem>
#include <fstream>

#include "routes/secrets.hpp"
#include "tests/fakes/temporary_directory.hpp"

using namespace busway;
using namespace busway::routes;
namespace fs = std::filesystem;

namespace {

Position in(const char* file) {
  return {std::make_shared<const std::string>(file), 1, 1};
}

}  // namespace

TEST_CASE("a bundle lists its files by their names, hidden ones left out") {
  fakes::TemporaryDirectory folder;
  for (const char* name : {"b.yaml", "a.yaml", "sub/c.yaml", "sub/c.test.yaml", "x.layout.yaml", "notes.old.yaml",
                           ".hidden/d.yaml", ".e.yaml", "f.yml", "map/m.jsonata"}) {
    folder.write(name, "");
  }
  auto bundle = BundleDirectory::open(folder.path().string());
  REQUIRE(bundle);
  CHECK((*bundle)->route_files() == std::vector<std::string>{"a.yaml", "b.yaml", "sub/c.yaml"});
  CHECK((*bundle)->test_files() == std::vector<std::string>{"sub/c.test.yaml"});
  CHECK((*bundle)->layout_files() == std::vector<std::string>{"x.layout.yaml"});
}

TEST_CASE("one file is a bundle with the directory it lies in") {
  fakes::TemporaryDirectory folder;
  folder.write("a.yaml", "");
  folder.write("b.yaml", "");
  folder.write("map.jsonata", "a");
  auto bundle = BundleDirectory::open((folder.path() / "b.yaml").string());
  REQUIRE(bundle);
  CHECK((*bundle)->route_files() == std::vector<std::string>{"b.yaml"});
  CHECK((*bundle)->read("map.jsonata", in("b.yaml")).value() == "a");
}

TEST_CASE("paths are relative to the file that names them and never lead out") {
  fakes::TemporaryDirectory outside;
  outside.write("secret", "no");
  fakes::TemporaryDirectory folder;
  folder.write("a.yaml", "");
  folder.write("sub/m", "inner");
  folder.write("m", "outer");
  fs::create_symlink(outside.path() / "secret", folder.path() / "link");
  fs::create_directory_symlink(outside.path(), folder.path() / "away");
  fs::create_symlink("sub/m", folder.path() / "inside");
  auto bundle = BundleDirectory::open(folder.path().string());
  REQUIRE(bundle);
  const BundleDirectory& files = **bundle;
  CHECK(files.read("m", in("sub/c.yaml")).value() == "inner");
  CHECK(files.read("../m", in("sub/c.yaml")).value() == "outer");
  CHECK(files.name_of("../m", in("sub/c.yaml")) == "m");
  CHECK(files.read("inside", in("a.yaml")).value() == "inner");
  for (const char* path : {"../x", "../../etc/passwd", "/etc/passwd", "sub/../../x", "link", "away/secret"}) {
    CAPTURE(path);
    auto read = files.read(path, in("a.yaml"));
    REQUIRE_FALSE(read);
    CHECK(read.error().code == "BW1009");
  }
  CHECK(files.read("none", in("a.yaml")).error().code == "BW1008");
  CHECK(files.read("sub", in("a.yaml")).error().code == "BW1008");
  CHECK(files.read(std::string_view("m\0x", 3), in("a.yaml")).error().code == "BW1008");
}

TEST_CASE("secrets stay as written during a check and are read for a run") {
  fakes::TemporaryDirectory folder;
  folder.write("token", "t0p\n");
  setenv("BUSWAY_TEST_SECRET", "from-env", 1);
  std::string text = "a ${env:BUSWAY_TEST_SECRET} ${file:" + (folder.path() / "token").string() + "} ${other} ${env:";
  SecretReferences opaque(SecretReferences::Reading::opaque);
  CHECK(opaque.expand(text, {}).value() == text);
  SecretReferences resolved(SecretReferences::Reading::resolved);
  CHECK(resolved.expand(text, {}).value() == "a from-env t0p ${other} ${env:");
  CHECK(resolved.expand("${env:BUSWAY_NO_SUCH_VARIABLE}", {}).error().code == "BW1012");
  CHECK(resolved.expand("${file:/no/such/file}", {}).error().code == "BW1012");
  unsetenv("BUSWAY_TEST_SECRET");
}
