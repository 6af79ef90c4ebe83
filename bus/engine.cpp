#include "bus/engine.hpp"

#include <algorithm>
#include <csignal>

namespace busway {

Engine::Engine(std::shared_ptr<Snapshot> snapshot, Options options) : snapshot_(std::move(snapshot)), options_(options) {
  int count = options_.workers > 0 ? options_.workers : static_cast<int>(std::max(1U, std::thread::hardware_concurrency()));
  for (int i = 0; i < count; ++i) workers_.push_back(std::make_unique<Worker>(i));
}

Engine::~Engine() {
  for (auto& worker : workers_) worker->stop();
  for (std::thread& thread : threads_) thread.join();
  // What still waits ends with its worker, before the snapshot that it borrows from.
  workers_.clear();
}

Result<void> Engine::open() {
  std::signal(SIGPIPE, SIG_IGN);
  for (const auto& [name, service] : snapshot_->services) {
    if (auto opened = service->open(workers()); !opened) return std::unexpected(opened.error());
  }
  for (const auto& [name, listener] : snapshot_->listeners) {
    if (auto opened = listener->open(workers()); !opened) return opened.error().while_doing("opening listener '" + name + "'");
  }
  return {};
}

void Engine::run() {
  for (auto& worker : workers_) {
    threads_.emplace_back([this, at = worker.get()] {
      at->post([this, at] {
        for (const auto& [name, listener] : snapshot_->listeners) listener->serve(*at);
      });
      at->run();
    });
  }
  {
    Lock lock(lock_);
    while (stops_ == 0) lock.wait(changed_);
  }
  drain();
}

void Engine::stop() {
  {
    Lock lock(lock_);
    ++stops_;
  }
  changed_.notify_all();
}

// On each worker: accept no more, wait for what is in flight, close what is idle.
Task<> Engine::drain_worker(Worker& worker) {
  for (const auto& [name, listener] : snapshot_->listeners) listener->stop(worker);
  TimePoint until = worker.now() + options_.drain;
  while (worker.now() < until) {
    std::size_t open = 0;
    for (const auto& [name, listener] : snapshot_->listeners) open += listener->connections(worker);
    if (open == 0) break;
    co_await worker.sleep_for(std::chrono::milliseconds(8));
  }
  for (const auto& [name, service] : snapshot_->services) service->close(worker);
  {
    Lock lock(lock_);
    ++drained_;
  }
  changed_.notify_all();
}

void Engine::drain() {
  for (auto& worker : workers_) {
    Worker* at = worker.get();
    at->post([this, at] { at->spawn(drain_worker(*at)); });
  }
  {
    Lock lock(lock_);
    while (drained_ != workers_.size() && stops_ <= 1) lock.wait(changed_);
  }
  for (auto& worker : workers_) worker->stop();
  for (std::thread& thread : threads_) thread.join();
  threads_.clear();
}

}  // namespace busway
