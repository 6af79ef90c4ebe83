#include <doctest/doctest.h>

#include <fstream>
#include <iostream>
#include <iterator>
#include <optional>

#include "adapters/http/grammar.hpp"
#include "tests/adapters/http/streams.hpp"
#include "tests/adapters/http/verdict_page.hpp"
#include "transforms/formats/json.hpp"

using namespace busway;
using namespace busway::http;
using http_test::read_answers;
using http_test::read_requests;
using http_test::Seen;
using http_test::verdict_on_answer;
using http_test::verdict_on_request;
using http_test::VerdictPage;

namespace {

const std::string suites = std::string(BUSWAY_SOURCE_DIR) + "/../shared/conformance/";

std::optional<std::string> read_file(const std::string& path) {
  std::ifstream in(path, std::ios::binary);
  if (!in) return std::nullopt;
  return std::string(std::istreambuf_iterator<char>(in), {});
}

std::string from_base64(std::string_view text) {
  constexpr std::string_view digits = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
  std::string out;
  unsigned bits = 0;
  int count = 0;
  for (char c : text) {
    std::size_t digit = digits.find(c);
    if (digit == std::string_view::npos) break;
    bits = bits << 6 | static_cast<unsigned>(digit);
    count += 6;
    if (count >= 8) {
      count -= 8;
      out += static_cast<char>(bits >> count & 0xFF);
    }
  }
  return out;
}

// The host of a request line's target, "a" where it has none.
std::string host_of(const std::string& line) {
  std::size_t scheme = line.find("://");
  if (scheme == std::string::npos) return "a";
  std::size_t begin = scheme + 3;
  return line.substr(begin, line.find_first_of("/? ", begin) - begin);
}

// A Host for heads that have none: what the suite's parser leaves to its user.
std::string with_host(const std::string& stream) {
  std::string out;
  for (std::size_t at = 0; at < stream.size();) {
    std::size_t end = stream.find("\r\n", at);
    if (end == std::string::npos) return out + stream.substr(at);
    std::string line = stream.substr(at, end - at);
    out += line + "\r\n";
    at = end + 2;
    if (line.ends_with(" HTTP/1.1")) {
      std::size_t head = stream.find("\r\n\r\n", end);
      std::string fields = stream.substr(end, head == std::string::npos ? std::string::npos : head - end);
      if (fields.find("\r\nHost:") == std::string::npos) out += "Host: " + host_of(line) + "\r\n";
    }
  }
  return out;
}

// The first message as the suite's events cut it out of the stream, in the words of Seen. `hosted`: with_host added a field.
std::string expected_first(const Node& row, const std::string& stream, bool request, bool hosted) {
  std::string line;
  std::string fields;
  std::string body;
  bool in_head = true;
  for (const Node& event : row.member("events").items()) {
    std::string_view text = event.text();
    if (text.ends_with(" message complete")) break;
    if (std::size_t status = text.find(" status="); status != std::string_view::npos && !request)
      line = text.substr(status + 8, 3);
    in_head = in_head && text.find(" headers complete") == std::string_view::npos;
    std::size_t span = text.find(" span[");
    if (span == std::string_view::npos) continue;
    std::string_view name = text.substr(span + 6, text.find(']') - span - 6);
    std::string piece =
        stream.substr(std::stoul(std::string(text.substr(4))), std::stoul(std::string(text.substr(text.find("len=") + 4))));
    if (name == "method") line += piece + " ";
    if (name == "url") line += piece;
    if (name == "body") body += piece;
    if (!in_head || !request) continue;  // hop-by-hop fields of answers are dropped by us
    if (name == "header_field") fields += " | " + piece + ": ";
    if (name == "header_value") fields += std::string(trim_whitespace(piece));
  }
  return line + (request && hosted ? " | Host: " + host_of(stream.substr(0, stream.find("\r\n"))) : "") + fields + " -> " + body;
}

// Of an answer: status and body.
std::string without_fields(const std::string& answer) {
  return answer.substr(0, 3) + answer.substr(answer.rfind(" -> "));
}

}  // namespace

TEST_CASE("llhttp's strict cases, whole, byte by byte and cut everywhere") {
  auto text = read_file(suites + "http-llhttp/cases.json");
  if (!text) {
    std::cout << "skipped: conformance/http-llhttp is not here\n";
    return;
  }
  Arena arena;
  auto cases = read_json(*text, arena);
  REQUIRE(cases);
  int ran = 0;
  VerdictPage page;
  int compared = 0;
  for (const Node& row : cases->items()) {
    std::string_view type = row.member("type").text();
    if (type != "request" && type != "response") continue;
    bool pauses = false;
    for (const Node& event : row.member("events").items())
      pauses = pauses || event.text().find("pause") != std::string_view::npos;
    if (pauses) continue;
    std::string id(row.member("id").text());
    std::string stream = from_base64(row.member("input_base64").text());
    bool refused = row.member("outcome").text() == "error";
    const std::string original = stream;
    if (type == "request") stream = with_host(stream);
    // We judge whole heads: one that breaks off is refused by its end.
    if (refused && stream.find("\r\n\r\n") == std::string::npos) stream += "\r\n\r\n";
    auto read = [&](std::size_t cut) {
      return type == "request" ? read_requests(stream, cut) : read_answers(stream, cut, false);
    };
    Seen whole = read(stream.size());
    for (std::size_t cut = 0; cut < stream.size(); ++cut) CHECK_MESSAGE(read(cut) == whole, id << " cut at " << cut);
    ++ran;
    // "Data after Connection: close" is an error of that parser's user; we stop reading.
    bool after_close = refused && row.member("error").member("code").as_double() == 5;
    if (after_close) CHECK_MESSAGE((whole.refused == 0 && whole.messages.size() == 1), id);
    page.check(id, refused ? "refused" : "taken", !refused || after_close,
               type == "request" ? verdict_on_request(whole) : verdict_on_answer(whole), whole);
    if (refused || whole.messages.empty() || whole.refused != 0) continue;
    std::string first = type == "request" ? whole.messages.front() : without_fields(whole.messages.front());
    CHECK_MESSAGE(first == expected_first(row, original, type == "request", stream != original), id);
    ++compared;
  }
  page.report("llhttp");
  std::cout << "  " << compared << " first messages compared\n";
  CHECK(ran > 90);
}

TEST_CASE("http-desync: severe and ambiguous requests are refused, compliant ones taken") {
  VerdictPage page;
  int ran = 0;
  for (const char* file : {"severe", "ambiguous", "acceptable", "rfc-compliant", "edge-cases", "uri"}) {
    auto text = read_file(suites + "http-desync/" + file + ".json");
    if (!text) {
      std::cout << "skipped: conformance/http-desync is not here\n";
      return;
    }
    Arena arena;
    auto cases = read_json(*text, arena);
    REQUIRE(cases);
    for (const Node& row : cases->items()) {
      std::string head = std::string(row.member("method").text()) + " " + std::string(row.member("uri").text()) + " " +
                         std::string(row.member("version").text()) + "\r\n";
      bool has_host = false;
      for (const Node& field : row.member("headers").items()) {
        head += std::string(field.member("name").text()) + ": " + std::string(field.member("value").text()) + "\r\n";
        has_host = has_host || field.member("name").text() == "Host";
      }
      if (!has_host) head += "Host: a\r\n";
      Seen seen = read_requests(head + "\r\n", SIZE_MAX);
      std::string_view tier = row.member("expected").member("tier").text();
      ++ran;
      // Nothing behind a request that we close after is read, which is one of the two answers the suite wants to an ambiguous
      // one.
      bool suite_takes = tier != "Severe" && (tier != "Ambiguous" || (seen.refused == 0 && seen.closes));
      page.check(std::string(file) + ": " + std::string(row.member("name").text()), std::string(tier), suite_takes,
                 verdict_on_request(seen), seen);
    }
  }
  page.report("http-desync");
  CHECK(ran > 70);
}
