// Character sets in and out: UTF-16 in the formats of texts, and what says how an XML document is written.
#include <doctest/doctest.h>

#include <string>

#include "bus/json_text.hpp"
#include "bus/labelled_format.hpp"
#include "tests/transforms/formats/conversions.hpp"
#include "tests/transforms/formats/made_format.hpp"
#include "transforms/formats/csv.hpp"
#include "transforms/formats/form.hpp"
#include "transforms/formats/lines.hpp"
#include "transforms/formats/media_charset.hpp"
#include "transforms/formats/text.hpp"
#include "transforms/formats/xml.hpp"

namespace busway {

namespace {

FormatPtr in(const FormatType& type, const char* charset) {
  FormatPtr format = make_format(type, config_map({{"charset", config_scalar(charset)}})).format;
  REQUIRE(format);
  return format;
}

bool has(const std::string& text, std::string_view part) {
  return text.find(part) != std::string::npos;
}

std::string wide(std::string_view ascii, bool big, bool marked = false) {
  std::string out;
  if (marked) out = big ? "\xFE\xFF" : "\xFF\xFE";
  for (char c : ascii) big ? (out += '\0', out += c) : (out += c, out += '\0');
  return out;
}

std::string labelled_xml(std::string_view bytes, std::string_view content_type, const FormatPtr& format = plain(xml_format())) {
  Arena arena;
  auto made = read_labelled(*format, bytes, content_type, arena);
  return made ? to_json(*made) : "error: " + made.error().text;
}

}  // namespace

TEST_CASE("UTF-16: by the byte order mark, or by name") {
  for (const char* charset : {"utf-16", "utf-16be", "utf-16le"}) {
    CAPTURE(charset);
    bool big = std::string_view(charset) != "utf-16le";
    FormatPtr text = in(text_format(), charset);
    CHECK(text->content_type() == "text/plain; charset=" + std::string(charset));
    CHECK(reads(text, wide("ab", big)) == R"("ab")");
    CHECK(reads(text, wide("ab", big, true)) == R"("ab")");
    CHECK(writes(text, R"("ab")") == wide("ab", big, std::string_view(charset) == "utf-16"));
    CHECK(writes(text, R"("")").empty());
    // Beyond U+FFFF and back.
    CHECK(reads(text, writes(text, "\"\xF0\x9F\x98\x80\xE2\x82\xAC\"")) == "\"\xF0\x9F\x98\x80\xE2\x82\xAC\"");
    CHECK(reads(text, wide("ab", big) + "c") == "error: reading text: the UTF-16 text ends inside a character");
    CHECK(has(reads(text, big ? "\xD8\x3D" : "\x3D\xD8"), "half of a surrogate pair"));
    CHECK(has(reads(text, big ? std::string_view("\xDC\x3D\0a", 4)
                              : std::string_view("\x3D\xDC"
                                                 "a\0",
                                                 4)),
              "half of a surrogate pair"));
  }
  CHECK(reads(in(text_format(), "utf-16"), wide("ab", false, true)) == R"("ab")");
  CHECK(has(reads(in(text_format(), "utf-16be"), wide("ab", false, true)), "its byte order mark is of the other order"));
  CHECK(has(reads(in(text_format(), "utf-16le"), wide("ab", true, true)), "its byte order mark is of the other order"));
}

TEST_CASE("UTF-16: csv, lines and xml") {
  FormatPtr csv = in(csv_format(), "utf-16le");
  CHECK(reads(csv, wide("a,b\n1,2\n", false, true)) == R"([{"a":"1","b":"2"}])");
  CHECK(reads(csv, writes(csv, R"([{"a":"1","b":"x"}])")) == R"([{"a":"1","b":"x"}])");
  FormatPtr lines = in(lines_format(), "utf-16");
  CHECK(writes(lines, R"(["a","b"])") == wide("a\nb\n", true, true));
  CHECK(reads(lines, wide("a\r\nb", false, true)) == R"(["a","b"])");
  CHECK(writes(lines, "[]").empty());
  for (const char* charset : {"utf-16", "utf-16be", "utf-16le"}) {
    CAPTURE(charset);
    FormatPtr xml = in(xml_format(), charset);
    std::string written = writes(xml, "{\"a\":{\"\xC3\x9C\":\"\xE2\x82\xAC\"}}");
    CHECK(written.size() % 2 == 0);
    CHECK(reads(xml, written) == "{\"a\":{\"\xC3\x9C\":\"\xE2\x82\xAC\"}}");
    CHECK(reads(plain(xml_format()), written) == "{\"a\":{\"\xC3\x9C\":\"\xE2\x82\xAC\"}}");
  }
  // Form fields and records are cut by bytes.
  CHECK_FALSE(make_format(form_format(), config_map({{"charset", config_scalar("utf-16")}})).format);
}

TEST_CASE("xml: UTF-16 without a mark is known by its first character") {
  for (bool big : {true, false}) {
    CHECK(labelled_xml(wide("<a>x</a>", big), "") == R"({"a":"x"})");
    CHECK(labelled_xml(wide("<?xml version='1.0' encoding='UTF-16'?><a>x</a>", big), "") == R"({"a":"x"})");
    CHECK(has(labelled_xml(wide("<?xml version='1.0' encoding='UTF-8'?><a>x</a>", big), ""), "but declares itself 'UTF-8'"));
    CHECK(has(
        labelled_xml(
            wide(big ? "<?xml version='1.0' encoding='UTF-16LE'?><a/>" : "<?xml version='1.0' encoding='UTF-16BE'?><a/>", big),
            ""),
        "but declares itself"));
  }
  CHECK(has(labelled_xml("<?xml version='1.0' encoding='UTF-16'?><a>x</a>", ""), "but is not UTF-16"));
  CHECK(has(labelled_xml(wide("<a>x</a>", true) + "!", ""), "ends inside a character"));
}

TEST_CASE("xml: the Content-Type counts for more than the declaration, a byte order mark for more than the Content-Type") {
  const std::string latin = "<a>\xDC</a>";
  const std::string read = "{\"a\":\"\xC3\x9C\"}";
  CHECK(labelled_xml(latin, "application/xml; charset=iso-8859-1") == read);
  CHECK(labelled_xml(latin, "text/xml;CHARSET=\"ISO-8859-1\" ; q=1") == read);
  CHECK(labelled_xml("<?xml version='1.0' encoding='utf-8'?>" + latin, "application/xml; charset=latin1") == read);
  CHECK(labelled_xml("<?xml version='1.0' encoding='iso-8859-1'?><a>\xC3\x9C</a>", "application/xml; charset=UTF-8") == read);
  CHECK(labelled_xml("\xEF\xBB\xBF<a>\xC3\x9C</a>", "application/xml; charset=iso-8859-1") == read);
  CHECK(labelled_xml(wide("<a>x</a>", false, true), "application/xml; charset=iso-8859-1") == R"({"a":"x"})");
  CHECK(labelled_xml(wide("<a>x</a>", false), "application/xml; charset=utf-16le") == R"({"a":"x"})");
  CHECK(labelled_xml(wide("<?xml version='1.0' encoding='utf-8'?><a>x</a>", true), "application/xml; charset=utf-16") ==
        R"({"a":"x"})");
  CHECK(has(labelled_xml(wide("<a>x</a>", false), "application/xml; charset=utf-16be"), "in the other order"));
  CHECK(has(labelled_xml("<a/>", "application/xml; charset=klingon"), "'klingon' is not supported here"));
  CHECK(labelled_xml("<a>\xC3\x9C</a>", "application/xml; charset=") == read);
  CHECK(labelled_xml(latin, "application/xml; charset=iso-8859-1", in(xml_format(), "cp037")) == read);
  // Without a label the option holds, and the other formats do not look at it.
  CHECK(labelled_xml(latin, "application/xml; q=1", in(xml_format(), "iso-8859-1")) == read);
  CHECK(labelled_xml("\xC3\x9C", "text/plain; charset=iso-8859-1", plain(text_format())) == "\"\xC3\x9C\"");
}

TEST_CASE("the charset of a Content-Type, whatever that is") {
  CHECK(charset_of("application/xml;charset=a") == "a");
  CHECK(charset_of("application/xml; x=\"; charset=b\"; Charset = c") == "c");
  CHECK(charset_of("application/xml; charset=\"d\"; charset=e") == "d");
  for (const char* none :
       {"", ";", ";;", "charset=a", "a/b; charset", "a/b; xcharset=a", "a/b; x=\"\\", "a/b; x=\"; charset=a"}) {
    CAPTURE(none);
    CHECK(charset_of(none).empty());
  }
}

}  // namespace busway
