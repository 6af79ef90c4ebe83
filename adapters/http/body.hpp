#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string_view>

#include "adapters/http/buffer.hpp"
#include "adapters/http/head.hpp"

namespace busway::http {

class BodyFlow;

// Decodes the chunked transfer coding (RFC 9112, 7.1) as bytes arrive. Strict: CR LF alone ends a line, no white space in a size,
// extensions by the grammar and at most 256 bytes a chunk and 8 KiB a body, trailer fields checked, bounded and dropped.
class ChunkDecoder {
 public:
  struct Piece {
    std::size_t consumed = 0;  // bytes of `input` that are done with
    std::string_view data;     // inside `input`; the body goes on with it
  };
  // Call until `consumed` covers the input, done() or refusal().
  Piece next(std::string_view input);
  bool done() const { return state_ == State::done; }
  // Bytes that the chunk at hand still announces.
  std::uint64_t announced() const { return state_ == State::data ? left_ : 0; }
  Refusal refusal() const { return refusal_; }

 private:
  enum class State : std::uint8_t {
    size_start,
    size,
    extension_name_start,
    extension_name,
    extension_value_start,
    extension_token,
    extension_quoted,
    extension_escaped,
    extension_quoted_end,
    size_lf,
    data,
    data_cr,
    data_lf,
    trailer_start,
    trailer_name,
    trailer_value,
    trailer_lf,
    last_lf,
    done
  };
  // The state behind `c`; sets refusal_ when it may not stand here.
  State step(char c);
  State refuse(std::string_view reason);

  State state_ = State::size_start;
  std::uint64_t left_ = 0;  // of the chunk's data
  int digits_ = 0;
  std::size_t extension_ = 0;   // bytes in this chunk
  std::size_t extensions_ = 0;  // and in all
  std::size_t trailer_ = 0;
  Refusal refusal_;
};

// Gathers one body behind its head, where it arrived whenever it fits: `input` holds the head in front, and the body stays there
// uncopied; a larger one moves to a buffer of its own that grows with what really arrives. Sans I/O: the caller reads into room()
// and tells took(). What follows the body stays in `input` from next() on.
class BodyGatherer {
 public:
  // `input` outlives this and is not touched by others until the body is whole. `limit`: of the decoded body. A body whose length
  // is over `stays` is not moved for its size alone: its rest will not be gathered (flow).
  BodyGatherer(Framing framing, std::uint64_t limit, Buffer& input, std::size_t head_end, std::uint64_t stays = UINT64_MAX);

  bool whole() const { return whole_; }
  Refusal refusal() const { return refusal_; }
  // Where the next read goes; never empty before the body is whole.
  std::span<char> room();
  void took(std::size_t bytes);
  // The connection ended: whole when that is how this body ends.
  void ended();
  std::uint64_t received() const { return received_; }  // bytes of the wire

  std::string_view body() const;
  std::optional<std::uint64_t> length() const;  // of the whole body, when the head says it
  // Some of it is here, and in all it is larger than `most`, or will be.
  bool outgrows(std::uint64_t most) const;
  // What reads the rest of a body that is not whole, behind body(). `input` keeps nothing that follows.
  BodyFlow flow() const;
  std::size_t next() const { return next_; }
  // The buffer of a body too large for `input`; empty when the body is in `input`.
  Buffer take_spilled() { return std::move(spilled_); }

 private:
  void advance();
  void decode();
  void spill(std::string_view bytes);
  void refuse_large();

  Framing framing_;
  std::uint64_t limit_;
  Buffer& input_;
  Buffer spilled_;
  ChunkDecoder chunks_;
  std::size_t head_end_;
  std::size_t body_end_;  // of what is decoded in `input`
  std::size_t next_;
  std::uint64_t received_ = 0;
  bool whole_ = false;
  bool spills_ = false;
  Refusal refusal_;
};

}  // namespace busway::http
