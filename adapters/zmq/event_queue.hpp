#pragma once

#include <algorithm>
#include <array>
#include <atomic>
#include <memory>

#include "bus/exchange.hpp"
#include "bus/message_events.hpp"

namespace busway::zmq {

// A text that is kept without the heap; what does not fit is cut off.
template <std::size_t Most>
class ShortText {
 public:
  void set(std::string_view text) {
    size_ = static_cast<std::uint8_t>(std::min(text.size(), Most));
    std::copy_n(text.data(), size_, bytes_);  // of no text at all, too, which has no address
  }
  std::string_view view() const { return {bytes_, size_}; }

 private:
  static_assert(Most < 256);
  std::uint8_t size_ = 0;
  char bytes_[Most];
};

// A MessageEvent that outlives its exchange.
struct EventRecord {
  MessageEvent::Kind kind;
  bool filtered;
  ErrorKind failure;
  std::chrono::system_clock::time_point at;
  std::int64_t took_us;
  const std::string* route;
  ShortText<36> id;
  ShortText<32> protocol;
  ShortText<64> step;
  ShortText<64> service;
  ShortText<8> outcome;
};

// Events of one worker on their way to the publisher: one thread puts in, one takes out. When it is full, what would come is
// counted by its kind.
class EventQueue {
 public:
  static constexpr std::size_t most = 4096;

  // The worker's. False: dropped.
  template <class Fill>
  bool put(MessageEvent::Kind kind, const Fill& fill) {
    std::size_t head = head_.load(std::memory_order_relaxed);
    if (head - tail_seen_ >= most) tail_seen_ = tail_.load(std::memory_order_acquire);
    if (head - tail_seen_ >= most) {
      auto& count = dropped_[static_cast<std::size_t>(kind)];
      count.store(count.load(std::memory_order_relaxed) + 1, std::memory_order_relaxed);
      return false;
    }
    fill((*records_)[head % most]);
    head_.store(head + 1, std::memory_order_seq_cst);  // before the worker looks whether the publisher sleeps
    return true;
  }

  // The publisher's.
  bool empty() const { return tail_.load(std::memory_order_relaxed) == head_.load(std::memory_order_seq_cst); }
  const EventRecord& front() const { return (*records_)[tail_.load(std::memory_order_relaxed) % most]; }
  void pop() { tail_.store(tail_.load(std::memory_order_relaxed) + 1, std::memory_order_release); }
  // Of that kind, since it was asked last.
  std::uint64_t take_dropped(std::size_t kind) {
    std::uint64_t total = dropped_[kind].load(std::memory_order_relaxed);
    return total - std::exchange(dropped_seen_[kind], total);
  }

 private:
  std::unique_ptr<std::array<EventRecord, most>> records_ = std::make_unique<std::array<EventRecord, most>>();
  alignas(64) std::atomic<std::size_t> head_{0};
  std::size_t tail_seen_ = 0;
  std::atomic<std::uint64_t> dropped_[MessageEvent::kinds] = {};
  alignas(64) std::atomic<std::size_t> tail_{0};
  std::uint64_t dropped_seen_[MessageEvent::kinds] = {};
};

}  // namespace busway::zmq
