#pragma once

#include <cstddef>
#include <span>

#include "bus/arena.hpp"

namespace busway::jsonata {

// A list that grows while a tree is built and lives in the tree's arena. Trivially destructible, copied by reference.
template <class T>
struct Items {
  T* data = nullptr;
  std::size_t size = 0;
  std::size_t capacity = 0;

  void push(const T& value, Arena& arena) {
    if (size == capacity) {
      std::size_t more = capacity == 0 ? 4 : capacity * 2;
      T* moved = arena.array<T>(more);
      for (std::size_t i = 0; i < size; ++i) moved[i] = data[i];
      data = moved;
      capacity = more;
    }
    data[size++] = value;
  }
  bool empty() const { return size == 0; }
  T& back() { return data[size - 1]; }
  const T& back() const { return data[size - 1]; }
  T& operator[](std::size_t index) { return data[index]; }
  const T& operator[](std::size_t index) const { return data[index]; }
  T* begin() const { return data; }
  T* end() const { return data + size; }
};

}  // namespace busway::jsonata
