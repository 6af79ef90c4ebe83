#pragma once

#include <chrono>
#include <cstdint>
#include <functional>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "bus/error.hpp"
#include "plugins/process/connections.hpp"

namespace busway::plugins {

// ZeroMQ, as far as it is needed; the one place that includes it. Used by one thread.

// The library's own thread; made at first use of a Router, and it outlives them all.
class RouterContext {
 public:
  RouterContext();
  ~RouterContext();
  RouterContext(const RouterContext&) = delete;
  RouterContext& operator=(const RouterContext&) = delete;
  void* get() const { return context_; }

 private:
  void* context_;
};

// A ROUTER socket, bound for one launch of a plugin: it refuses to send to who is not there, holds a bounded number of messages
// each way, and drops whoever sends a larger frame than the protocol allows.
class Router {
 public:
  // `endpoint` as ZeroMQ writes it: "ipc:///run/x.sock". `prepare` is of one that strangers may reach: it is given the library's
  // socket before it is bound, and the connections are bounded. Errors: kind `config`.
  using Prepare = std::function<Result<void>(void* socket)>;
  static Result<std::unique_ptr<Router>> bind(RouterContext& context, const std::string& endpoint, std::size_t most_frame,
                                              const Prepare& prepare = nullptr);
  ~Router();
  Router(const Router&) = delete;
  Router& operator=(const Router&) = delete;

  enum class Sent : std::uint8_t { yes, no_room, gone };
  Sent send(std::string_view peer, std::string_view head, const std::string_view* payload);

  // The next message, if there is one: views that hold until the next call. Of more than `most_frames` the rest is dropped, and
  // one more stands in `frames` to show it.
  struct Received {
    std::string_view peer;
    std::vector<std::string_view> frames;
  };
  bool receive(Received& out);

  // Where it is bound, with the port that the system has chosen; empty when the library does not say.
  std::string last_endpoint() const;
  bool readable() const;
  // Tells when readable() may have changed, once each time; the socket's own.
  int descriptor() const;
  static constexpr std::size_t most_frames = 2;

  // Of one whose connections are bounded; nothing, and -1, of others. Whoever waits for the descriptor looks.
  int connections_descriptor() const { return connections_ == nullptr ? -1 : connections_->descriptor(); }
  void look_at_connections();
  // That of the last message: it is not ended to make room; or it is, now.
  void keep_connection();
  void end_connection();

 private:
  explicit Router(void* socket);
  struct Frames;
  void* socket_;
  std::unique_ptr<Frames> frames_;
  std::unique_ptr<Connections> connections_;
  std::uint16_t port_ = 0;
};

// Waits for sockets and descriptors at once. A socket is also told to be readable when another one is.
class RouterPoll {
 public:
  RouterPoll();
  ~RouterPoll();
  RouterPoll(const RouterPoll&) = delete;
  RouterPoll& operator=(const RouterPoll&) = delete;
  void clear();
  // Their index. `wakes`: the wait ends when something comes for it; else only ask() sees that.
  std::size_t add(const Router& router, bool wakes = true);
  std::size_t add(int fd);
  // Asks the sockets: whoever uses them has to be done by then.
  void ask();
  // Uses none of them.
  void wait(std::chrono::milliseconds most);
  bool readable(std::size_t index) const;

 private:
  struct Items;
  std::unique_ptr<Items> items_;
};

}  // namespace busway::plugins
