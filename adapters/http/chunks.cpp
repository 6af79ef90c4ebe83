#include <algorithm>

#include "adapters/http/body.hpp"
#include "adapters/http/grammar.hpp"

namespace busway::http {

namespace {
constexpr int most_digits = 15;  // 2^60: no overflow
constexpr std::size_t most_extension = 256;
constexpr std::size_t most_extensions = 8 * 1024;  // of one body: a byte of data must not cost 256 of them
constexpr std::size_t most_trailer = 8 * 1024;
}  // namespace

ChunkDecoder::State ChunkDecoder::refuse(std::string_view reason) {
  refusal_ = {400, reason};
  return state_;
}

ChunkDecoder::Piece ChunkDecoder::next(std::string_view input) {
  std::size_t at = 0;
  while (at < input.size() && state_ != State::done && !refusal_) {
    if (state_ == State::data) {
      auto take = static_cast<std::size_t>(std::min<std::uint64_t>(left_, input.size() - at));
      left_ -= take;
      if (left_ == 0) state_ = State::data_cr;
      return {at + take, input.substr(at, take)};
    }
    state_ = step(input[at++]);
  }
  return {at, {}};
}

ChunkDecoder::State ChunkDecoder::step(char c) {
  constexpr std::string_view bad_size = "a chunk size that is no hexadecimal number";
  constexpr std::string_view bad_extension = "a chunk extension that is not by the grammar";
  constexpr std::string_view bad_trailer = "a trailer field that is not by the grammar";
  switch (state_) {
    case State::size_start:
    case State::size:
      if (int digit = hex_digit(c); digit >= 0) {
        if (++digits_ > most_digits) return refuse("a chunk size that is too large");
        left_ = left_ * 16 + static_cast<std::uint64_t>(digit);
        return State::size;
      }
      if (state_ == State::size_start) return refuse(bad_size);
      if (c == '\r') return State::size_lf;
      return c == ';' ? State::extension_name_start : refuse(bad_size);

    case State::extension_name_start:
    case State::extension_name:
    case State::extension_value_start:
    case State::extension_token:
    case State::extension_quoted:
    case State::extension_escaped:
    case State::extension_quoted_end: {
      if (++extension_ > most_extension || ++extensions_ > most_extensions) return refuse("a chunk extension that is too long");
      bool token = is_token_char(c);
      if (state_ == State::extension_name_start) return token ? State::extension_name : refuse(bad_extension);
      if (state_ == State::extension_value_start)
        return c == '"' ? State::extension_quoted : token ? State::extension_token : refuse(bad_extension);
      if (state_ == State::extension_quoted && c != '"') {
        if (!is_value_char(c)) return refuse(bad_extension);
        return c == '\\' ? State::extension_escaped : State::extension_quoted;
      }
      if (state_ == State::extension_quoted) return State::extension_quoted_end;
      if (state_ == State::extension_escaped) return is_value_char(c) ? State::extension_quoted : refuse(bad_extension);
      if (token && state_ != State::extension_quoted_end) return state_;
      if (c == '=' && state_ == State::extension_name) return State::extension_value_start;
      if (c == ';') return State::extension_name_start;
      return c == '\r' ? State::size_lf : refuse(bad_extension);
    }

    case State::size_lf:
      if (c != '\n') return refuse("a bare CR");
      digits_ = 0;
      extension_ = 0;
      return left_ == 0 ? State::trailer_start : State::data;

    case State::data_cr: return c == '\r' ? State::data_lf : refuse("chunk data longer than its size");
    case State::data_lf: return c == '\n' ? State::size_start : refuse("a bare CR");

    case State::trailer_start:
      if (c == '\r') return State::last_lf;
      ++trailer_;
      return is_token_char(c) ? State::trailer_name : refuse(bad_trailer);
    case State::trailer_name:
      if (++trailer_ > most_trailer) return refuse("trailer fields that are too long");
      if (c == ':') return State::trailer_value;
      return is_token_char(c) ? state_ : refuse(bad_trailer);
    case State::trailer_value:
      if (++trailer_ > most_trailer) return refuse("trailer fields that are too long");
      if (c == '\r') return State::trailer_lf;
      return is_value_char(c) ? state_ : refuse(bad_trailer);
    case State::trailer_lf: return c == '\n' ? State::trailer_start : refuse("a bare CR");
    case State::last_lf: return c == '\n' ? State::done : refuse("a bare CR");

    case State::data:
    case State::done: break;
  }
  return state_;
}

}  // namespace busway::http
