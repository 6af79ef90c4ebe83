#include "adapters/curve/doorkeeper.hpp"

#include <utility>
#include <zmq.hpp>

#include "bus/log.hpp"

namespace busway::curve {

struct Doorkeeper::Door {
  ::zmq::socket_ref socket;
  ~Door() {
    if (socket) ::zmq_close(socket.handle());
  }
};

Result<std::unique_ptr<Doorkeeper>> Doorkeeper::make(void* context) {
  try {
    auto door = std::make_unique<Door>();
    void* socket = ::zmq_socket(context, ZMQ_REP);
    if (socket == nullptr) throw ::zmq::error_t();
    door->socket = ::zmq::socket_ref(::zmq::from_handle, socket);
    door->socket.set(::zmq::sockopt::linger, 0);
    door->socket.bind("inproc://zeromq.zap.01");
    return std::unique_ptr<Doorkeeper>(new Doorkeeper(std::move(door)));
  } catch (const ::zmq::error_t& error) {
    return fail(ErrorKind::config, std::string("guarding ZeroMQ sockets by keys: ") + error.what());
  }
}

Doorkeeper::Doorkeeper(std::unique_ptr<Door> door) : door_(std::move(door)), thread_([this] { answer_all(); }) {}

Doorkeeper::~Doorkeeper() {
  thread_.join();
}

Result<void> Doorkeeper::allow(const std::string& list, const std::vector<std::string>& keys) {
  std::set<std::string> bytes;
  for (const std::string& key : keys) {
    std::uint8_t raw[32];
    if (key.size() != 40 || ::zmq_z85_decode(raw, key.c_str()) == nullptr)
      return fail(ErrorKind::config, "'" + key + "' among the clients of " + list + " is no CURVE key");
    bytes.emplace(reinterpret_cast<const char*>(raw), sizeof raw);
  }
  Lock lock(lock_);
  lists_[list] = std::move(bytes);
  return {};
}

bool Doorkeeper::may_enter(const std::string& list, const std::string& mechanism, const std::string& key) {
  if (list.empty()) return true;
  Lock lock(lock_);
  auto found = lists_.find(list);
  return mechanism == "CURVE" && found != lists_.end() && found->second.contains(key);
}

// Version, request, list, address, name, mechanism, key; answered by version, request, status, text, user, metadata.
void Doorkeeper::answer_all() {
  try {
    while (true) {
      std::vector<std::string> asked;
      ::zmq::message_t frame;
      do {
        if (!door_->socket.recv(frame)) continue;
        asked.push_back(frame.to_string());
      } while (frame.more());
      asked.resize(7);
      bool good = may_enter(asked[2], asked[5], asked[6]);
      if (!good) log().warn("A client whose key is not listed was refused.", {{"socket", asked[2]}, {"peer", asked[3]}});
      for (const std::string& part :
           {asked[0], asked[1], std::string(good ? "200" : "400"), std::string(good ? "OK" : "No"), std::string()})
        door_->socket.send(::zmq::buffer(part), ::zmq::send_flags::sndmore);
      door_->socket.send(::zmq::buffer(std::string()), ::zmq::send_flags::none);
    }
  } catch (const ::zmq::error_t&) {  // the context is shut down
  }
  ::zmq_close(std::exchange(door_->socket, ::zmq::socket_ref()).handle());
}

}  // namespace busway::curve
