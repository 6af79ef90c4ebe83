#pragma once

#include <map>
#include <memory>
#include <set>
#include <string>
#include <thread>
#include <vector>

#include "bus/error.hpp"
#include "bus/mutex.hpp"

namespace busway::curve {

// Answers the library's question whether the owner of a key may connect (ZAP, RFC 27), on a thread of its own, which ends when
// the context is shut down (zmq_ctx_shutdown). Who connects to a socket without a list of clients is let in. allow() from any
// thread.
class Doorkeeper {
 public:
  // `context` is one of libzmq, with one doorkeeper at most. Errors: kind `config`.
  static Result<std::unique_ptr<Doorkeeper>> make(void* context);
  ~Doorkeeper();
  Doorkeeper(const Doorkeeper&) = delete;
  Doorkeeper& operator=(const Doorkeeper&) = delete;

  // Replaces the list. `keys` in Z85. Errors: kind `config`.
  Result<void> allow(const std::string& list, const std::vector<std::string>& keys);

 private:
  struct Door;
  explicit Doorkeeper(std::unique_ptr<Door> door);
  void answer_all();
  bool may_enter(const std::string& list, const std::string& mechanism, const std::string& key);

  std::unique_ptr<Door> door_;
  Mutex lock_;
  std::map<std::string, std::set<std::string>> lists_ BUSWAY_GUARDED_BY(lock_);  // keys as bytes
  std::thread thread_;
};

}  // namespace busway::curve
