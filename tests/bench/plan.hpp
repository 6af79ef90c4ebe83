#pragma once

#include <memory>
#include <string>
#include <vector>

namespace bench {

// One request as it goes on the wire and the body its answer must have.
struct Exchange {
  enum class Form { http, frame, raw };
  Form form = Form::http;
  std::shared_ptr<const std::string> request;
  std::shared_ptr<const std::string> expected;
};

// A plan has one exchange a line, five fields between tabs:
//
//   METHOD  TARGET  HEADERS  REQUEST_FILE  EXPECTED_FILE
//
// METHOD `frame` sends the request behind a length of four bytes (big-endian) and expects such a frame; `raw` sends and expects
// bytes as they are. HEADERS are whole header lines, with `|` between them. A file `-` is empty. Ends the program with a line
// when the plan cannot be read.
std::vector<Exchange> read_plan(const std::string& path);

std::string read_file(const std::string& path);

}  // namespace bench
