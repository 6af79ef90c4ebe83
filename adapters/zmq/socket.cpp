#include "adapters/zmq/socket.hpp"

#include <fcntl.h>
#include <unistd.h>

#include <utility>
#include <vector>
#include <zmq.hpp>

#include "adapters/zmq/context.hpp"

namespace busway::zmq {

// ---- frames ----

// The library's messages, at least as many as there are frames; those behind are empty. A short one lies in the message itself.
struct Frames::Storage {
  std::vector<::zmq::message_t> frames;
  std::string_view view(std::size_t index) const {
    return {static_cast<const char*>(frames[index].data()), frames[index].size()};
  }
};

Frames::Frames() : storage_(std::make_unique<Storage>()) {}
Frames::Frames(Frames&&) noexcept = default;
Frames& Frames::operator=(Frames&&) noexcept = default;
Frames::~Frames() = default;

int Frames::descriptor() const {
  if (views_.empty()) return -1;
  // Of a router the first frame is made by the library and came over no connection.
  auto* frame = const_cast<::zmq::message_t&>(storage_->frames[size() - 1]).handle();
  return ::zmq_msg_get(frame, ZMQ_SRCFD);
}

std::string_view Frames::peer() const {
  if (views_.empty()) return {};
  auto* frame = const_cast<::zmq::message_t&>(storage_->frames[size() - 1]).handle();
  const char* text = ::zmq_msg_gets(frame, "Peer-Address");
  return text == nullptr ? std::string_view() : std::string_view(text);
}

void Frames::clear() {
  constexpr std::size_t most_kept = 8;
  for (std::size_t i = 0; i < size(); ++i) storage_->frames[i].rebuild();
  views_.clear();
  if (storage_->frames.size() > most_kept) *this = Frames();
}

// ---- sockets ----

struct Socket::Library {
  std::shared_ptr<Context> context;
  ::zmq::socket_t socket;
  ::zmq::message_t dropped;
  ::zmq::message_t shared;
  std::size_t max_message = 0;
};

Socket::Socket(std::unique_ptr<Library> library) : library_(std::move(library)) {}
Socket::Socket(Socket&&) noexcept = default;
Socket& Socket::operator=(Socket&&) noexcept = default;
Socket::~Socket() = default;

namespace {

constexpr int handshake_ms = 5000;
constexpr int connect_ms = 5000;
constexpr int reconnect_ms = 100;
constexpr int reconnect_most_ms = 2000;
constexpr int keep_alive_idle_s = 60;
constexpr int most_subscription_bytes = 1024;  // what a subscriber may send: topics

int library_type(Wire wire) {
  switch (wire) {
    case Wire::router: return ZMQ_ROUTER;
    case Wire::dealer: return ZMQ_DEALER;
    case Wire::pull: return ZMQ_PULL;
    case Wire::push: return ZMQ_PUSH;
    case Wire::sub: return ZMQ_SUB;
    case Wire::pub: return ZMQ_XPUB;
  }
  return ZMQ_DEALER;
}

void set_options(::zmq::socket_t& socket, const SocketOptions& options) {
  namespace opt = ::zmq::sockopt;
  socket.set(opt::linger, Socket::linger_ms);
  socket.set(opt::ipv6, options.ipv6);
  socket.set(opt::sndhwm, options.queue);
  socket.set(opt::rcvhwm, options.queue);
  socket.set(opt::maxmsgsize,
             options.wire == Wire::pub ? most_subscription_bytes : static_cast<std::int64_t>(options.max_message));
  socket.set(opt::handshake_ivl, handshake_ms);
  socket.set(opt::connect_timeout, connect_ms);
  socket.set(opt::immediate, true);  // what cannot go out yet is not taken
  socket.set(opt::reconnect_ivl, options.reconnects ? reconnect_ms : -1);
  if (options.reconnects) socket.set(opt::reconnect_ivl_max, reconnect_most_ms);
  socket.set(opt::tcp_keepalive, 1);
  socket.set(opt::tcp_keepalive_idle, keep_alive_idle_s);
  if (options.wire == Wire::router) socket.set(opt::router_mandatory, true);
  if (options.wire == Wire::pub) {
    socket.set(opt::xpub_nodrop, true);
    socket.set(opt::xpub_verboser, true);
  }
  if (!options.curve) return;
  socket.set(opt::curve_secretkey, options.curve->secret_key.expose());
  if (options.curve->server_key.empty()) {
    socket.set(opt::curve_server, true);
    if (!options.curve->allowed_clients.empty()) socket.set(opt::zap_domain, options.curve->allowed_clients);
    return;
  }
  char made[41] = {};
  if (::zmq_curve_public(made, options.curve->secret_key.expose().c_str()) != 0) throw ::zmq::error_t();
  socket.set(opt::curve_publickey, std::string_view(made));
  socket.set(opt::curve_serverkey, options.curve->server_key);
}

}  // namespace

Result<Socket> Socket::make(const SocketOptions& options) {
  try {
    auto library = std::make_unique<Library>();
    library->context = options.own_thread ? std::make_shared<Context>() : Context::shared();
    library->socket = ::zmq::socket_t(library->context->library(), library_type(options.wire));
    library->max_message = options.max_message;
    set_options(library->socket, options);
    return Socket(std::move(library));
  } catch (const ::zmq::error_t& error) {
    return fail(ErrorKind::config, std::string("making a ZeroMQ socket: ") + error.what());
  }
}

Result<void> Socket::bind(const std::string& endpoint) {
  try {
    library_->socket.bind(endpoint);
    return {};
  } catch (const ::zmq::error_t& error) {
    return fail(ErrorKind::config, "listening on " + endpoint + ": " + error.what(), "BW5002");
  }
}

Result<void> Socket::connect(const std::string& endpoint) {
  try {
    library_->socket.connect(endpoint);
    return {};
  } catch (const ::zmq::error_t& error) {
    return fail(ErrorKind::not_sent, "connecting to " + endpoint + ": " + error.what());
  }
}

void Socket::disconnect(const std::string& endpoint) {
  ::zmq_disconnect(library_->socket.handle(), endpoint.c_str());
}

void Socket::unbind(const std::string& endpoint) {
  ::zmq_unbind(library_->socket.handle(), endpoint.c_str());
}

Result<void> Socket::subscribe(std::string_view topic) {
  try {
    library_->socket.set(::zmq::sockopt::subscribe, topic);
    return {};
  } catch (const ::zmq::error_t& error) {
    return fail(ErrorKind::config, std::string("subscribing: ") + error.what());
  }
}

std::string Socket::last_endpoint() const {
  return library_->socket.get(::zmq::sockopt::last_endpoint);
}

void Socket::close() {
  library_->socket.close();
}

int Socket::watched_descriptor() const {
  return ::fcntl(library_->socket.get(::zmq::sockopt::fd), F_DUPFD_CLOEXEC, 0);
}

void* Socket::raw() const {
  return library_->socket.handle();
}

const std::shared_ptr<Context>& Socket::context() const {
  return library_->context;
}

// What the frames held is let go as they are received into.
Socket::Got Socket::receive(Frames& out) {
  std::vector<::zmq::message_t>& frames = out.storage_->frames;
  std::vector<std::string_view>& views = out.views_;
  const std::size_t before = views.size();
  views.clear();
  std::size_t bytes = 0;
  bool fits = true;
  bool more = true;
  while (more) {
    if (fits && frames.size() == views.size()) {
      frames.emplace_back();
      for (std::size_t i = 0; i < views.size(); ++i) views[i] = out.storage_->view(i);  // they may have moved
    }
    ::zmq::message_t& into = fits ? frames[views.size()] : library_->dropped;
    int got = ::zmq_msg_recv(into.handle(), library_->socket.handle(), ZMQ_DONTWAIT);
    if (got < 0 && errno == EINTR) continue;
    if (got < 0) break;  // before the first frame: a message comes whole
    more = into.more();
    if (!fits) continue;
    auto size = static_cast<std::size_t>(got);
    bytes += size;
    fits = bytes <= library_->max_message && views.size() < most_frames;
    if (fits) {
      views.emplace_back(static_cast<const char*>(into.data()), size);
    } else {
      into.rebuild();
    }
  }
  for (std::size_t i = views.size(); i < before; ++i) frames[i].rebuild();
  if (!fits) {
    library_->dropped.rebuild();
    return Got::too_large;
  }
  return views.empty() ? Got::none : Got::message;
}

namespace {

// `send_one(index, flags)` sends a frame and says -1 when it is not sent.
template <class F>
Socket::Sent send_all(std::size_t count, F send_one) {
  for (std::size_t i = 0; i < count; ++i) {
    int flags = ZMQ_DONTWAIT | (i + 1 < count ? ZMQ_SNDMORE : 0);
    int sent = -1;
    do {
      sent = send_one(i, flags);
    } while (sent < 0 && errno == EINTR);
    if (sent >= 0) continue;
    // The first frame alone is refused for want of room; those behind it are then taken, or dropped with their peer.
    return i == 0 && errno == EAGAIN ? Socket::Sent::full : Socket::Sent::gone;
  }
  return Socket::Sent::yes;
}

int send_bytes(void* socket, std::string_view bytes, int flags) {
  return ::zmq_send(socket, bytes.data(), bytes.size(), flags);
}

// Those of ZMTP (RFC 23, 37) begin with their name, which the library knows to be short.
bool reads_like_a_command(std::string_view frame) {
  constexpr std::size_t longest_name = 16;
  std::size_t name = frame.empty() ? 0 : static_cast<unsigned char>(frame.front());
  if (name == 0 || name > longest_name || name >= frame.size()) return false;
  std::string_view letters = frame.substr(1, name);
  return std::all_of(letters.begin(), letters.end(), [](char c) { return (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z'); });
}

// A frame that was received. The library hands over commands for subscriptions as frames, does not say that they are, and would
// send them as commands, in the midst of a message: what may be one goes out as the bytes of a frame.
int send_received(void* socket, ::zmq::message_t& frame, std::string_view bytes, int flags) {
  if (!reads_like_a_command(bytes)) return ::zmq_msg_send(frame.handle(), socket, flags);
  int sent = send_bytes(socket, bytes, flags);
  if (sent >= 0) frame.rebuild();
  return sent;
}

}  // namespace

Socket::Sent Socket::send(std::span<const std::string_view> frames) {
  void* socket = library_->socket.handle();
  return send_all(frames.size(), [&](std::size_t i, int flags) { return send_bytes(socket, frames[i], flags); });
}

bool Socket::has_room() const {
  return (library_->socket.get(::zmq::sockopt::events) & ZMQ_POLLOUT) != 0;
}

Socket::Sent Socket::pass_on(Frames& message) {
  void* socket = library_->socket.handle();
  Sent sent = send_all(message.size(), [&](std::size_t i, int flags) {
    return send_received(socket, message.storage_->frames[i], message[i], flags);
  });
  if (sent == Sent::yes) message.views_.clear();
  return sent;
}

Socket::Sent Socket::pass_on(Frames& message, std::size_t count, Frames& other) {
  void* socket = library_->socket.handle();
  ::zmq::message_t& last = other.storage_->frames[other.size() - 1];
  Sent sent = send_all(count + 1, [&](std::size_t i, int flags) {
    if (i < count) return send_received(socket, message.storage_->frames[i], message[i], flags);
    return send_received(socket, last, other[other.size() - 1], flags);
  });
  if (sent != Sent::yes) return sent;
  for (std::size_t i = count; i < message.size(); ++i) message.storage_->frames[i].rebuild();
  message.views_.clear();
  other.views_.back() = {};
  return sent;
}

Socket::Sent Socket::share(std::span<const std::string_view> front, const Frames& message, std::size_t index) {
  void* socket = library_->socket.handle();
  return send_all(front.size() + 1, [&](std::size_t i, int flags) {
    if (i < front.size()) return send_bytes(socket, front[i], flags);
    if (reads_like_a_command(message[index])) return send_bytes(socket, message[index], flags);
    if (::zmq_msg_copy(library_->shared.handle(), message.storage_->frames[index].handle()) != 0) return -1;
    return ::zmq_msg_send(library_->shared.handle(), socket, flags);
  });
}

}  // namespace busway::zmq
