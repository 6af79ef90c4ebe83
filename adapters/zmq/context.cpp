#include "adapters/zmq/context.hpp"

#include <zmq.hpp>

#include "adapters/curve/doorkeeper.hpp"
#include "bus/mutex.hpp"

namespace busway::zmq {

namespace {

constexpr int most_sockets = 16 * 1024;

struct Shared {
  Mutex lock;
  std::weak_ptr<Context> context BUSWAY_GUARDED_BY(lock);
};

Shared& shared_context() {
  static Shared shared;
  return shared;
}

}  // namespace

std::shared_ptr<Context> Context::shared() {
  Shared& all = shared_context();
  Lock lock(all.lock);
  std::shared_ptr<Context> context = all.context.lock();
  if (context == nullptr) {
    context = std::make_shared<Context>();
    all.context = context;
  }
  return context;
}

Context::Context() : library_(std::make_unique<::zmq::context_t>(1)) {
  library_->set(::zmq::ctxopt::max_sockets, most_sockets);
}

Context::~Context() {
  // Its thread waits within the library, and wakes at this.
  if (doorkeeper_ != nullptr) library_->shutdown();
  doorkeeper_.reset();
}

Result<void> Context::allow(const std::string& list, const std::vector<std::string>& keys) {
  Lock lock(shared_context().lock);
  if (doorkeeper_ == nullptr) {
    auto made = curve::Doorkeeper::make(library_->handle());
    if (!made) return std::unexpected(std::move(made.error()));
    doorkeeper_ = std::move(*made);
  }
  return doorkeeper_->allow(list, keys);
}

}  // namespace busway::zmq
