#pragma once

#include <cstddef>
#include <span>

#include "bus/arena.hpp"
#include "bus/pause.hpp"

namespace busway::jsonata {

// Sorts in place, stable. `goes_behind(a, b)` says whether a, which stands before b, must go behind it; it may be inconsistent
// (a user's function), and is not called again once it has made `stop()` true.
template <class T, class GoesBehind, class Stop>
void merge_sort(std::span<T> items, Arena& arena, const GoesBehind& goes_behind, const Stop& stop) {
  struct Sorter {
    T* scratch;
    const GoesBehind& goes_behind;
    const Stop& stop;
    void sort(T* items, std::size_t count) {
      if (count < 2 || stop()) return;
      std::size_t middle = count / 2;
      sort(items, middle);
      sort(items + middle, count - middle);
      std::size_t left = 0;
      std::size_t right = middle;
      std::size_t out = 0;
      while (left < middle && right < count) {
        if (stop()) return;
        pause_if_due();
        scratch[out++] = goes_behind(items[left], items[right]) ? items[right++] : items[left++];
      }
      while (left < middle) scratch[out++] = items[left++];
      while (right < count) scratch[out++] = items[right++];
      for (std::size_t i = 0; i < count; ++i) items[i] = scratch[i];
    }
  };
  Sorter{arena.array<T>(items.size()), goes_behind, stop}.sort(items.data(), items.size());
}

}  // namespace busway::jsonata
