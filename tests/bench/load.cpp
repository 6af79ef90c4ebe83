#include "tests/bench/load.hpp"

#include <sys/epoll.h>

#include <algorithm>
#include <cerrno>
#include <cstdio>
#include <cstdlib>

namespace bench {

using std::chrono::nanoseconds;

Load::Load(const LoadOptions& options) : options_(options), poll_(::epoll_create1(EPOLL_CLOEXEC)), slots_(options.connections) {
  if (options.tls != LoadOptions::Tls::off) tls_ = std::make_unique<TlsClient>(options.tls == LoadOptions::Tls::resumed);
}

bool Load::connect() {
  for (std::size_t at = 0; at < slots_.size(); ++at) {
    if (!options_.fresh && !open(at)) {
      std::perror("bench_load: connecting");
      return false;
    }
    idle_.push_back(at);
  }
  return true;
}

void Load::run() {
  const auto start = Clock::now();
  if (options_.rate > 0) {
    run_open();
  } else {
    run_closed();
  }
  seconds_ = std::chrono::duration<double>(Clock::now() - start).count();
  finish();
}

void Load::run_open() {
  const auto start = Clock::now();
  const auto end = start + nanoseconds(static_cast<std::int64_t>(options_.seconds * 1e9));
  std::uint64_t made = 0;
  auto due_at = [&](std::uint64_t n) {
    return start + nanoseconds(static_cast<std::int64_t>(static_cast<double>(n) * 1e9 / options_.rate));
  };
  while (Clock::now() < end) {
    if (options_.shed && idle_.empty()) {
      // Nothing can be sent before an answer comes. To look at the clock meanwhile would take the core from whoever makes one.
      poll_until(end);
      for (auto now = Clock::now(); due_at(made) <= now; ++made) ++not_sent_;
      continue;
    }
    for (auto now = Clock::now(); due_at(made) <= now; ++made) waiting_.push_back(due_at(made));
    send_waiting();
    if (options_.shed) {
      not_sent_ += waiting_.size();
      waiting_.clear();
    }
    poll_until(std::min(due_at(made), end));
  }
}

void Load::run_closed() {
  const auto end = Clock::now() + nanoseconds(static_cast<std::int64_t>(options_.seconds * 1e9));
  auto more = [&] { return options_.requests == 0 ? Clock::now() < end : started_ < options_.requests; };
  while (more()) {
    while (!idle_.empty() && more()) start(Clock::now());
    poll_until(end);
  }
}

// What is still under way gets two seconds; then nobody answered it, or it could not even be sent in time.
void Load::finish() {
  const auto grace = Clock::now() + std::chrono::seconds(2);
  while ((!waiting_.empty() || idle_.size() < slots_.size()) && Clock::now() < grace) {
    send_waiting();
    poll_until(grace);
  }
  std::uint64_t unanswered = slots_.size() - idle_.size();
  if (why_.empty() && !waiting_.empty()) why_ = "the rate is more than the proxy or this machine carries";
  if (why_.empty() && unanswered > 0) why_ = "no answer within two seconds of the end";
  failed_ += unanswered + waiting_.size();
}

void Load::report() const {
  std::printf(
      "{\"requests\": %llu, \"seconds\": %.4f, \"failed\": %llu, \"why\": \"%s\", \"refused\": %llu, \"not_sent\": %llu, "
      "\"full_handshakes\": %llu, "
      "\"p50_us\": %.1f, \"p99_us\": %.1f, \"p999_us\": %.1f, \"max_us\": %.1f}\n",
      static_cast<unsigned long long>(latency_.count()), seconds_, static_cast<unsigned long long>(failed_), why_.c_str(),
      static_cast<unsigned long long>(refused_), static_cast<unsigned long long>(not_sent_),
      static_cast<unsigned long long>(full_handshakes_), latency_.microseconds_at(0.5), latency_.microseconds_at(0.99),
      latency_.microseconds_at(0.999), latency_.microseconds_at(1.0));
}

bool Load::open(std::size_t at) {
  if (!slots_[at].channel.open(options_.port, tls_.get())) return false;
  slots_[at].blocked = false;
  watch(at, EPOLL_CTL_ADD, EPOLLIN);
  return true;
}

void Load::watch(std::size_t at, int operation, std::uint32_t events) {
  epoll_event event{};
  event.events = events;
  event.data.u64 = at;
  ::epoll_ctl(poll_, operation, slots_[at].channel.fd(), &event);
}

void Load::send_waiting() {
  while (!waiting_.empty() && !idle_.empty()) {
    start(waiting_.front());
    waiting_.pop_front();
  }
}

void Load::start(Clock::time_point due) {
  std::size_t at = idle_.back();
  idle_.pop_back();
  Slot& slot = slots_[at];
  slot.busy = true;
  slot.due = due;
  slot.exchange = &options_.plan[started_++ % options_.plan.size()];
  slot.sent = 0;
  slot.answer.await(*slot.exchange);
  if (slot.channel.fd() < 0 && !open(at)) return fail(at, "connecting was refused");
  write_to(at);
}

void Load::write_to(std::size_t at) {
  Slot& slot = slots_[at];
  const std::string& request = *slot.exchange->request;
  bool later = false;
  while (slot.sent < request.size() && !later) {
    ssize_t sent = slot.channel.send(std::string_view(request).substr(slot.sent));
    if (sent <= 0 && errno != EAGAIN) return fail(at, "the connection broke while sending");
    if (sent > 0) slot.sent += static_cast<std::size_t>(sent);
    later = sent <= 0;
  }
  // A TLS handshake waits for bytes, not for room: only a full socket is watched for room.
  bool full = later && !tls_;
  if (full != slot.blocked) watch(at, EPOLL_CTL_MOD, full ? EPOLLIN | EPOLLOUT : EPOLLIN);
  slot.blocked = full;
}

void Load::read_from(std::size_t at) {
  Slot& slot = slots_[at];
  while (slot.channel.fd() >= 0) {
    ssize_t size = slot.channel.receive(buffer_);
    if (size < 0 && errno == EAGAIN) break;
    if (!slot.busy && size <= 0) {  // an idle connection may end at any time
      slot.channel.close();
      if (!options_.fresh && !open(at)) std::exit(1);
      return;
    }
    if (size <= 0 || !slot.busy) return fail(at, size <= 0 ? "the connection ended before the answer" : "bytes nobody asked for");
    Answer::State state = slot.answer.take({buffer_.data(), static_cast<std::size_t>(size)});
    if (state != Answer::State::more) return settle(at, state);
    if (!tls_ && static_cast<std::size_t>(size) < buffer_.size()) break;
  }
  if (tls_ && slot.busy && slot.sent < slot.exchange->request->size()) write_to(at);
}

void Load::settle(std::size_t at, Answer::State state) {
  Slot& slot = slots_[at];
  if (state == Answer::State::wrong) return fail(at, slot.answer.why());
  if (state == Answer::State::refused && !options_.shed) return fail(at, "status 503");
  if (tls_ && !slot.channel.resumed()) ++full_handshakes_;
  if (state == Answer::State::right) {
    latency_.add(static_cast<std::uint64_t>(nanoseconds(Clock::now() - slot.due).count()));
  } else {
    ++refused_;
  }
  if (options_.fresh || slot.answer.closes()) slot.channel.close();
  release(at);
}

void Load::release(std::size_t at) {
  slots_[at].busy = false;
  idle_.push_back(at);
}

void Load::fail(std::size_t at, const std::string& why) {
  if (why_.empty()) why_ = why;
  ++failed_;
  slots_[at].channel.close();
  if (slots_[at].busy) release(at);
  // The run is void: it need not go on for long.
  if (failed_ > 1000) {
    report();
    std::exit(0);
  }
}

void Load::poll_until(Clock::time_point time) {
  auto wait = std::max(time - Clock::now(), nanoseconds(0));
  timespec timeout{.tv_sec = static_cast<time_t>(wait.count() / 1'000'000'000),
                   .tv_nsec = static_cast<long>(wait.count() % 1'000'000'000)};
  std::array<epoll_event, 256> events{};
  int ready = ::epoll_pwait2(poll_, events.data(), static_cast<int>(events.size()), &timeout, nullptr);
  for (int i = 0; i < ready; ++i) {
    const epoll_event& event = events[static_cast<std::size_t>(i)];
    auto at = static_cast<std::size_t>(event.data.u64);
    if ((event.events & EPOLLOUT) != 0 && slots_[at].busy) write_to(at);
    if ((event.events & ~std::uint32_t{EPOLLOUT}) != 0 && slots_[at].channel.fd() >= 0) read_from(at);
  }
}

}  // namespace bench
