// The system behind the proxies of ./dev bench, on one thread:
//
//   bench_backend http ANSWER_FILE CONTENT_TYPE [TEXT]   answers every HTTP/1.1 request with the file's bytes, keep-alive
//   bench_backend echo                                   sends back what it receives: framed request-reply and raw streams
//
// A request whose body does not hold TEXT is answered 400, which voids the run. Listens on a free port of 127.0.0.1, prints
// `listening 127.0.0.1:PORT` when ready and serves until it is killed.
#include <arpa/inet.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <cstdio>
#include <cstdlib>
#include <span>
#include <string>
#include <string_view>
#include <unordered_map>

#include "tests/bench/http_head.hpp"
#include "tests/bench/plan.hpp"

namespace {

using bench::head_end;

struct Service {
  bool echo = false;
  std::string answer;
  std::string must_hold;
};

constexpr std::string_view bad_request = "HTTP/1.1 400 Bad Request\r\nContent-Length: 0\r\n\r\n";

struct Connection {
  std::string received;
  std::string unsent;
  bool blocked = false;
};

// The size of a chunked body with its last chunk, or npos while it is not whole. Trailers are not expected.
std::size_t chunked_size(std::string_view bytes) {
  std::size_t at = 0;
  while (true) {
    std::size_t line = bytes.find("\r\n", at);
    if (line == std::string_view::npos) return line;
    std::size_t size = 0;
    std::from_chars(bytes.data() + at, bytes.data() + line, size, 16);
    at = line + 2 + size + 2;
    if (at > bytes.size()) return std::string_view::npos;
    if (size == 0) return at;
  }
}

// Takes whole requests off the front of `received` and answers each.
void answer(const Service& service, Connection& connection) {
  std::size_t taken = 0;
  while (true) {
    std::string_view rest = std::string_view(connection.received).substr(taken);
    std::size_t head = rest.find(head_end);
    if (head == std::string_view::npos) break;
    head += head_end.size();
    std::size_t body = 0;
    if (bench::field(rest.substr(0, head), "transfer-encoding")) {
      body = chunked_size(rest.substr(head));
    } else if (auto length = bench::field(rest.substr(0, head), "content-length")) {
      body = bench::number(*length);
    }
    if (body == std::string_view::npos || rest.size() < head + body) break;
    taken += head + body;
    bool held = service.must_hold.empty() || rest.substr(head, body).find(service.must_hold) != std::string_view::npos;
    connection.unsent += held ? std::string_view(service.answer) : bad_request;
  }
  connection.received.erase(0, taken);
}

// False when the connection is broken.
bool send_unsent(int fd, Connection& connection) {
  std::size_t sent = 0;
  bool full = false;
  while (sent < connection.unsent.size() && !full) {
    ssize_t size = ::send(fd, connection.unsent.data() + sent, connection.unsent.size() - sent, MSG_NOSIGNAL);
    if (size < 0 && errno != EAGAIN) return false;
    full = size < 0;
    if (size > 0) sent += static_cast<std::size_t>(size);
  }
  connection.unsent.erase(0, sent);
  return true;
}

int listen_on_free_port() {
  int fd = ::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  socklen_t size = sizeof address;
  if (::bind(fd, reinterpret_cast<sockaddr*>(&address), size) != 0 || ::listen(fd, 4096) != 0) {
    std::perror("bench_backend: listening");
    std::exit(1);
  }
  ::getsockname(fd, reinterpret_cast<sockaddr*>(&address), &size);
  std::printf("listening 127.0.0.1:%u\n", static_cast<unsigned>(ntohs(address.sin_port)));
  std::fflush(stdout);
  return fd;
}

class Backend {
 public:
  explicit Backend(Service service) : service_(std::move(service)), poll_(::epoll_create1(EPOLL_CLOEXEC)) {}

  void run() {
    int listener = listen_on_free_port();
    watch(listener, EPOLL_CTL_ADD, EPOLLIN);
    std::array<epoll_event, 256> events{};
    while (true) {
      int ready = ::epoll_wait(poll_, events.data(), static_cast<int>(events.size()), -1);
      for (int i = 0; i < ready; ++i) {
        int fd = events[static_cast<std::size_t>(i)].data.fd;
        if (fd == listener) {
          accept_from(listener);
        } else if (!serve(fd)) {
          connections_.erase(fd);
          ::close(fd);
        }
      }
    }
  }

 private:
  void watch(int fd, int operation, std::uint32_t events) {
    epoll_event event{};
    event.events = events;
    event.data.fd = fd;
    ::epoll_ctl(poll_, operation, fd, &event);
  }

  void accept_from(int listener) {
    int fd = ::accept4(listener, nullptr, nullptr, SOCK_CLOEXEC | SOCK_NONBLOCK);
    if (fd < 0) return;
    int on = 1;
    ::setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
    connections_[fd] = {};
    watch(fd, EPOLL_CTL_ADD, EPOLLIN);
  }

  bool serve(int fd) {
    Connection& connection = connections_[fd];
    // Who does not take its answers is not read either.
    if (connection.unsent.empty()) {
      ssize_t size = ::recv(fd, buffer_.data(), buffer_.size(), 0);
      if (size < 0) return errno == EAGAIN;
      if (size == 0) return false;
      (service_.echo ? connection.unsent : connection.received).append(buffer_.data(), static_cast<std::size_t>(size));
      if (!service_.echo) answer(service_, connection);
    }
    if (!send_unsent(fd, connection)) return false;
    bool full = !connection.unsent.empty();
    if (full != connection.blocked) watch(fd, EPOLL_CTL_MOD, full ? EPOLLOUT : EPOLLIN);
    connection.blocked = full;
    return true;
  }

  Service service_;
  int poll_;
  std::unordered_map<int, Connection> connections_;
  std::array<char, 262144> buffer_{};
};

std::string http_answer(const std::string& body, const std::string& content_type) {
  return "HTTP/1.1 200 OK\r\nContent-Type: " + content_type + "\r\nContent-Length: " + std::to_string(body.size()) + "\r\n\r\n" +
         body;
}

}  // namespace

int main(int argc, char** argv) {
  std::span<char*> words(argv, static_cast<std::size_t>(argc));
  Service service;
  if (words.size() == 2 && std::string_view(words[1]) == "echo") {
    service.echo = true;
  } else if (words.size() >= 4 && words.size() <= 5 && std::string_view(words[1]) == "http") {
    service.answer = http_answer(bench::read_file(words[2]), words[3]);
    if (words.size() == 5) service.must_hold = words[4];
  } else {
    std::fputs("usage: bench_backend http ANSWER_FILE CONTENT_TYPE [TEXT] | echo\n", stderr);
    return 2;
  }
  Backend(std::move(service)).run();
}
