// Clients and workers of a ZeroMQ proxy (B13). They speak ZMTP 3.0 (RFC 23) by hand and in bulk, for libzmq at both ends would
// cost as much as the proxy between them and be what is measured.
//
//   bench_zmq_ends dealer|push SIZE CONNECTIONS WINDOW
//
// Prints the port of the worker: a ROUTER that gives back each message as it came, or a PULL. Then for each line `PORT SECONDS`
// of stdin CONNECTIONS clients connect to PORT and send messages of one frame, SIZE bytes long, for so long: a DEALER as many as
// WINDOW leaves without their answers, a PUSH as many as go. Every byte that arrives is compared. Prints JSON: messages and
// seconds.
#include <arpa/inet.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <deque>
#include <iostream>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace {

using Clock = std::chrono::steady_clock;
constexpr std::size_t piece = 256UL * 1024;

[[noreturn]] void die(const char* what) {
  std::fprintf(stderr, "%s: %s\n", what, std::strerror(errno));
  std::_Exit(1);
}

std::string handshake(std::string_view socket_type) {
  std::string all = std::string("\xFF\0\0\0\0\0\0\0\0\x7F\x03\0NULL", 16) + std::string(48, '\0');
  std::string ready =
      std::string("\5READY\13Socket-Type\0\0\0", 21) + static_cast<char>(socket_type.size()) + std::string(socket_type);
  return all + '\4' + static_cast<char>(ready.size()) + ready;
}

std::string on_the_wire(std::size_t size) {
  std::string message(1, size < 256 ? '\0' : '\2');
  for (int shift = size < 256 ? 0 : 56; shift >= 0; shift -= 8) message += static_cast<char>((size >> shift) & 0xFF);
  for (std::size_t i = 0; i < size; ++i) message += static_cast<char>('a' + i % 26);
  return message;
}

sockaddr_in loopback(int port) {
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_port = htons(static_cast<std::uint16_t>(port));
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  return address;
}

// One connection. What it receives behind the handshake is one message again and again, or anything (`compared` false).
struct Peer {
  explicit Peer(int made, std::string_view type) : descriptor(made), out(handshake(type)) {
    int on = 1;
    setsockopt(descriptor, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
  }

  // The greeting's 64 bytes and a READY; false as long as it is not whole.
  bool greeted(std::string_view& bytes) {
    if (ready) return true;
    greeting += bytes;
    bytes = {};
    if (greeting.size() < 66) return false;
    std::size_t end = 66 + static_cast<unsigned char>(greeting[65]);
    if (greeting.size() < end) return false;
    ready = true;
    behind_greeting = greeting.substr(end);
    bytes = behind_greeting;
    return true;
  }

  void flush() {
    while (sent < out.size()) {
      ssize_t done = ::send(descriptor, out.data() + sent, out.size() - sent, MSG_DONTWAIT | MSG_NOSIGNAL);
      if (done < 0 && errno == EAGAIN) return;
      if (done < 0) die("sending");
      sent += static_cast<std::size_t>(done);
    }
    out.clear();
    sent = 0;
  }

  int descriptor;
  std::string out;
  std::size_t sent = 0;
  std::string greeting;
  std::string behind_greeting;
  bool ready = false;
  std::size_t at = 0;  // bytes of the message that is being received
  std::size_t outstanding = 0;
};

class Ends {
 public:
  Ends(bool answered, std::size_t size, std::size_t connections, std::size_t window)
      : answered_(answered), connections_(connections), window_(window), wire_(on_the_wire(size)), buffer_(piece, '\0') {
    std::size_t copies = std::max<std::size_t>(1, piece / wire_.size()) + 1;
    for (std::size_t i = 0; i < copies; ++i) many_ += wire_;
    listening_ = ::socket(AF_INET, SOCK_STREAM, 0);
    sockaddr_in address = loopback(0);
    socklen_t length = sizeof address;
    if (bind(listening_, reinterpret_cast<sockaddr*>(&address), sizeof address) != 0 || listen(listening_, 64) != 0)
      die("listening");
    getsockname(listening_, reinterpret_cast<sockaddr*>(&address), &length);
    std::printf("%d\n", ntohs(address.sin_port));
    std::fflush(stdout);
  }

  void run(int port, double lasts) {
    for (std::size_t i = 0; i < connections_; ++i) {
      int made = ::socket(AF_INET, SOCK_STREAM, 0);
      sockaddr_in address = loopback(port);
      if (connect(made, reinterpret_cast<sockaddr*>(&address), sizeof address) != 0) die("connecting");
      clients_.emplace_back(made, answered_ ? "DEALER" : "PUSH");
    }
    sending_ = true;
    turns(0.3);  // it is warm then
    std::size_t all = std::exchange(count_, 0);
    auto began = Clock::now();
    turns(lasts);
    double took = std::chrono::duration<double>(Clock::now() - began).count();
    std::size_t counted = count_;
    all += counted;
    sending_ = false;
    // What is on its way comes; a message cut in half would end the proxy's connection to the worker.
    do {
      count_ = 0;
      turns(0.1);
      all += count_;
    } while (count_ > 0);
    for (Peer& client : clients_) close(client.descriptor);
    clients_.clear();
    std::printf("{\"failed\":0,\"requests\":%zu,\"seconds\":%.6f,\"all\":%zu}\n", counted, took, all);
    std::fflush(stdout);
  }

 private:
  void turns(double seconds) {
    auto until = Clock::now() + std::chrono::duration<double>(seconds);
    while (Clock::now() < until) turn();
  }

  void turn() {
    polled_.clear();
    polled_.push_back({listening_, POLLIN, 0});
    for (auto* peers : {&clients_, &workers_}) {
      for (Peer& peer : *peers) {
        bool wants = peer.sent < peer.out.size() || (peers == &clients_ && sending_ && !answered_);
        polled_.push_back({peer.descriptor, static_cast<short>(POLLIN | (wants ? POLLOUT : 0)), 0});
      }
    }
    if (::poll(polled_.data(), polled_.size(), 50) <= 0) return;
    std::size_t next = 1;
    for (Peer& client : clients_) serve_client(client, polled_[next++].revents);
    std::size_t accepted = polled_.size() - next;
    for (std::size_t i = 0, index = 0; i < accepted; ++i) index += serve_worker(workers_[index], polled_[next + i].revents);
    if ((polled_[0].revents & POLLIN) != 0)
      workers_.emplace_back(::accept(listening_, nullptr, nullptr), answered_ ? "ROUTER" : "PULL");
  }

  std::string_view receive(Peer& peer) {
    ssize_t got = ::recv(peer.descriptor, buffer_.data(), buffer_.size(), MSG_DONTWAIT);
    if (got < 0 && errno == EAGAIN) return {};
    if (got <= 0) return closed;
    return {buffer_.data(), static_cast<std::size_t>(got)};
  }

  // How many messages end in these bytes.
  std::size_t compared(Peer& peer, std::string_view bytes) const {
    std::size_t ended = 0;
    while (!bytes.empty()) {
      std::size_t part = std::min(bytes.size(), many_.size() - peer.at);
      if (std::memcmp(bytes.data(), many_.data() + peer.at, part) != 0) {
        std::fprintf(stderr, "other bytes came than were sent\n");
        std::_Exit(1);
      }
      ended += (peer.at + part) / wire_.size();
      peer.at = (peer.at + part) % wire_.size();
      bytes.remove_prefix(part);
    }
    return ended;
  }

  void serve_client(Peer& client, short ready) {
    if ((ready & (POLLIN | POLLHUP)) != 0) {
      std::string_view bytes = receive(client);
      if (bytes.data() == closed.data()) die("a client was cut off");
      if (client.greeted(bytes)) {
        std::size_t answers = compared(client, bytes);
        client.outstanding -= std::min(answers, client.outstanding);
        if (answered_) count_ += answers;
      }
    }
    client.flush();
    if (!client.ready || !sending_ || !client.out.empty()) return;
    std::size_t more = answered_ ? window_ - client.outstanding : piece / wire_.size() + 1;
    client.outstanding += more;
    for (std::size_t most = many_.size() / wire_.size(); more > 0;) {
      std::size_t now = std::min(more, most);
      client.out.append(many_, 0, now * wire_.size());
      more -= now;
    }
    client.flush();
  }

  // 0 when the peer has left, and is none any more.
  std::size_t serve_worker(Peer& worker, short ready) {
    if ((ready & (POLLIN | POLLHUP)) != 0) {
      std::string_view bytes = receive(worker);
      if (bytes.data() == closed.data()) {
        close(worker.descriptor);
        workers_.erase(std::find_if(workers_.begin(), workers_.end(), [&](Peer& one) { return &one == &worker; }));
        return 0;
      }
      if (worker.greeted(bytes)) {
        if (answered_) {
          worker.out += bytes;  // its frames are the answer's as they are
        } else {
          count_ += compared(worker, bytes);
        }
      }
    }
    worker.flush();
    return 1;
  }

  static constexpr std::string_view closed = "closed";
  bool answered_;
  std::size_t connections_;
  std::size_t window_;
  std::string wire_;
  std::string many_;
  std::string buffer_;
  int listening_ = -1;
  std::deque<Peer> clients_;
  std::deque<Peer> workers_;
  std::vector<pollfd> polled_;
  bool sending_ = false;
  std::size_t count_ = 0;
};

}  // namespace

int main(int argc, char** argv) {
  if (argc != 5) return 2;
  auto number = [&](int index) { return static_cast<std::size_t>(std::atol(argv[index])); };
  Ends ends(std::string_view(argv[1]) == "dealer", number(2), number(3), number(4));
  int port = 0;
  double seconds = 0;
  while (std::cin >> port >> seconds) ends.run(port, seconds);
  return 0;
}
