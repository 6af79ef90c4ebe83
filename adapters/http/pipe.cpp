#include "adapters/http/pipe.hpp"

#include <fcntl.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <utility>

namespace busway::http {

namespace {

constexpr std::uint64_t most_at_once = 1024 * 1024;  // the pipe takes less: as many pieces of the socket's as it has slots

// `empty`: what there was nothing of, or no room for.
IoStep move(int from, int to, std::size_t most, IoStep::Kind empty) {
  while (true) {
    ssize_t moved = ::splice(from, nullptr, to, nullptr, most, SPLICE_F_MOVE | SPLICE_F_NONBLOCK);
    if (moved > 0) return {.kind = IoStep::Kind::done, .bytes = static_cast<std::size_t>(moved)};
    if (moved == 0) return {.kind = IoStep::Kind::closed};
    if (errno == EINTR) continue;
    if (errno == EAGAIN || errno == EWOULDBLOCK) return {.kind = empty};
    return {.kind = IoStep::Kind::broken, .error = errno};
  }
}

}  // namespace

Pipe Pipe::make() {
  Pipe pipe;
  int ends[2] = {-1, -1};
  if (::pipe2(ends, O_NONBLOCK | O_CLOEXEC) == 0) {
    pipe.out_ = ends[0];
    pipe.in_ = ends[1];
  }
  return pipe;
}

Pipe::Pipe(Pipe&& other) noexcept
    : out_(std::exchange(other.out_, -1)), in_(std::exchange(other.in_, -1)), held_(std::exchange(other.held_, 0)) {}

Pipe& Pipe::operator=(Pipe&& other) noexcept {
  std::swap(out_, other.out_);
  std::swap(in_, other.in_);
  std::swap(held_, other.held_);
  return *this;
}

Pipe::~Pipe() {
  if (!open()) return;
  ::close(in_);
  ::close(out_);
}

IoStep Pipe::fill(const Socket& from, std::uint64_t most) {
  if (from.drained()) return {.kind = IoStep::Kind::want_read};
  IoStep step =
      move(from.descriptor().fd(), in_, static_cast<std::size_t>(std::min(most, most_at_once)), IoStep::Kind::want_read);
  if (step.kind == IoStep::Kind::done) held_ += step.bytes;
  return step;
}

IoStep Pipe::drain(const Socket& to) {
  IoStep step = move(out_, to.descriptor().fd(), held_, IoStep::Kind::want_write);
  if (step.kind == IoStep::Kind::done) held_ -= step.bytes;
  return step;
}

}  // namespace busway::http
