#include <doctest/doctest.h>

#include "transforms/schema/format_check.hpp"
#include "transforms/schema/uri.hpp"

namespace busway::schema::test {

namespace {

void check_all(std::string_view format, std::initializer_list<std::string_view> good,
               std::initializer_list<std::string_view> bad) {
  FormatCheck check = find_format_check(format);
  REQUIRE(static_cast<bool>(check));
  CAPTURE(std::string(format));
  for (std::string_view text : good) CHECK_MESSAGE(check(text), std::string(text));
  for (std::string_view text : bad) CHECK_MESSAGE(!check(text), std::string(text));
}

}  // namespace

TEST_CASE("formats hold what their standards say") {
  check_all("date-time", {"2024-02-29T23:59:60Z", "1985-04-12t23:20:50.52z", "1996-12-19T16:39:57-08:00"},
            {"2024-02-29", "2024-02-30T00:00:00Z", "2024-02-29 00:00:00Z", "2024-02-29T00:00:00", "2024-02-29T00:00:00.Z"});
  check_all("duration", {"P4DT12H30M5S", "P1Y2M3D", "PT36H", "P1M", "PT1M", "P2W", "PT0S"},
            {"P", "PT", "4D", "P1", "P1DT", "P2D1Y", "P1Y2W", "P1.5D", "PT1D", "P1W2D", "p1d"});
  check_all("ipv6",
            {"::", "::1", "1::", "2001:db8::7", "1:2:3:4:5:6:7:8", "::ffff:1.2.3.4", "1:2:3:4:5:6:1.2.3.4", "1:2:3:4:5:6:7::"},
            {"", ":", ":1", "1:", "1:::2", "1::2::3", "12345::", "1:2:3:4:5:6:7:8:9", "1:2:3:4:5:6:7", "::1.2.3", "::1%eth0",
             "1:2:3:4:5:6:7:1.2.3.4", "g::"});
  check_all("ipv4", {"127.0.0.1"}, {"127.0.0", "256.0.0.1", "01.2.3.4", "1.2.3.4 "});
  check_all("hostname", {"a", "a-b.example"}, {"", "a..b", "-a", "a_b"});
  check_all("email", {"a@b", "\"a b\\\"\"@c.d"}, {"a", "a@", "@b", "a b@c", "\"a\"b@c", "\"a@c", "a@[1.2.3]"});
  check_all("idn-email", {"\xED\x95\x9C@\xEA\xB5\xAD"}, {"\xED\x95\x9C"});
  check_all("uri", {"http://a:80/b?c#d", "urn:x:y", "http://[::1]/"},
            {"a/b", "http://a b", "http://[::1", "http://[1]/", "http://a:b/"});
  check_all("uri-reference", {"", "a/b", "//a", "#x", "?q"}, {"a:b:c d", "1:2", "a\\b"});
  check_all("uuid", {"2eb8aa08-aa98-11ea-b4aa-73b441d16380"}, {"2eb8aa08aa9811eab4aa73b441d16380"});
  check_all("json-pointer", {"", "/", "/a~0b~1c"}, {"a", "/~", "/~2"});
  CHECK_FALSE(static_cast<bool>(find_format_check("no-such-format")));
}

TEST_CASE("references resolve as RFC 3986, 5.4 lists them") {
  constexpr std::string_view base = "http://a/b/c/d;p?q";
  const std::pair<std::string_view, std::string_view> cases[] = {{"g:h", "g:h"},
                                                                 {"g", "http://a/b/c/g"},
                                                                 {"./g", "http://a/b/c/g"},
                                                                 {"g/", "http://a/b/c/g/"},
                                                                 {"/g", "http://a/g"},
                                                                 {"//g", "http://g"},
                                                                 {"?y", "http://a/b/c/d;p?y"},
                                                                 {"g?y", "http://a/b/c/g?y"},
                                                                 {"#s", "http://a/b/c/d;p?q#s"},
                                                                 {"g#s", "http://a/b/c/g#s"},
                                                                 {"", "http://a/b/c/d;p?q"},
                                                                 {".", "http://a/b/c/"},
                                                                 {"..", "http://a/b/"},
                                                                 {"../g", "http://a/b/g"},
                                                                 {"../..", "http://a/"},
                                                                 {"../../../g", "http://a/g"},
                                                                 {"/./g", "http://a/g"},
                                                                 {"/../g", "http://a/g"},
                                                                 {"g.", "http://a/b/c/g."},
                                                                 {"./../g", "http://a/b/g"},
                                                                 {"g/./h", "http://a/b/c/g/h"},
                                                                 {"g/../h", "http://a/b/c/h"},
                                                                 {"g?y/../x", "http://a/b/c/g?y/../x"}};
  for (const auto& [reference, wanted] : cases) CHECK(resolve_uri(base, reference) == wanted);
  CHECK(resolve_uri("urn:uuid:1", "#/a") == "urn:uuid:1#/a");
}

}  // namespace busway::schema::test
