#pragma once

#include <cstddef>
#include <cstdint>
#include <string_view>

#include "bus/error.hpp"
#include "bus/socket.hpp"
#include "bus/task.hpp"

namespace busway::http {

// Bytes on their way from one plain socket to another that never come into our memory (splice(2)). What is in it is on its way:
// a pipe that is not empty at its end loses it.
class Pipe {
 public:
  // Closed when no descriptors are to be had.
  static Pipe make();
  Pipe() = default;
  Pipe(Pipe&& other) noexcept;
  Pipe& operator=(Pipe&& other) noexcept;
  ~Pipe();

  bool open() const { return in_ >= 0; }
  std::size_t held() const { return held_; }
  // At most so many bytes, into an empty pipe: then a pipe is never what is waited for.
  IoStep fill(const Socket& from, std::uint64_t most);
  IoStep drain(const Socket& to);

 private:
  int out_ = -1;
  int in_ = -1;
  std::size_t held_ = 0;
};

// A body whose rest are so many bytes of a plain socket, as they are.
class PlainBody {
 public:
  virtual std::uint64_t plain_left() const = 0;  // 0: it is none
  // BodySource::next(), into an empty pipe: not empty means that bytes are in the pipe.
  virtual Task<Result<std::string_view>> next_into(Pipe& pipe) = 0;

 protected:
  ~PlainBody() = default;
};

}  // namespace busway::http
