#pragma once

#include <memory>
#include <string>
#include <vector>

#include "bus/socket.hpp"
#include "bus/worker.hpp"

namespace busway {

// One coroutine's wait for a name. The fields are written on its own worker, before the gate opens.
struct Lookup {
  Lookup(Worker& worker, std::string name) : host(std::move(name)), mailbox(worker.mailbox()), gate(worker) {}
  const std::string host;
  const std::shared_ptr<Worker::Mailbox> mailbox;
  Gate gate;
  bool done = false;
  std::vector<Address> found;
  std::string problem;
};

// Looks names up on threads of its own, since getaddrinfo blocks, for as long as name servers please. One look-up a name is under
// way at a time, however many wait for it, and each busy thread makes room for another: a name whose server hangs holds up nobody
// who asks for a different one, until `most_threads` of them hang. What was found is kept for five seconds. Safe from any thread.
class Resolver {
 public:
  static constexpr std::size_t most_threads = 16;
  static constexpr std::size_t most_waiting = 1024;  // for one name

  Resolver();
  // Joins the threads that are idle. One within getaddrinfo cannot be woken; it is let go and ends with the process.
  ~Resolver();
  Resolver(const Resolver&) = delete;
  Resolver& operator=(const Resolver&) = delete;

  // What was found less than five seconds ago.
  bool known(const std::string& host, std::vector<Address>& out);
  // Opens the gate when the name is found, or found not to exist. False: too many wait for it.
  bool ask(const std::shared_ptr<Lookup>& lookup);

 private:
  class Names;
  std::shared_ptr<Names> names_;  // shared with threads that were let go
};

Resolver& resolver();

}  // namespace busway
