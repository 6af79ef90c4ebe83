// A bare pair of ZeroMQ sockets, to measure plugins beside: a ROUTER here sends two frames, a DEALER in another process answers
// with two, and so many are on their way at a time. Nothing is read of them, nothing waits for anything but the sockets.
//
//   bench_zmq_pair HEAD PAYLOAD IN_FLIGHT SECONDS [heads | COMMAND...]
//
// HEAD and PAYLOAD are files, the frames that are sent. COMMAND is the other side: it connects a DEALER to $BUSWAY_ENDPOINT, says
// anything, and answers; without one it is a loop in C++ that answers with a short head and the payload as it came, and with
// `heads` one whose answers have no payload. Prints JSON: messages a second, and CPU in microseconds a message of this process
// and of the other.
#include <signal.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>
#include <zmq.h>

#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <fstream>
#include <iterator>
#include <string>
#include <string_view>
#include <vector>

namespace {

constexpr std::string_view answer = R"({"type":"reply","id":1234567,"body":"document"})";

[[noreturn]] void die(const char* what) {
  std::fprintf(stderr, "%s: %s\n", what, zmq_strerror(zmq_errno()));
  std::_Exit(1);
}

std::string content(const char* path) {
  std::ifstream in(path, std::ios::binary);
  return {std::istreambuf_iterator<char>(in), std::istreambuf_iterator<char>()};
}

double seconds(clockid_t clock) {
  timespec time{};
  clock_gettime(clock, &time);
  return static_cast<double>(time.tv_sec) + static_cast<double>(time.tv_nsec) * 1e-9;
}

void send(void* socket, std::string_view bytes, bool more) {
  if (zmq_send(socket, bytes.data(), bytes.size(), more ? ZMQ_SNDMORE : 0) < 0) die("sending");
}

// Whether there is more of the message.
bool receive(void* socket, zmq_msg_t& into) {
  if (zmq_msg_recv(&into, socket, 0) < 0) die("receiving");
  return zmq_msg_more(&into) != 0;
}

[[noreturn]] void answer_all(const std::string& endpoint, bool with_payload) {
  void* context = zmq_ctx_new();
  void* socket = zmq_socket(context, ZMQ_DEALER);
  if (zmq_connect(socket, endpoint.c_str()) != 0) die("connecting");
  send(socket, "hello", false);
  zmq_msg_t head;
  zmq_msg_t payload;
  zmq_msg_init(&head);
  zmq_msg_init(&payload);
  while (receive(socket, head)) {
    receive(socket, payload);
    send(socket, answer, with_payload);
    if (with_payload && zmq_msg_send(&payload, socket, 0) < 0) die("answering");
  }
  std::_Exit(0);
}

}  // namespace

int main(int argc, char** argv) {
  if (argc < 5) return 2;
  std::string head = content(argv[1]);
  std::string payload = content(argv[2]);
  int in_flight = std::atoi(argv[3]);
  double lasts = std::atof(argv[4]);
  char folder[] = "/tmp/busway-pair-XXXXXX";
  if (mkdtemp(folder) == nullptr) return 1;
  std::string endpoint = std::string("ipc://") + folder + "/s";
  pid_t other = fork();
  if (other == 0) {
    if (argc == 5 || argv[5] == std::string_view("heads")) answer_all(endpoint, argc == 5);
    setenv("BUSWAY_ENDPOINT", endpoint.c_str(), 1);
    execvp(argv[5], argv + 5);
    std::_Exit(127);
  }
  void* context = zmq_ctx_new();
  void* socket = zmq_socket(context, ZMQ_ROUTER);
  if (zmq_bind(socket, endpoint.c_str()) != 0) die("binding");
  int patience = 5000;
  zmq_setsockopt(socket, ZMQ_RCVTIMEO, &patience, sizeof patience);
  zmq_msg_t peer;
  zmq_msg_t part;
  zmq_msg_init(&peer);
  zmq_msg_init(&part);
  receive(socket, peer);
  std::string name(static_cast<const char*>(zmq_msg_data(&peer)), zmq_msg_size(&peer));
  receive(socket, part);  // its hello

  auto send_one = [&] {
    send(socket, name, true);
    send(socket, head, true);
    send(socket, payload, false);
  };
  auto take_one = [&] {
    for (bool more = receive(socket, peer); more;) more = receive(socket, part);
  };
  clockid_t others{};
  clock_getcpuclockid(other, &others);
  long count = 0;
  double own_cpu = 0;
  double other_cpu = 0;
  using Clock = std::chrono::steady_clock;
  for (int i = 0; i < in_flight; ++i) send_one();
  for (int i = 0; i < 2000; ++i) {  // it is warm then
    take_one();
    send_one();
  }
  own_cpu -= seconds(CLOCK_PROCESS_CPUTIME_ID);
  other_cpu -= seconds(others);
  auto began = Clock::now();
  double took = 0;
  while (took < lasts) {
    for (int i = 0; i < 64; ++i) {
      take_one();
      send_one();
    }
    count += 64;
    took = std::chrono::duration<double>(Clock::now() - began).count();
  }
  own_cpu += seconds(CLOCK_PROCESS_CPUTIME_ID);
  other_cpu += seconds(others);
  auto each = static_cast<double>(count);
  std::printf("{\"messages_per_second\":%.1f,\"cpu_us\":%.4f,\"plugin_cpu_us\":%.4f}\n", each / took, own_cpu * 1e6 / each,
              other_cpu * 1e6 / each);
  kill(other, SIGKILL);
  waitpid(other, nullptr, 0);
  zmq_close(socket);
  unlink((std::string(folder) + "/s").c_str());
  rmdir(folder);
  return 0;
}
