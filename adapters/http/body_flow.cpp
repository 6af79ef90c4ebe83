#include "adapters/http/body_flow.hpp"

#include <algorithm>
#include <cstring>

namespace busway::http {

std::span<char> BodyFlow::room(std::span<char> room) const {
  if (framing_.kind != Framing::Kind::length) return room;
  return room.first(static_cast<std::size_t>(std::min<std::uint64_t>(room.size(), framing_.length - passed_)));
}

std::string_view BodyFlow::took(std::span<char> bytes) {
  after_ = {};
  if (framing_.kind == Framing::Kind::chunked) return decode(bytes);
  went(bytes.size());
  return refusal_ ? std::string_view() : std::string_view(bytes.data(), bytes.size());
}

void BodyFlow::went(std::uint64_t bytes) {
  received_ += bytes;
  passed_ += bytes;
  if (framing_.kind == Framing::Kind::length) {
    whole_ = passed_ == framing_.length;
  } else if (passed_ > limit_) {
    refusal_ = {413, "the body is too large"};
  }
}

std::string_view BodyFlow::decode(std::span<char> bytes) {
  received_ += bytes.size();
  // Decoded bytes never outnumber the coded ones, so they move down in place.
  std::size_t data = 0;
  std::size_t coded = 0;
  while (coded < bytes.size() && !chunks_.done()) {
    ChunkDecoder::Piece piece = chunks_.next({bytes.data() + coded, bytes.size() - coded});
    if (piece.data.size() + chunks_.announced() > limit_ - std::min(limit_, passed_)) {
      refusal_ = {413, "the body is too large"};
      return {};
    }
    if (!piece.data.empty()) {
      std::memmove(bytes.data() + data, piece.data.data(), piece.data.size());
      data += piece.data.size();
      passed_ += piece.data.size();
    }
    coded += piece.consumed;
    if ((refusal_ = chunks_.refusal())) return {};
  }
  whole_ = chunks_.done();
  if (whole_) after_ = {bytes.data() + coded, bytes.size() - coded};
  return {bytes.data(), data};
}

void BodyFlow::ended() {
  if (framing_.kind == Framing::Kind::until_close && !refusal_) whole_ = true;
}

}  // namespace busway::http
