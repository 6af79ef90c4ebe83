#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <unordered_map>
#include <vector>

#include "adapters/zmq/monitor.hpp"
#include "adapters/zmq/watch.hpp"

namespace busway::zmq {

// The connections that a listening socket has accepted. libzmq neither counts nor ends single ones; here they are known by the
// descriptors that its monitor tells of, and are ended by shutting those down, which to libzmq is a peer that has gone. On the
// worker that the socket belongs to.
class Connections {
 public:
  Connections(std::string listener, std::int64_t most) : listener_(std::move(listener)), most_(most) {}

  // Before the socket binds.
  Result<void> open(Socket& socket);
  // `bound`: the socket's last_endpoint().
  void serve(Worker& worker, const std::string& bound);

  std::size_t count() const { return open_.size(); }
  // Something is under way on it; ended as often as begun.
  void begin(int descriptor);
  void end(int descriptor);
  // Ends it; what it has sent and is still on its way through the library may yet come.
  void cut(int descriptor) const;
  // All on which nothing is under way, and whoever comes from now on. The others end when the socket unbinds, behind their
  // answers.
  void end_idle();
  // The listening descriptor has closed: nobody gets in any more.
  bool closed() const { return closed_; }
  void close();

  // Of a subscriber: topics that it has asked for. False when that were too many.
  bool subscribed(int descriptor, std::int64_t most);
  void unsubscribed(int descriptor);

 private:
  struct One {
    std::int64_t subscriptions = 0;
  };
  void look();
  bool busy(int descriptor) const;
  bool ours(int descriptor) const;

  std::string listener_;
  std::int64_t most_;
  std::optional<Monitor> monitor_;
  std::unique_ptr<Watch> watch_;
  std::unordered_map<int, One> open_;
  std::vector<std::uint32_t> busy_;  // by descriptor
  std::string path_;                 // of the listening socket, or its port
  std::uint16_t port_ = 0;
  bool ending_ = false;
  bool closed_ = false;
};

}  // namespace busway::zmq
