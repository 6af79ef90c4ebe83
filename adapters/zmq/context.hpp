#pragma once

#include <memory>
#include <string>
#include <vector>

#include "bus/error.hpp"

namespace zmq {
class context_t;
}

namespace busway::curve {
class Doorkeeper;
}

namespace busway::zmq {

// The library's own threads: one that reads and writes for all sockets of the process. Made with the first socket, gone with the
// last one and what that still had to send. Safe from any thread.
class Context {
 public:
  static std::shared_ptr<Context> shared();
  Context();
  ~Context();
  Context(const Context&) = delete;
  Context& operator=(const Context&) = delete;
  ::zmq::context_t& library() { return *library_; }

  // Who may connect to sockets whose list of clients has this name: `keys` are public keys in Z85. Errors: kind `config`.
  Result<void> allow(const std::string& list, const std::vector<std::string>& keys);

 private:
  std::unique_ptr<::zmq::context_t> library_;
  std::unique_ptr<curve::Doorkeeper> doorkeeper_;  // made with the first list; under the lock of shared()
};

}  // namespace busway::zmq
