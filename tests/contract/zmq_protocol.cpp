#include <memory>

#include "tests/contract/protocol.hpp"
#include "tests/fakes/peer.hpp"

namespace busway::contract {

namespace {

// ZMTP 3.0 (RFC 23) without security, spoken by hand: a library would not break off where the suite wants it to.

enum FrameFlag : unsigned char { more = 1, is_long = 2, command = 4 };

std::string greeting(bool server) {
  std::string out("\xFF\0\0\0\0\0\0\0\0\x7F\x03\0NULL", 16);
  out.resize(64, '\0');
  if (server) out[32] = 1;
  return out;
}

std::string frame(unsigned char flags, const std::string& payload) {
  std::string out;
  if (payload.size() < 256) {
    out = {static_cast<char>(flags), static_cast<char>(payload.size())};
  } else {
    out = {static_cast<char>(flags | is_long),      0, 0, 0, 0, 0, 0, static_cast<char>(payload.size() >> 8),
           static_cast<char>(payload.size() & 0xFF)};
  }
  return out + payload;
}

std::string ready(const std::string& type) {
  std::string value = type;
  return frame(command, std::string("\5READY\13Socket-Type\0\0\0", 21) + static_cast<char>(value.size()) + value);
}

struct Got {
  unsigned char flags = 0;
  std::string payload;
};
// A whole frame; nothing at the end of the stream. What a cut one has had lands in `part`.
std::optional<Got> read_frame(int fd, std::string* part = nullptr, int patience_ms = 5000) {
  std::string head = fakes::receive(fd, 2, patience_ms);
  if (part != nullptr) *part = head;
  if (head.size() < 2) return std::nullopt;
  auto flags = static_cast<unsigned char>(head[0]);
  std::size_t size = static_cast<unsigned char>(head[1]);
  if ((flags & is_long) != 0) {
    std::string rest = fakes::receive(fd, 7, patience_ms);
    if (part != nullptr) *part += rest;
    if (rest.size() < 7) return std::nullopt;
    size = static_cast<std::size_t>(static_cast<unsigned char>(rest[5])) << 8 | static_cast<unsigned char>(rest[6]);
  }
  std::string payload = fakes::receive(fd, size, patience_ms);
  if (part != nullptr) *part += payload;
  if (payload.size() < size) return std::nullopt;
  return Got{flags, payload};
}

// The next message's last frame.
std::optional<std::string> read_message(int fd) {
  while (true) {
    auto got = read_frame(fd);
    if (!got) return std::nullopt;
    if ((got->flags & (command | more)) == 0) return got->payload;
  }
}

std::optional<std::string> text_in(const std::optional<std::string>& payload) {
  std::size_t at = payload ? payload->find("\"text\":\"") : std::string::npos;
  if (at == std::string::npos) return std::nullopt;
  return payload->substr(at + 8, payload->find('"', at + 8) - at - 8);
}

// Between the bus and a service of the suite: shakes hands as ROUTER, and takes the number of a call off it and puts it before
// the answer, which the service's end of the suite does not know. It hands on an answer as far as it has come.
void stand_between(int bus, std::uint16_t service) {
  fakes::send_all(bus, greeting(true) + ready("ROUTER"));
  if (fakes::receive(bus, 64).size() < 64 || !read_frame(bus)) return;
  int onward = fakes::connect_to(service);
  if (onward < 0) return;
  std::string last;  // call's number
  bool open = true;
  while (open) {
    pollfd both[] = {{.fd = bus, .events = POLLIN, .revents = 0}, {.fd = onward, .events = POLLIN, .revents = 0}};
    if (::poll(both, 2, 60'000) <= 0) break;
    if (both[0].revents != 0) {
      auto number = read_frame(bus);
      auto empty = read_frame(bus);
      auto body = read_frame(bus);
      open = number && empty && body && fakes::send_all(onward, frame(0, body->payload));
      if (!open) break;
      last = number->payload;
      // One call at a time on the suite's connections: now its answer, or the end.
      pollfd answer[] = {{.fd = onward, .events = POLLIN, .revents = 0}, {.fd = bus, .events = POLLIN, .revents = 0}};
      ::poll(answer, 2, 60'000);
      if (answer[0].revents == 0) continue;
      std::string part;
      bool whole = read_frame(onward, &part).has_value();
      open = fakes::send_all(bus, frame(more, last) + frame(more, "") + part) && whole;
    } else if (both[1].revents != 0) {
      open = read_frame(onward).has_value();  // an answer that nobody waits for any more, or the end
    }
  }
  ::close(onward);
}

bool somebody_listens(std::uint16_t port) {
  int fd = ::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
  sockaddr_in at{};
  at.sin_family = AF_INET;
  at.sin_port = htons(port);
  at.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  bool taken = ::bind(fd, reinterpret_cast<const sockaddr*>(&at), sizeof at) != 0;
  ::close(fd);
  return taken;
}

}  // namespace

Protocol zmq_protocol() {
  Protocol zmq;
  zmq.name = "zmq";
  zmq.listener = "{ zmq: { socket: rep, listen: 'tcp://127.0.0.1:0', max_message: 4KiB }, format: json }";
  zmq.from = [](const std::string& route) { return "{ zmq: messages, on: front, when: 'to = \"" + route + "\"' }"; };
  auto between = std::make_shared<std::unique_ptr<fakes::Peer>>();
  zmq.service = [between](const std::string& address) {
    std::string to = address;
    std::uint16_t port = fakes::port_of(address);
    between->reset();
    if (somebody_listens(port)) {
      *between = std::make_unique<fakes::Peer>([port](int fd) { stand_between(fd, port); });
      to = (*between)->address();
    }
    return "    zmq: { socket: dealer, endpoints: ['tcp://" + to + "'] }\n    format: json\n";
  };
  zmq.open = [](int fd) {
    fakes::send_all(fd, greeting(false) + ready("REQ"));
    fakes::receive(fd, 64);
    read_frame(fd);
  };
  zmq.request = [](const std::string& route, const std::string& text) {
    return frame(more, "") + frame(0, "{\"to\":\"" + route + "\",\"text\":\"" + text + "\"}");
  };
  zmq.read_reply = [](int fd) { return text_in(read_message(fd)); };
  zmq.refuses = [](const std::string& bytes) { return bytes.empty(); };  // the connection ends
  zmq.read_request = [](int fd) { return text_in(read_message(fd)); };
  zmq.answer = [](const std::string& text) { return frame(0, "{\"text\":\"" + text + "\"}"); };
  zmq.garbage = frame(0, "{][");
  return zmq;
}

}  // namespace busway::contract
