#include "plugins/process/router.hpp"

#include <poll.h>
#include <zmq.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <chrono>
#include <cstdlib>

namespace busway::plugins {

namespace {

constexpr int high_water_mark = 64;  // messages each way

bool set(void* socket, int option, int value) {
  return ::zmq_setsockopt(socket, option, &value, sizeof value) == 0;
}

// 0 of an address without one.
std::uint16_t port_of(const std::string& endpoint) {
  return static_cast<std::uint16_t>(std::atoi(endpoint.c_str() + endpoint.rfind(':') + 1));
}

}  // namespace

RouterContext::RouterContext() : context_(::zmq_ctx_new()) {}

RouterContext::~RouterContext() {
  while (::zmq_ctx_term(context_) != 0 && errno == EINTR) {
  }
}

std::string Router::last_endpoint() const {
  char bound[256] = {};
  std::size_t size = sizeof bound;
  return ::zmq_getsockopt(socket_, ZMQ_LAST_ENDPOINT, bound, &size) == 0 ? bound : "";
}

int Router::descriptor() const {
  int fd = -1;
  std::size_t size = sizeof fd;
  return ::zmq_getsockopt(socket_, ZMQ_FD, &fd, &size) == 0 ? fd : -1;
}

bool Router::readable() const {
  int events = 0;
  std::size_t size = sizeof events;
  return ::zmq_getsockopt(socket_, ZMQ_EVENTS, &events, &size) == 0 && (events & ZMQ_POLLIN) != 0;
}

struct Router::Frames {
  std::array<zmq_msg_t, most_frames + 1> kept;  // the peer's name and what is behind it
  Frames() {
    for (zmq_msg_t& one : kept) ::zmq_msg_init(&one);
  }
  ~Frames() {
    for (zmq_msg_t& one : kept) ::zmq_msg_close(&one);
  }
  Frames(const Frames&) = delete;
  Frames& operator=(const Frames&) = delete;
};

Router::Router(void* socket) : socket_(socket), frames_(std::make_unique<Frames>()) {}

Router::~Router() {
  connections_.reset();
  ::zmq_close(socket_);
}

Result<std::unique_ptr<Router>> Router::bind(RouterContext& context, const std::string& endpoint, std::size_t most_frame,
                                             const Prepare& prepare) {
  void* socket = ::zmq_socket(context.get(), ZMQ_ROUTER);
  if (socket == nullptr) return fail(ErrorKind::config, std::string("making a socket for the plugin: ") + ::zmq_strerror(errno));
  std::unique_ptr<Router> made(new Router(socket));
  auto most = static_cast<std::int64_t>(most_frame);
  constexpr int linger_ms = 200;  // for a last word
  constexpr int handshake_ms = 2000;
  bool good = set(socket, ZMQ_ROUTER_MANDATORY, 1) && set(socket, ZMQ_SNDHWM, high_water_mark) &&
              set(socket, ZMQ_RCVHWM, high_water_mark) && set(socket, ZMQ_LINGER, linger_ms) &&
              set(socket, ZMQ_HANDSHAKE_IVL, handshake_ms) && set(socket, ZMQ_BACKLOG, 8) &&
              ::zmq_setsockopt(socket, ZMQ_MAXMSGSIZE, &most, sizeof most) == 0;
  if (good && prepare) {
    if (auto prepared = prepare(socket); !prepared) return std::unexpected(std::move(prepared.error()));
    auto connections = Connections::of(context.get(), socket);
    if (!connections) return std::unexpected(std::move(connections.error()));
    made->connections_ = std::move(*connections);
  }
  good = good && ::zmq_bind(socket, endpoint.c_str()) == 0;
  if (!good) return fail(ErrorKind::config, "opening " + endpoint + " for the plugin: " + ::zmq_strerror(errno));
  if (prepare) made->port_ = port_of(made->last_endpoint());
  return made;
}

Router::Sent Router::send(std::string_view peer, std::string_view head, const std::string_view* payload) {
  auto part = [&](std::string_view bytes, bool more) {
    int sent = -1;
    do {
      sent = ::zmq_send(socket_, bytes.data(), bytes.size(), ZMQ_DONTWAIT | (more ? ZMQ_SNDMORE : 0));
    } while (sent < 0 && errno == EINTR);
    return sent >= 0;
  };
  // The first part alone is refused; those behind it are then taken without asking for room.
  if (!part(peer, true)) return errno == EAGAIN ? Sent::no_room : Sent::gone;
  if (!part(head, payload != nullptr) || (payload != nullptr && !part(*payload, false))) return Sent::gone;
  return Sent::yes;
}

bool Router::receive(Received& out) {
  out.frames.clear();
  std::size_t index = 0;
  bool more = true;
  zmq_msg_t rest;
  ::zmq_msg_init(&rest);
  while (more) {
    zmq_msg_t& into = index < frames_->kept.size() ? frames_->kept[index] : rest;
    int got = ::zmq_msg_recv(&into, socket_, ZMQ_DONTWAIT);
    if (got < 0 && errno == EINTR) continue;
    if (got < 0) break;
    std::string_view bytes(static_cast<const char*>(::zmq_msg_data(&into)), ::zmq_msg_size(&into));
    more = ::zmq_msg_more(&into) != 0;
    if (index == 0) {
      out.peer = bytes;
    } else if (index < frames_->kept.size()) {
      out.frames.push_back(bytes);
    } else if (out.frames.size() == most_frames) {
      out.frames.emplace_back();
    }
    ++index;
  }
  ::zmq_msg_close(&rest);
  return index > 0;
}

void Router::look_at_connections() {
  if (connections_ != nullptr) connections_->look(port_);
}

// The first frame is the peer's name, which the library makes: it came over no connection.
void Router::keep_connection() {
  if (connections_ != nullptr) connections_->keep(::zmq_msg_get(&frames_->kept[1], ZMQ_SRCFD), port_);
}

void Router::end_connection() {
  if (connections_ != nullptr) connections_->end(::zmq_msg_get(&frames_->kept[1], ZMQ_SRCFD), port_);
}

struct RouterPoll::Items {
  std::vector<pollfd> all;
  std::vector<const Router*> routers;  // null for a descriptor of its own
  bool there = false;
};

RouterPoll::RouterPoll() : items_(std::make_unique<Items>()) {}
RouterPoll::~RouterPoll() = default;

void RouterPoll::clear() {
  items_->all.clear();
  items_->routers.clear();
}

std::size_t RouterPoll::add(const Router& router, bool wakes) {
  constexpr int none = -1;  // is passed over by poll()
  items_->routers.push_back(&router);
  items_->all.push_back({.fd = wakes ? router.descriptor() : none, .events = POLLIN, .revents = 0});
  return items_->all.size() - 1;
}

std::size_t RouterPoll::add(int fd) {
  items_->routers.push_back(nullptr);
  items_->all.push_back({.fd = fd, .events = POLLIN, .revents = 0});
  return items_->all.size() - 1;
}

// A socket's descriptor tells of a change once, and sending takes notice of it, too: each socket is asked before the wait, which
// is what zmq_poll() does, at twice the system calls.
void RouterPoll::ask() {
  items_->there = std::any_of(items_->routers.begin(), items_->routers.end(),
                              [](const Router* router) { return router != nullptr && router->readable(); });
}

void RouterPoll::wait(std::chrono::milliseconds most) {
  Items& items = *items_;
  int changed = ::poll(items.all.data(), items.all.size(), items.there ? 0 : static_cast<int>(most.count()));
  for (std::size_t i = 0; i < items.all.size(); ++i) {
    if (changed <= 0) items.all[i].revents = 0;
    if (items.there && items.routers[i] != nullptr) items.all[i].revents |= POLLIN;
  }
}

bool RouterPoll::readable(std::size_t index) const {
  return items_->all[index].revents != 0;
}

}  // namespace busway::plugins
