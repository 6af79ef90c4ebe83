// The backend of the proxy benchmark: answers every HTTP/1.1 request with the same body, keep-alive, on one thread.
//
//   bench_backend PORT BODY_BYTES
//
// Prints `listening 127.0.0.1:PORT` when ready and serves until it is killed. Byte i of the body is 'a' + i % 26, which the
// generator checks. A request body needs a Content-Length: anything else is answered with 411, which voids the run.
#include <arpa/inet.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <strings.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <cstdio>
#include <cstdlib>
#include <optional>
#include <string>
#include <string_view>
#include <unordered_map>

namespace {

constexpr std::string_view head_end = "\r\n\r\n";
constexpr std::string_view length_required = "HTTP/1.1 411 Length Required\r\nContent-Length: 0\r\n\r\n";

std::string fixed_response(size_t body_bytes) {
  std::string response =
      "HTTP/1.1 200 OK\r\nContent-Type: text/plain\r\nContent-Length: " + std::to_string(body_bytes) + "\r\n\r\n";
  for (size_t i = 0; i < body_bytes; ++i) response += static_cast<char>('a' + i % 26);
  return response;
}

std::optional<std::string_view> field(std::string_view head, std::string_view name) {
  for (size_t at = head.find("\r\n"); at != std::string_view::npos; at = head.find("\r\n", at)) {
    at += 2;
    std::string_view line = head.substr(at, head.find("\r\n", at) - at);
    if (line.size() > name.size() && line[name.size()] == ':' && ::strncasecmp(line.data(), name.data(), name.size()) == 0) {
      return line.substr(name.size() + 1);
    }
  }
  return std::nullopt;
}

// Takes whole requests off the front of `received` and answers each.
std::string answers_to(std::string& received, std::string_view response) {
  std::string out;
  size_t taken = 0;
  while (true) {
    std::string_view rest = std::string_view(received).substr(taken);
    size_t head = rest.find(head_end);
    if (head == std::string_view::npos) break;
    head += head_end.size();
    size_t body = 0;
    if (field(rest.substr(0, head), "transfer-encoding")) {
      received.clear();
      return std::string(length_required);
    }
    if (auto length = field(rest.substr(0, head), "content-length"))
      body = std::strtoul(std::string(*length).c_str(), nullptr, 10);
    if (rest.size() < head + body) break;
    taken += head + body;
    out += response;
  }
  received.erase(0, taken);
  return out;
}

bool send_all(int fd, std::string_view bytes) {
  while (!bytes.empty()) {
    ssize_t sent = ::send(fd, bytes.data(), bytes.size(), MSG_NOSIGNAL);
    if (sent < 0 && errno != EINTR) return false;
    if (sent > 0) bytes.remove_prefix(static_cast<size_t>(sent));
  }
  return true;
}

int listen_on(uint16_t port) {
  int fd = ::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
  int on = 1;
  ::setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof on);
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_port = htons(port);
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  socklen_t size = sizeof address;
  if (::bind(fd, reinterpret_cast<sockaddr*>(&address), size) != 0 || ::listen(fd, 1024) != 0) {
    std::perror("bench_backend: listening");
    std::exit(1);
  }
  ::getsockname(fd, reinterpret_cast<sockaddr*>(&address), &size);
  std::printf("listening 127.0.0.1:%u\n", static_cast<unsigned>(ntohs(address.sin_port)));
  std::fflush(stdout);
  return fd;
}

void watch(int poll, int fd) {
  epoll_event event{};
  event.events = EPOLLIN;
  event.data.fd = fd;
  ::epoll_ctl(poll, EPOLL_CTL_ADD, fd, &event);
}

}  // namespace

int main(int argc, char** argv) {
  if (argc != 3) {
    std::fputs("usage: bench_backend PORT BODY_BYTES\n", stderr);
    return 2;
  }
  std::string response = fixed_response(std::strtoul(argv[2], nullptr, 10));
  int listener = listen_on(static_cast<uint16_t>(std::strtoul(argv[1], nullptr, 10)));
  int poll = ::epoll_create1(EPOLL_CLOEXEC);
  watch(poll, listener);
  std::unordered_map<int, std::string> received;
  std::array<epoll_event, 256> events{};
  std::array<char, 65536> buffer{};
  while (true) {
    int ready = ::epoll_wait(poll, events.data(), static_cast<int>(events.size()), -1);
    for (int i = 0; i < ready; ++i) {
      int fd = events[static_cast<size_t>(i)].data.fd;
      if (fd == listener) {
        int connection = ::accept4(listener, nullptr, nullptr, SOCK_CLOEXEC);
        if (connection < 0) continue;
        int on = 1;
        ::setsockopt(connection, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
        received[connection].clear();
        watch(poll, connection);
        continue;
      }
      ssize_t size = ::recv(fd, buffer.data(), buffer.size(), 0);
      std::string& pending = received[fd];
      if (size > 0) pending.append(buffer.data(), static_cast<size_t>(size));
      if (size <= 0 || !send_all(fd, answers_to(pending, response))) {
        received.erase(fd);
        ::close(fd);
      }
    }
  }
}
