#pragma once

#include <chrono>
#include <map>
#include <memory>
#include <string>
#include <thread>
#include <vector>

#include "bus/listener.hpp"
#include "bus/mutex.hpp"
#include "bus/route.hpp"
#include "bus/service.hpp"

namespace busway {

// A loaded bundle: immutable, made by `routes` during the check. Members are destroyed in reverse order: listeners (with their
// inlets) before routes before services.
struct Snapshot {
  std::map<std::string, std::unique_ptr<Service>> services;
  std::map<std::string, std::unique_ptr<Route>> routes;
  std::map<std::string, std::unique_ptr<Listener>> listeners;
};

// Runs a snapshot: one worker a core, each with its own event loop, listeners and pools. Four phases: the snapshot was checked;
// open() binds and prepares; run() blocks while workers serve; stop() drains.
class Engine {
 public:
  struct Options {
    int workers = 0;  // 0: one a core
    std::chrono::milliseconds drain{30'000};
  };
  Engine(std::shared_ptr<Snapshot> snapshot, Options options);
  ~Engine();

  Result<void> open();
  // Until stop() and the drain's end. Call from the main thread.
  void run();
  // From any thread, also twice. First: accept no more, finish what is in flight within `drain`. Second: end now.
  void stop();
  int workers() const { return static_cast<int>(workers_.size()); }

 private:
  void drain();
  Task<> drain_worker(Worker& worker);
  std::shared_ptr<Snapshot> snapshot_;
  Options options_;
  std::vector<std::unique_ptr<Worker>> workers_;
  std::vector<std::thread> threads_;
  Mutex lock_;
  std::condition_variable_any changed_;
  int stops_ BUSWAY_GUARDED_BY(lock_) = 0;
  std::size_t drained_ BUSWAY_GUARDED_BY(lock_) = 0;  // workers
};

}  // namespace busway
