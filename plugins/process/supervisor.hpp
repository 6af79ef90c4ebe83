#pragma once

#include <functional>
#include <memory>
#include <string>
#include <thread>
#include <vector>

#include "bus/format.hpp"
#include "bus/mutex.hpp"
#include "plugins/process/process.hpp"

namespace busway::plugins {

// Keeps the plugins' processes: one thread that starts, hears and ends them. Workers hand messages over and are woken with the
// answers. While the thread waits for something to happen, a worker sends its message itself, and the first that does reads the
// answers, too, which spares all a wake-up; it never waits for the thread. The thread begins with the first start() or submit(),
// and the destructor ends it and the processes.
class Supervisor final : public std::enable_shared_from_this<Supervisor> {
 public:
  Supervisor() = default;
  Supervisor(const Supervisor&) = delete;
  Supervisor& operator=(const Supervisor&) = delete;
  ~Supervisor();

  // While bundles are loaded, by one thread. The supervisor keeps it. `json` reads what it says.
  Process& add(Manifest manifest, FormatPtr json);
  const std::vector<std::unique_ptr<Process>>& processes() const { return processes_; }

  // Starts the processes that a route uses, and waits until each is ready, has failed to start, or has taken longer than it may.
  void start();

  // Any thread. False: too much waits for it already. The call may be answered before this returns.
  bool submit(Process& process, std::shared_ptr<Call> call);
  // Any thread: what needs no room.
  void post(Process& process, Posted posted);

 private:
  struct Hint {
    Process* process = nullptr;
    Posted posted;
  };
  void begin_thread() BUSWAY_REQUIRES(lock_);
  void wake() const;
  bool send_now(Process& process, std::shared_ptr<Call>& call);
  void read_now(Process& process);
  std::shared_ptr<RouterWatch> watcher_of(Process& process, Worker& worker) BUSWAY_REQUIRES(turn_);
  void see_to(const Process& process) BUSWAY_REQUIRES(turn_);
  void run();
  bool take_posted(std::vector<Hint>& into, bool woken);
  void tell_start();

  std::vector<std::unique_ptr<Process>> processes_;
  Mutex lock_;
  std::condition_variable_any changed_;
  Mutex turn_;                                    // the processes: the thread's, but for its waits
  TimePoint next_work_ BUSWAY_GUARDED_BY(turn_);  // until then it waits

  std::vector<Hint> posted_ BUSWAY_GUARDED_BY(lock_);
  bool stop_ BUSWAY_GUARDED_BY(lock_) = false;
  bool starting_ BUSWAY_GUARDED_BY(lock_) = false;  // start() waits
  int event_ = -1;
  std::thread thread_;
  std::string directory_;  // the thread's
};

}  // namespace busway::plugins
