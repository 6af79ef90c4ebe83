#pragma once

#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

namespace http_test {

// What a stream of messages was read as: one line a message, then how it ended.
struct Seen {
  std::vector<std::string> messages;
  int refused = 0;        // of requests the status; of answers 1
  std::string reason;     // of the refusal
  bool reusable = false;  // the connection an answer came on
  bool closes = false;    // nothing is read behind the last request seen
  bool operator==(const Seen& other) const { return messages == other.messages && refused == other.refused; }
};

// As a server reads them. `cut`: 0 reads byte by byte, else the first read ends there.
Seen read_requests(std::string_view stream, std::size_t cut);
// As a client reads the first whole answer. `ends`: the service closes behind the stream.
Seen read_answers(std::string_view stream, std::size_t cut, bool ends, bool head_request = false);

}  // namespace http_test
