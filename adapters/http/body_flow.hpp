#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <string_view>

#include "adapters/http/body.hpp"

namespace busway::http {

// Takes the rest of a body out of the bytes of the wire as they pass, and keeps none of it: what a BodyGatherer has begun goes on
// here (BodyGatherer::flow). Sans I/O.
class BodyFlow {
 public:
  // `passed`: bytes of the body that are out already; `chunks` has read as far.
  BodyFlow(Framing framing, std::uint64_t limit, std::uint64_t passed, ChunkDecoder chunks)
      : framing_(framing), limit_(limit), passed_(passed), chunks_(chunks) {}

  // How much of `room` the next read may fill: what follows a counted body stays in the socket.
  std::span<char> room(std::span<char> room) const;
  // These bytes came, in room(). The body's, decoded in place; empty when there were none. What followed the body is after().
  std::string_view took(std::span<char> bytes);
  std::string_view after() const { return after_; }  // until the next took()
  // So many bytes of a body that is counted or lasts until the end went another way.
  void went(std::uint64_t bytes);
  // The sender ended: whole when that is how this body ends.
  void ended();

  bool whole() const { return whole_; }
  Refusal refusal() const { return refusal_; }
  std::uint64_t passed() const { return passed_; }
  std::uint64_t received() const { return received_; }  // bytes of the wire, here

 private:
  std::string_view decode(std::span<char> bytes);

  Framing framing_;
  std::uint64_t limit_;
  std::uint64_t passed_;
  ChunkDecoder chunks_;
  std::uint64_t received_ = 0;
  std::string_view after_;
  bool whole_ = false;
  Refusal refusal_;
};

}  // namespace busway::http
