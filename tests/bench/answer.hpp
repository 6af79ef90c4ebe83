#pragma once

#include <cstddef>
#include <string>
#include <string_view>

#include "tests/bench/plan.hpp"

namespace bench {

// Reads one answer as its bytes come and compares its body with the expected one on the way, keeping none of it. HTTP/1.1 bodies
// may have a length or be chunked (RFC 9112, 6).
class Answer {
 public:
  enum class State {
    more,     // not whole yet
    right,    // whole, 2xx, and the body is the expected one
    refused,  // whole, 503: the proxy would not take the request
    wrong,    // anything else: why() says what
  };

  // The next answer belongs to `exchange`, which outlives it.
  void await(const Exchange& exchange);
  State take(std::string_view bytes);
  // Whether the other side announced that it closes the connection behind this answer.
  bool closes() const { return closes_; }
  const std::string& why() const { return why_; }

 private:
  enum class Part { head, body, chunk_size, chunk, chunk_end, trailer, done };

  State take_http(std::string_view bytes);
  bool read_head();
  bool compare(std::string_view bytes);
  bool read_line(std::string_view& bytes);
  State verdict();
  State wrong(std::string why);

  const Exchange* exchange_ = nullptr;
  Part part_ = Part::head;
  std::string line_;
  int status_ = 0;
  bool closes_ = false;
  std::size_t left_ = 0;
  std::size_t compared_ = 0;
  std::string why_;
};

}  // namespace bench
