#pragma once

#include <memory>
#include <utility>

namespace busway {

// Scratch memory that a thread keeps from one use to the next, for as long as this lives the holder's alone: who asks while it is
// held (a computation that runs while another is paused) gets one of its own.
//
//   Spare<Workbench> bench;
//   bench->frames.clear();
template <class T>
class Spare {
 public:
  Spare() : place_(kept()), held_(std::move(place_)) {
    if (held_ == nullptr) held_ = std::make_unique<T>();
  }
  Spare(const Spare&) = delete;
  Spare& operator=(const Spare&) = delete;
  ~Spare() {
    if (place_ == nullptr) place_ = std::move(held_);
  }
  T& operator*() const { return *held_; }
  T* operator->() const { return held_.get(); }

 private:
  static std::unique_ptr<T>& kept() {
    static thread_local std::unique_ptr<T> one;
    return one;
  }
  std::unique_ptr<T>& place_;
  std::unique_ptr<T> held_;
};

}  // namespace busway
