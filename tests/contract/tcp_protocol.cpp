#include "tests/contract/protocol.hpp"
#include "tests/fakes/peer.hpp"

namespace busway::contract {

namespace {

std::string framed(const std::string& payload) {
  std::string out{static_cast<char>(payload.size() >> 8), static_cast<char>(payload.size() & 0xFF)};
  return out + payload;
}

std::optional<std::string> read_text(int fd) {
  std::string head = fakes::receive(fd, 2);
  if (head.size() < 2) return std::nullopt;
  auto size = static_cast<std::size_t>(static_cast<unsigned char>(head[0])) << 8 | static_cast<unsigned char>(head[1]);
  std::string payload = fakes::receive(fd, size);
  if (payload.size() < size) return std::nullopt;
  std::size_t at = payload.find("\"text\":\"");
  if (at == std::string::npos) return std::nullopt;
  return payload.substr(at + 8, payload.find('"', at + 8) - at - 8);
}

}  // namespace

Protocol tcp_protocol() {
  Protocol tcp;
  tcp.name = "tcp";
  tcp.listener = "{ tcp: { listen: '127.0.0.1:0', frame: { length_prefix: 2 }, max_frame: 4KiB }, format: json }";
  tcp.from = [](const std::string& route) {
    return "{ tcp: frames, on: front, when: 'to = \"" + route + "\"', error: '{ \"refused\": $failure.kind }' }";
  };
  tcp.service = [](const std::string& address) {
    return "    tcp: { endpoints: ['" + address + "'], frame: { length_prefix: 2 } }\n    format: json\n";
  };
  tcp.request = [](const std::string& route, const std::string& text) {
    return framed("{\"to\":\"" + route + "\",\"text\":\"" + text + "\"}");
  };
  tcp.read_reply = read_text;
  tcp.refuses = [](const std::string& bytes) { return bytes == framed("{\"refused\":\"format\"}"); };
  tcp.read_request = read_text;
  tcp.answer = [](const std::string& text) { return framed("{\"text\":\"" + text + "\"}"); };
  tcp.garbage = framed("{][");
  return tcp;
}

}  // namespace busway::contract
