#pragma once

#include <optional>
#include <span>

#include "adapters/http/body.hpp"
#include "adapters/http/client.hpp"
#include "adapters/http/head.hpp"

namespace busway::http {

// Reads one answer as its bytes arrive, sans I/O: interim answers (1xx) are passed over, what the strict reading refuses is an
// error of kind `garbage`.
class AnswerReader {
 public:
  AnswerReader(bool head_request, std::uint64_t max_body, Arena& arena);
  bool whole() const { return body_ && body_->whole(); }
  std::span<char> room();
  Result<void> took(std::size_t bytes);
  // The service has closed the connection: true when that is how this answer ends.
  bool ended();
  // Nothing is left over and the service keeps the connection open.
  bool reusable() const;
  // The answer; `exchange` keeps its bytes.
  Response take(Exchange& exchange);

 private:
  Result<void> read_head();
  bool head_request_;
  std::uint64_t max_body_;
  Buffer input_;
  HeadScanner scanner_;
  std::optional<BodyGatherer> body_;
  Response response_;
  int interim_ = 0;
  bool persistent_ = false;
};

}  // namespace busway::http
