#include "adapters/http/upload.hpp"

namespace busway::http {

void Upload::start(std::chrono::nanoseconds time) {
  time_ = time;
  running_ = beside(run());
}

Task<> Upload::run() {
  co_await pour_.run({}, {});
  ended_ = true;
  ended_at_ = pour_.worker.now();
  if (!fatal()) co_return;
  // Whoever waits for the answer ends this task when it is woken: not from within it.
  pour_.worker.post([self = weak_from_this()] {
    if (auto upload = self.lock()) upload->pour_.to.cancel();
  });
}

}  // namespace busway::http
