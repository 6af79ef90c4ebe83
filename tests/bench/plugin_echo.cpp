// A plugin's process in C++ that speaks docs/plugin-protocol.md by hand and gives each body back as it came, or with `heads`
// leaves it alone: what a step out of process costs at the least.
#include <zmq.h>

#include <cstdio>
#include <cstdlib>
#include <string>
#include <string_view>

namespace {

void* the_socket = nullptr;
bool gives_back = true;

void say(std::string_view head, zmq_msg_t* payload = nullptr) {
  zmq_send(the_socket, head.data(), head.size(), payload != nullptr ? ZMQ_SNDMORE : 0);
  if (payload != nullptr) zmq_msg_send(payload, the_socket, 0);
}

std::string_view bytes_of(zmq_msg_t& part) {
  return {static_cast<const char*>(zmq_msg_data(&part)), zmq_msg_size(&part)};
}

// The digits behind `name`. The bus writes the members that are its own in front of what others wrote.
std::string_view number(std::string_view head, std::string_view name) {
  std::size_t at = head.find(name);
  if (at == std::string_view::npos) return "0";
  at += name.size();
  return head.substr(at, head.find_first_not_of("0123456789", at) - at);
}

void take_request(std::string_view head, zmq_msg_t* payload) {
  std::string answer(R"({"type":"reply","id":)");
  answer += number(head, R"("id":)");
  if (head.find(R"("more":true)") != std::string_view::npos) {
    answer = R"({"type":"fail","kind":"format","text":"the body is larger than one frame","id":)";
    answer += number(head, R"("id":)");
    return say(answer + "}");
  }
  if (!gives_back) return say(answer + "}");
  say(payload != nullptr ? answer + R"(,"body":"document"})" : answer + "}", payload);
}

}  // namespace

int main(int argc, char** argv) {
  gives_back = argc < 2 || argv[1] != std::string_view("heads");
  const char* endpoint = std::getenv("BUSWAY_ENDPOINT");
  const char* cookie = std::getenv("BUSWAY_COOKIE");
  if (endpoint == nullptr || cookie == nullptr) {
    std::fputs("busway starts this program, as the plugin.yaml beside it says\n", stderr);
    return 2;
  }
  the_socket = zmq_socket(zmq_ctx_new(), ZMQ_DEALER);
  int patience = 10'000;  // the bus says something each second
  int once = -1;
  zmq_setsockopt(the_socket, ZMQ_RCVTIMEO, &patience, sizeof patience);
  zmq_setsockopt(the_socket, ZMQ_RECONNECT_IVL, &once, sizeof once);
  if (zmq_connect(the_socket, endpoint) != 0) return 1;
  say(std::string(R"({"type":"hello","protocol":1,"cookie":")") + cookie + R"("})");
  zmq_msg_t head;
  zmq_msg_t payload;
  zmq_msg_init(&head);
  zmq_msg_init(&payload);
  while (zmq_msg_recv(&head, the_socket, 0) >= 0) {
    bool more = zmq_msg_more(&head) != 0;
    if (more && zmq_msg_recv(&payload, the_socket, 0) < 0) return 1;
    std::string_view text = bytes_of(head);
    if (text.starts_with(R"({"type":"request")")) {
      take_request(text, more ? &payload : nullptr);
    } else if (text.starts_with(R"({"type":"ping")")) {
      say(R"({"type":"pong"})");
    } else if (text.starts_with(R"({"type":"welcome")")) {
      say(R"({"type":"ready","credit":64})");
    } else if (text.starts_with(R"({"type":"bye")")) {
      return 0;
    }
  }
  return 1;
}
