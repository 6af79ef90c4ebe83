#include "adapters/http/byte_scan.hpp"

#include <doctest/doctest.h>

#include <random>
#include <string>

namespace busway::http {

namespace {

std::size_t plain_value_length(std::string_view text) {
  for (std::size_t at = 0; at < text.size(); ++at) {
    auto byte = static_cast<unsigned char>(text[at]);
    if ((byte < 0x20 && byte != '\t') || byte == 0x7F) return at;
  }
  return text.size();
}

std::size_t plain_name_length(std::string_view text) {
  std::size_t found = text.find_first_of(":\r");
  return found == std::string_view::npos || found >= 16 || text[found] != ':' ? 0 : found;
}

std::size_t plain_end(std::string_view text, std::size_t most_lines) {
  std::size_t line = 0;
  for (std::size_t lines = 0; lines < most_lines; ++lines) {
    std::size_t feed = text.find('\n', line);
    if (feed == std::string_view::npos || feed == 0 || text[feed - 1] != '\r') return 0;
    if (feed >= 3 && text[feed - 2] == '\n') return feed + 1;
    line = feed + 1;
  }
  return 0;
}

// Texts that are mostly plain, with a few bytes at which something happens.
std::string text_of(std::mt19937& random, std::string_view telling) {
  std::string text(random() % 70, '\0');
  for (char& c : text) c = random() % 12 == 0 ? telling[random() % telling.size()] : static_cast<char>('a' + random() % 26);
  return text;
}

}  // namespace

TEST_CASE("byte scan: blocks find what bytes find") {
  std::mt19937 random(20261125);
  for (int round = 0; round < 50'000; ++round) {
    std::string text = text_of(random, std::string_view("\t\r\n\x7F\x80\xFF\0 :", 9));
    CAPTURE(text);
    REQUIRE(value_length(text) == plain_value_length(text));
    // Only where a block can be read: the last bytes of a text are left to those who look at each.
    std::size_t name = short_name_length(text);
    if (name != 0 || text.size() >= 32) REQUIRE(name == plain_name_length(text));
  }
}

TEST_CASE("byte scan: values of tabs alone, at every length") {
  for (std::size_t size = 0; size < 40; ++size) {
    CHECK(value_length(std::string(size, '\t')) == size);
    CHECK(value_length(std::string(size, '\t') + "\x1F") == size);
  }
}

TEST_CASE("byte scan: heads end where lines say") {
  std::mt19937 random(7);
  for (int round = 0; round < 50'000; ++round) {
    std::string text = text_of(random, "xyz");
    for (auto lines = random() % 6; lines != 0; --lines) {
      text += random() % 20 == 0 ? "\n" : "\r\n";
      text += random() % 3 == 0 ? "" : text_of(random, "xyz");
    }
    CAPTURE(text);
    REQUIRE(plain_head_end(text, 4) == plain_end(text, 4));
  }
}

}  // namespace busway::http
