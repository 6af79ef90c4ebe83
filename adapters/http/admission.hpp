#pragma once

#include <array>
#include <atomic>
#include <cstdint>
#include <optional>
#include <string_view>
#include <unordered_map>

#include "bus/mutex.hpp"
#include "bus/socket.hpp"

namespace busway::http {

// Who may hold a connection of one listener: bounds on all of them and, where asked for, on those from one address (IPv6: one
// /64, which is what one sender has). Shared by all workers; touched when a connection opens and when it closes, never between.
class Admission {
 public:
  struct Bounds {
    std::int64_t all = 10'000;
    std::optional<std::int64_t> an_address{};
  };
  explicit Admission(Bounds bounds) : bounds_(bounds) {}
  Admission(const Admission&) = delete;
  Admission& operator=(const Admission&) = delete;

  // One connection's place: given back at its end.
  class Place {
   public:
    Place() = default;
    Place(Place&& other) noexcept : admission_(other.admission_), key_(other.key_) { other.admission_ = nullptr; }
    Place& operator=(Place&&) = delete;
    ~Place() {
      if (admission_ != nullptr) admission_->leave(key_);
    }
    explicit operator bool() const { return admission_ != nullptr; }
    // Of a place that was refused: 503 when all are taken, 429 (RFC 6585) when this address has its share.
    int refused = 0;

   private:
    friend class Admission;
    Admission* admission_ = nullptr;
    std::uint64_t key_ = 0;
  };
  Place enter(const Address& peer);

  // Made before a connection's bytes are read, so every reply says the same.
  static std::string_view reply(int status);

 private:
  static constexpr std::size_t shards = 16;
  struct Shard {
    Mutex lock;
    std::unordered_map<std::uint64_t, std::int64_t> open BUSWAY_GUARDED_BY(lock);  // no more entries than connections
  };
  Shard& shard_of(std::uint64_t key) { return shards_[(key ^ key >> 32) % shards]; }
  bool enter_address(std::uint64_t key);
  void leave(std::uint64_t key);

  Bounds bounds_;
  std::atomic<std::int64_t> open_{0};
  std::array<Shard, shards> shards_;
};

}  // namespace busway::http
