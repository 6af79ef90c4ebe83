#pragma once

#include <optional>

#include "bus/worker.hpp"

namespace busway::fakes {

template <class T>
Task<> store_result(Task<T> task, std::optional<T>& into) {
  into.emplace(co_await task);
}

// Runs a task on this thread to its end.
template <class T>
T run_task(Worker& worker, Task<T> task) {
  std::optional<T> result;
  // A task begins on its worker's thread, inside the loop.
  auto shared = std::make_shared<Task<T>>(std::move(task));
  worker.post([&, shared] { worker.spawn(store_result(std::move(*shared), result)); });
  worker.run_until([&] { return result.has_value(); });
  return std::move(*result);
}

}  // namespace busway::fakes
