#include "adapters/http/body.hpp"

#include <algorithm>
#include <cstring>

#include "adapters/http/body_flow.hpp"

namespace busway::http {

namespace {
// With less room than this left, a body moves out of the input buffer.
constexpr std::size_t little_room = 2 * 1024;
// A spilled body starts with this much and doubles: the sender's word on its length costs us nothing until it is kept.
constexpr std::size_t first_spill = 64 * 1024;
}  // namespace

BodyGatherer::BodyGatherer(Framing framing, std::uint64_t limit, Buffer& input, std::size_t head_end, std::uint64_t stays)
    : framing_(framing), limit_(limit), input_(input), head_end_(head_end), body_end_(head_end), next_(head_end) {
  if (framing_.kind == Framing::Kind::none) {
    whole_ = true;
    return;
  }
  if (framing_.kind == Framing::Kind::length) {
    if (framing_.length > limit_) {
      refuse_large();
      return;
    }
    spills_ = framing_.length <= stays && framing_.length > input_.capacity() - head_end_;
  }
  received_ = input_.size() - head_end_;
  advance();
}

void BodyGatherer::refuse_large() {
  refusal_ = {413, "the body is too large"};
}

std::span<char> BodyGatherer::room() {
  if (!spills_) return input_.room();
  if (framing_.kind == Framing::Kind::chunked) return input_.room();
  if (spilled_.room().empty()) spill({});
  std::span<char> free = spilled_.room();
  if (framing_.kind == Framing::Kind::length) {
    // What follows the body stays in the socket.
    free = free.first(static_cast<std::size_t>(std::min<std::uint64_t>(free.size(), framing_.length - spilled_.size())));
  }
  return free;
}

void BodyGatherer::took(std::size_t bytes) {
  received_ += bytes;
  if (spills_ && framing_.kind != Framing::Kind::chunked) {
    spilled_.grew(bytes);
  } else {
    input_.grew(bytes);
  }
  advance();
}

void BodyGatherer::spill(std::string_view bytes) {
  std::size_t needed = spilled_.size() + bytes.size();
  if (needed >= spilled_.capacity()) {
    std::uint64_t more = std::max<std::uint64_t>({first_spill, 2 * spilled_.capacity(), needed + first_spill});
    if (framing_.kind == Framing::Kind::length) more = std::max<std::uint64_t>(std::min(more, framing_.length), needed);
    // Room for one byte too many shows that a body is too large.
    more = std::max<std::uint64_t>(std::min(more, limit_ + 1), needed);
    spilled_.reserve(static_cast<std::size_t>(more));
  }
  spilled_.append(bytes);
}

void BodyGatherer::advance() {
  switch (framing_.kind) {
    case Framing::Kind::none: break;
    case Framing::Kind::length: {
      if (!spills_) {
        std::uint64_t end = head_end_ + framing_.length;
        whole_ = input_.size() >= end;
        body_end_ = static_cast<std::size_t>(std::min<std::uint64_t>(end, input_.size()));
        next_ = body_end_;
        return;
      }
      if (input_.size() > head_end_) {
        spill(input_.view().substr(head_end_));
        input_.shrink(head_end_);
      }
      whole_ = spilled_.size() == framing_.length;
      return;
    }
    case Framing::Kind::until_close:
      if (!spills_) {
        body_end_ = next_ = input_.size();
        spills_ = input_.room().size() < little_room;
        if (spills_) {
          spill(input_.view().substr(head_end_));
          input_.shrink(head_end_);
          body_end_ = next_ = head_end_;
        }
      }
      if ((spills_ ? spilled_.size() : body_end_ - head_end_) > limit_) refuse_large();
      return;
    case Framing::Kind::chunked: decode(); return;
  }
}

void BodyGatherer::decode() {
  // Decoded bytes never outnumber the coded ones, so they move down in place.
  std::size_t coded = body_end_;
  while (coded < input_.size() && !chunks_.done()) {
    ChunkDecoder::Piece piece = chunks_.next(input_.view().substr(coded));
    std::uint64_t so_far = spilled_.size() + (body_end_ - head_end_);
    if (piece.data.size() + chunks_.announced() > limit_ - std::min(limit_, so_far)) {
      refuse_large();
      return;
    }
    if (!piece.data.empty()) {
      std::memmove(input_.data() + body_end_, piece.data.data(), piece.data.size());
      body_end_ += piece.data.size();
    }
    coded += piece.consumed;
    if ((refusal_ = chunks_.refusal())) return;
  }
  bool done = chunks_.done();
  if (!done) {
    input_.shrink(body_end_);
    spills_ = spills_ || input_.room().size() < little_room;
  }
  if (spills_) {
    spill(input_.view().substr(head_end_, body_end_ - head_end_));
    body_end_ = head_end_;
    if (!done) input_.shrink(head_end_);
  }
  next_ = coded;
  whole_ = done;
}

void BodyGatherer::ended() {
  if (framing_.kind == Framing::Kind::until_close && !refusal_) whole_ = true;
}

std::string_view BodyGatherer::body() const {
  if (spills_) return spilled_.view();
  return input_.view().substr(head_end_, body_end_ - head_end_);
}

std::optional<std::uint64_t> BodyGatherer::length() const {
  return framing_.kind == Framing::Kind::length ? std::optional(framing_.length) : std::nullopt;
}

bool BodyGatherer::outgrows(std::uint64_t most) const {
  std::size_t here = body().size();
  return here > 0 && (here > most || (framing_.kind == Framing::Kind::length && framing_.length > most));
}

BodyFlow BodyGatherer::flow() const {
  return {framing_, limit_, body().size(), chunks_};
}

}  // namespace busway::http
