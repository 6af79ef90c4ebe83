#pragma once

namespace busway::plugins {

// For std::visit: a function for each alternative.
template <class... F>
struct Cases : F... {
  using F::operator()...;
};

}  // namespace busway::plugins
