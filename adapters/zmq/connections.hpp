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
  // `most_unread`: bytes that one may send without a message coming of them, for the library gathers the frames of a message
  // without a bound of its own.
  Connections(std::string listener, std::int64_t most, std::uint64_t most_unread)
      : listener_(std::move(listener)), most_(most), most_unread_(most_unread) {}

  // Before the socket binds.
  Result<void> open(Socket& socket);
  // `bound`: the socket's last_endpoint().
  void serve(Worker& worker, const std::string& bound);

  std::size_t count() const { return open_.size(); }
  // A message has come over it.
  void received(int descriptor);
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
    std::uint32_t messages = 0;  // as it was when
    std::uint64_t bytes = 0;     // so many had come
  };
  struct Use {
    std::uint32_t busy = 0;
    std::uint32_t messages = 0;
  };
  Task<> watch_unread(Worker& worker);
  bool reads_on(int descriptor, One& one) const;
  Use& use_of(int descriptor);
  void look();
  bool busy(int descriptor) const;
  bool ours(int descriptor) const;

  std::string listener_;
  std::int64_t most_;
  std::uint64_t most_unread_;
  std::optional<Monitor> monitor_;
  std::unique_ptr<Watch> watch_;
  std::unordered_map<int, One> open_;
  std::vector<Use> uses_;  // by descriptor
  std::string path_;       // of the listening socket, or its port
  std::uint16_t port_ = 0;
  bool ending_ = false;
  bool closed_ = false;
  bool over_ = false;
};

}  // namespace busway::zmq
