#pragma once

#include <memory>

#include "adapters/tcp/target.hpp"
#include "tests/fakes/peer.hpp"
#include "tests/fakes/run_task.hpp"

namespace busway::tcp {

inline Framing two_byte_frames(std::size_t max_frame = 1024 * 1024) {
  Framing framing;
  framing.kind = Framing::Kind::length_prefix;
  framing.max_frame = max_frame;
  return framing;
}

inline std::unique_ptr<TcpTarget> target_for(const Framing& framing, const std::vector<std::uint16_t>& ports,
                                             ServiceConfig config = {}, int workers = 1) {
  std::vector<Endpoint> endpoints;
  for (std::uint16_t port : ports) {
    std::string text = "127.0.0.1:" + std::to_string(port);
    endpoints.push_back({.text = text, .host_port = {"127.0.0.1", port}, .secure = config.tls.has_value(), .path = "", .at = {}});
  }
  auto target = std::make_unique<TcpTarget>(std::move(config), framing, std::move(endpoints));
  auto opened = target->open(workers);
  if (!opened) return nullptr;
  return target;
}

// "answer", or "!kind code".
inline Task<std::string> call_once(Worker& worker, TcpTarget& target, std::string body, std::chrono::milliseconds within,
                                   std::size_t endpoint = 0) {
  Exchange exchange(worker);
  Outbound outbound(exchange.arena());
  outbound.body = body;
  auto answer = co_await target.call(exchange, outbound, target.endpoints()[endpoint], worker.now() + within);
  if (answer) {
    std::string text(answer->message.bytes());
    co_return text;
  }
  std::string text =
      "!" + std::string(name_of(answer.error().kind)) + (answer.error().code.empty() ? "" : " " + answer.error().code);
  co_return text;
}

inline std::string call(Worker& worker, TcpTarget& target, std::string body,
                        std::chrono::milliseconds within = std::chrono::seconds(5), std::size_t endpoint = 0) {
  return fakes::run_task(worker, call_once(worker, target, std::move(body), within, endpoint));
}

// Runs `count` calls at once and counts the answers.
inline Task<> call_and_count(Worker& worker, TcpTarget& target, std::string body, std::chrono::milliseconds within,
                             std::vector<std::string>& answers) {
  std::string answer = co_await call_once(worker, target, std::move(body), within);
  answers.push_back(std::move(answer));
}
inline std::vector<std::string> call_at_once(Worker& worker, TcpTarget& target, std::size_t count,
                                             std::chrono::milliseconds within) {
  std::vector<std::string> answers;
  worker.post([&] {
    for (std::size_t i = 0; i < count; ++i) worker.spawn(call_and_count(worker, target, std::to_string(i), within, answers));
  });
  worker.run_until([&] { return answers.size() == count; });
  return answers;
}

// Reads frames behind a two-byte length and answers each with what `reply` makes of it, framed.
inline bool read_frame(int fd, std::string& payload) {
  std::string head = fakes::receive(fd, 2, 60'000);
  if (head.size() < 2) return false;
  auto size = static_cast<std::size_t>(static_cast<unsigned char>(head[0])) << 8 | static_cast<unsigned char>(head[1]);
  payload = fakes::receive(fd, size);
  return payload.size() == size;
}
inline std::string framed(std::string_view payload) {
  std::string out{static_cast<char>(payload.size() >> 8), static_cast<char>(payload.size() & 0xFF)};
  return out += payload;
}
inline fakes::Peer::Talk echo_frames(std::chrono::milliseconds after = {}) {
  return [after](int fd) {
    std::string payload;
    while (read_frame(fd, payload)) {
      std::this_thread::sleep_for(after);
      if (!fakes::send_all(fd, framed("re:" + payload))) return;
    }
  };
}

}  // namespace busway::tcp
