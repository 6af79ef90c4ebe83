#pragma once

#include <string>
#include <utility>

namespace busway {

// A value that must never be printed, logged or sent where it is not meant for: it has no formatting, no comparison and no
// conversion. expose() is the one way in, and the word to look for in a review.
class Secret {
 public:
  Secret() = default;
  explicit Secret(std::string value) : value_(std::move(value)) {}
  ~Secret() { wipe(); }
  Secret(const Secret&) = default;
  Secret(Secret&&) noexcept = default;
  Secret& operator=(const Secret& other) {
    if (this != &other) {
      wipe();
      value_ = other.value_;
    }
    return *this;
  }
  Secret& operator=(Secret&& other) noexcept {
    if (this != &other) {
      wipe();
      value_ = std::move(other.value_);
    }
    return *this;
  }

  const std::string& expose() const { return value_; }
  bool empty() const { return value_.empty(); }

 private:
  void wipe() noexcept;  // overwrites the bytes before they are given back
  std::string value_;
};

}  // namespace busway
