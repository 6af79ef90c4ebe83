#include "adapters/http/pour.hpp"

#include <charconv>
#include <cstring>
#include <memory>
#include <string>

namespace busway::http {

namespace {

constexpr std::size_t at_once = 32 * 1024;
// Two descriptors and their system calls must be worth it.
constexpr std::uint64_t worth_a_pipe = 64 * 1024;

std::size_t write_size(char* to, std::size_t size) {
  char* end = std::to_chars(to, to + 16, size, 16).ptr;
  *end++ = '\r';
  *end++ = '\n';
  return static_cast<std::size_t>(end - to);
}

}  // namespace

std::span<char> stream_scratch() {
  static thread_local std::unique_ptr<std::array<char, at_once>> bytes = std::make_unique<std::array<char, at_once>>();
  return *bytes;
}

void append_chunk_size(std::size_t size, Buffer& out) {
  std::array<char, 24> line;
  out.append(std::string_view(line.data(), write_size(line.data(), size)));
}

Task<> Pour::run(std::string_view head, std::string_view first) {
  bool taken = co_await put(head, first, false);
  auto* plain = chunked || to.is_tls() ? nullptr : dynamic_cast<PlainBody*>(&from);
  Pipe pipe;
  if (plain != nullptr && plain->plain_left() >= worth_a_pipe) pipe = Pipe::make();
  while (taken) {
    TimePoint asked = worker.now();
    Task<Result<std::string_view>> coming = pipe.open() ? plain->next_into(pipe) : from.next();
    auto piece = co_await coming;
    pace.forgive(worker.now() - asked);
    if (!piece) {
      end = End::source;
      error = std::move(piece.error());
      co_return;
    }
    if (piece->empty()) break;
    std::string_view lead;
    if (chunked) {
      // The line break behind the chunk before goes with the next one.
      lead_[0] = '\r';
      lead_[1] = '\n';
      lead = {lead_.data(), 2 + write_size(lead_.data() + 2, piece->size())};
    }
    Task<bool> putting = pipe.open() ? put(pipe) : put(lead, *piece, true);
    taken = co_await putting;
  }
  if (taken && chunked) co_await put("\r\n0\r\n\r\n", {}, false);
}

Task<bool> Pour::put(std::string_view head, std::string_view data, bool shared) {
  std::string kept;  // an idle stream holds none
  while (!head.empty() || !data.empty()) {
    std::array<iovec, 2> parts{iovec{.iov_base = const_cast<char*>(head.data()), .iov_len = head.size()},
                               iovec{.iov_base = const_cast<char*>(data.data()), .iov_len = data.size()}};
    std::span<const iovec> all(parts);
    IoStep step = to.try_write(head.empty() ? all.last(1) : data.empty() ? all.first(1) : all);
    if (step.kind == IoStep::Kind::done) {
      sent += step.bytes;
      std::size_t of_head = std::min(step.bytes, head.size());
      head.remove_prefix(of_head);
      data.remove_prefix(step.bytes - of_head);
      continue;
    }
    if (shared && kept.empty() && !data.empty()) {
      kept = data;
      data = kept;
    }
    bool more = co_await writable(step);
    if (!more) co_return false;
  }
  co_return true;
}

Task<bool> Pour::put(Pipe& pipe) {
  while (pipe.held() > 0) {
    IoStep step = pipe.drain(to);
    if (step.kind == IoStep::Kind::done) {
      sent += step.bytes;
      continue;
    }
    bool more = co_await writable(step);
    if (!more) co_return false;
  }
  co_return true;
}

Task<bool> Pour::writable(IoStep step) {
  // The reading direction is another's to wait for, so that a peer that renegotiates is left.
  if (step.kind != IoStep::Kind::want_write) {
    end = End::broken;
    std::string why = step.error != 0 ? std::strerror(step.error) : "the connection broke";
    error = {.kind = ErrorKind::unknown, .text = "sending a body: " + why, .code = "reset"};
    co_return false;
  }
  Wake how = co_await to.ready(step.kind, pace.deadline(worker.now(), sent));
  if (how == Wake::ready) co_return true;
  end = how == Wake::timed_out ? End::slow : End::broken;
  error = {.kind = ErrorKind::unknown,
           .text = how == Wake::timed_out ? "sending a body: its reader is too slow" : "sending a body: cancelled",
           .code = how == Wake::timed_out ? "timeout" : "cancelled"};
  co_return false;
}

}  // namespace busway::http
