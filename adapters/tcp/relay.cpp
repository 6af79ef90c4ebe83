#include "adapters/tcp/relay.hpp"

#include <array>
#include <memory>
#include <string>

#include "bus/fair_share.hpp"

namespace busway::tcp {

namespace {

constexpr std::size_t at_once = 64 * 1024;

// Held by both directions: whichever ends last lets the connections go.
struct Stream {
  Stream(Worker& on, Socket from, Socket to, std::chrono::milliseconds bound)
      : worker(on), caller(std::move(from)), service(std::move(to)), idle(bound), active(on.now()), ended(on) {}
  void break_off() {
    broken = true;
    caller.cancel();
    service.cancel();
  }

  Worker& worker;
  Socket caller;
  Socket service;
  std::chrono::milliseconds idle;
  TimePoint active;  // when a byte moved last, either way
  Gate ended;        // opens at the end of the answering direction
  bool answered = false;
  bool broken = false;
};

// What is read here is written before the thread does anything else, or copied away.
std::span<char> scratch() {
  static thread_local std::unique_ptr<std::array<char, at_once>> bytes = std::make_unique<std::array<char, at_once>>();
  return *bytes;
}

// False: the stream is over. Renegotiation, where reading wants to write, would put two directions on one wait: refused.
Task<bool> ready(Stream& stream, Socket& socket, IoStep::Kind want, IoStep::Kind usual) {
  if (want != usual) co_return false;
  while (true) {
    Wake how = co_await socket.ready(want, stream.active + stream.idle);
    if (how == Wake::ready) co_return true;
    if (how == Wake::cancelled || stream.worker.now() >= stream.active + stream.idle) co_return false;
  }
}

Task<bool> put(Stream& stream, Socket& to, std::string_view bytes) {
  std::string kept;
  while (!bytes.empty()) {
    IoStep step = to.try_write(bytes);
    if (step.kind == IoStep::Kind::done) {
      stream.active = stream.worker.now();
      bytes.remove_prefix(step.bytes);
      continue;
    }
    if (kept.empty()) {
      kept = bytes;
      bytes = kept;
    }
    bool can = co_await ready(stream, to, step.kind, IoStep::Kind::want_write);
    if (!can) co_return false;
  }
  co_return true;
}

// True when the sender has ended in order and its end is passed on.
Task<bool> carry(Stream& stream, Socket& from, Socket& to) {
  FairShare share(stream.worker, passed_in_a_row);
  while (true) {
    if (!from.drained()) co_await share.turn();  // before the scratch is used, which all of the worker share
    IoStep step = from.try_read(scratch());
    if (step.kind == IoStep::Kind::closed) {
      to.shutdown_write();
      co_return true;
    }
    if (step.kind == IoStep::Kind::done) {
      share.took(step.bytes);
      bool taken = co_await put(stream, to, {scratch().data(), step.bytes});
      if (!taken) co_return false;
      continue;
    }
    bool can = co_await ready(stream, from, step.kind, IoStep::Kind::want_read);
    if (!can) co_return false;
  }
}

Task<> carry_answers(std::shared_ptr<Stream> stream) {
  bool whole = co_await carry(*stream, stream->service, stream->caller);
  if (!whole) stream->break_off();
  stream->answered = true;
  stream->ended.open();
}

}  // namespace

Task<> relay(Worker& worker, Socket caller, Socket service, std::chrono::milliseconds idle) {
  auto stream = std::make_shared<Stream>(worker, std::move(caller), std::move(service), idle);
  worker.spawn(carry_answers(stream));
  bool whole = co_await carry(*stream, stream->caller, stream->service);
  if (!whole) stream->break_off();
  if (!stream->answered) co_await stream->ended.wait(TimePoint::max());
  if (stream->broken) {
    stream->caller.reset();
    stream->service.reset();
  }
}

}  // namespace busway::tcp
