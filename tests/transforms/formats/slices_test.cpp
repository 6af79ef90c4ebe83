#include <doctest/doctest.h>

#include <string>
#include <vector>

#include "bus/json_text.hpp"
#include "bus/worker.hpp"
#include "tests/transforms/formats/made_format.hpp"
#include "transforms/formats/bytes.hpp"
#include "transforms/formats/form.hpp"
#include "transforms/formats/json.hpp"
#include "transforms/formats/text.hpp"
#include "transforms/formats/xml.hpp"

namespace busway {

namespace {

std::string json_text(int seed) {
  std::string text = "{";
  for (int i = 0; i < 40; ++i) {  // more keys than are compared one by one
    if (i != 0) text += ',';
    text += "\"k" + std::to_string(i) + "\":[{\"a\":\"" + std::string(static_cast<std::size_t>(seed + i), 'x') + "\",\"b\":[" +
            std::to_string(seed * i) + ",[[" + std::to_string(i) + "]]]}]";
  }
  return text + "}";
}

std::string xml_text(int seed) {
  std::string text = "<r xmlns='urn:r'>";
  for (int i = 0; i < 60; ++i) {
    text += "<e" + std::to_string(i % 20) + " at='" + std::to_string(seed) + "'>&lt;" + std::to_string(seed + i) + "<n/></e" +
            std::to_string(i % 20) + ">";
  }
  return text + "</r>";
}

std::string form_text(int seed) {
  std::string text;
  for (int i = 0; i < 60; ++i) text += (i == 0 ? "f" : "&f") + std::to_string(i % 25) + "=v%20" + std::to_string(seed * 1000 + i);
  return text;
}

// Read, and written again.
std::string there_and_back(const Format& format, const std::string& bytes) {
  Arena arena;
  auto document = format.read(bytes, arena);
  if (!document) return document.error().text;
  std::string out;
  auto written = format.write(*document, out);
  return written ? to_json(*document) + out : written.error().text;
}

Task<> in_slices(Worker& worker, const Format& format, const std::string& bytes, std::string& into, std::size_t& ended) {
  into = co_await worker.in_slices(true, TimePoint::max(), [&] { return there_and_back(format, bytes); });
  ++ended;
}

}  // namespace

TEST_CASE("messages that are read and written in turns come out as if each were alone") {
  struct Work {
    FormatPtr format;
    std::string bytes;
    std::string made{};
  };
  std::vector<Work> all;
  for (int seed = 1; seed <= 12; ++seed) {
    all.push_back({plain(json_format()), json_text(seed)});
    all.push_back({plain(xml_format()), xml_text(seed)});
    all.push_back({plain(form_format()), form_text(seed)});
    all.push_back({plain(bytes_format()), std::string(20'000, static_cast<char>(seed))});
    all.push_back({plain(text_format()), std::string(20'000, static_cast<char>('a' + seed))});
    // What is refused, too: its end comes while others are half done.
    all.push_back({plain(json_format()), json_text(seed) + "]"});
    all.push_back({plain(xml_format()), xml_text(seed) + "</r>"});
  }
  Worker worker;
  worker.slices().set_length(Clock::duration::zero());
  std::size_t ended = 0;
  for (Work& work : all) worker.spawn(in_slices(worker, *work.format, work.bytes, work.made, ended));
  worker.run_until([&] { return ended == all.size(); });
  for (const Work& work : all) CHECK(work.made == there_and_back(*work.format, work.bytes));
}

TEST_CASE("one long value is read in many turns") {
  std::string umlauts, escapes;
  for (int i = 0; i < 500'000; ++i) {
    umlauts += "\xC3\xBC";
    escapes += "\\n";
  }
  FormatPtr format = plain(json_format());
  for (const std::string& bytes : {std::string(1'000'000, '9'), "0." + std::string(1'000'000, '9'),
                                   "1E" + std::string(1'000'000, '0'), '"' + umlauts + '"', '"' + escapes + '"'}) {
    Worker worker;
    worker.slices().set_length(Clock::duration::zero());
    std::string made;
    std::size_t ended = 0;
    int turns = 0;
    worker.spawn(in_slices(worker, *format, bytes, made, ended));
    worker.run_until([&] { return ++turns, ended == 1; });
    INFO(bytes.substr(0, 4));
    CHECK(turns > (bytes.front() == '"' ? 200 : 400));  // every 4 KiB of what is read, and of digits when they are scanned
  }
}

}  // namespace busway
