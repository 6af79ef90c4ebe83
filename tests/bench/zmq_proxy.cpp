// The peer of `adapters/zmq`: a process that does nothing but zmq_proxy().
//
//   bench_zmq_proxy router|pull PORT
//
// Binds a ROUTER or PULL to a free port of 127.0.0.1, prints the port, and passes what comes on to PORT by a DEALER or PUSH.
#include <zmq.h>

#include <cstdio>
#include <cstdlib>
#include <string>
#include <string_view>

namespace {

void hold(bool good) {
  if (good) return;
  std::fprintf(stderr, "%s\n", zmq_strerror(zmq_errno()));
  std::_Exit(1);
}

}  // namespace

int main(int argc, char** argv) {
  if (argc != 3) return 2;
  bool answered = std::string_view(argv[1]) == "router";
  void* context = zmq_ctx_new();
  void* front = zmq_socket(context, answered ? ZMQ_ROUTER : ZMQ_PULL);
  void* back = zmq_socket(context, answered ? ZMQ_DEALER : ZMQ_PUSH);
  hold(zmq_connect(back, (std::string("tcp://127.0.0.1:") + argv[2]).c_str()) == 0);
  hold(zmq_bind(front, "tcp://127.0.0.1:*") == 0);
  char bound[64] = {};
  std::size_t size = sizeof bound;
  hold(zmq_getsockopt(front, ZMQ_LAST_ENDPOINT, bound, &size) == 0);
  std::printf("%s\n", std::string(bound).substr(std::string_view(bound).rfind(':') + 1).c_str());
  std::fflush(stdout);
  zmq_proxy(front, back, nullptr);
  return 1;
}
