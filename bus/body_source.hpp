#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string_view>
#include <utility>

#include "bus/error.hpp"
#include "bus/task.hpp"

namespace busway {

// One more of something for as long as it lives. Worker thread only.
class Counted {
 public:
  Counted() = default;
  explicit Counted(std::size_t& count) : count_(&count) { ++count; }
  Counted(Counted&& other) noexcept : count_(std::exchange(other.count_, nullptr)) {}
  Counted& operator=(Counted&& other) noexcept {
    std::swap(count_, other.count_);
    return *this;
  }
  ~Counted() {
    if (count_ != nullptr) --*count_;
  }

 private:
  std::size_t* count_ = nullptr;
};

// The rest of a body that passes through the bus without being gathered: the message holds its first bytes, this brings the
// others as they arrive, so that a reader who is slow holds the sender back. One reader, on the exchange's worker.
class BodySource {
 public:
  virtual ~BodySource() = default;
  // The next bytes; none at the end of the body. They stand in memory that the whole thread shares: what is left of them when the
  // reader waits for anything else is to be copied first. Errors: what broke the body off; nothing comes after one.
  virtual Task<Result<std::string_view>> next() = 0;
  // Not from within next(): it ends with an error, now and from then on.
  virtual void stop() = 0;
  // Of the whole body, the message's bytes included; none when its sender has not said.
  virtual std::optional<std::uint64_t> length() const = 0;
  // Whether any of it has been asked for. From then on nobody can send this body once more.
  bool begun() const { return begun_; }
  // What ends with this body: a request of a service is in flight until then.
  void hold(Counted counted) { held_ = std::move(counted); }

 protected:
  bool begun_ = false;

 private:
  Counted held_;
};

}  // namespace busway
