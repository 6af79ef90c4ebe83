#pragma once

#include <optional>
#include <span>

#include "adapters/http/body.hpp"
#include "adapters/http/body_flow.hpp"
#include "adapters/http/client.hpp"
#include "adapters/http/head.hpp"

namespace busway::http {

// Reads one answer as its bytes arrive, sans I/O: interim answers (1xx) are passed over, what the strict reading refuses is an
// error of kind `garbage`.
class AnswerReader {
 public:
  // A body larger than `streams_beyond` need not be gathered: outgrows() tells.
  AnswerReader(bool head_request, std::uint64_t max_body, Arena& arena, std::uint64_t streams_beyond = UINT64_MAX);
  bool whole() const { return body_ && body_->whole(); }
  // Some of a body is here that is larger than `streams_beyond`, or will be.
  bool outgrows() const { return body_ && body_->outgrows(streams_beyond_); }
  std::span<char> room();
  Result<void> took(std::size_t bytes);
  // The service has closed the connection: true when that is how this answer ends.
  bool ended();
  // Nothing is left over and the service keeps the connection open.
  bool reusable() const;
  // The answer; `exchange` keeps its bytes.
  Response take(Exchange& exchange);
  // The beginning of one that is not whole, and what reads on from there. `first` holds the body's bytes if the exchange does
  // not.
  struct Rest {
    BodyFlow flow;
    std::optional<std::uint64_t> length;
    Buffer first;
    bool persistent = false;
  };
  Response take_beginning(Exchange& exchange, std::optional<Rest>& rest);

 private:
  Result<void> read_head();
  bool head_request_;
  std::uint64_t max_body_;
  std::uint64_t streams_beyond_;
  Buffer input_;
  HeadScanner scanner_;
  std::optional<BodyGatherer> body_;
  Response response_;
  int interim_ = 0;
  bool persistent_ = false;
};

}  // namespace busway::http
