#pragma once

#include <chrono>
#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <variant>

#include "bus/document.hpp"
#include "bus/error.hpp"
#include "bus/format.hpp"
#include "bus/log.hpp"

// The plugin protocol as it stands on the wire: docs/plugin-protocol.md. A message is one frame of JSON, its head, and with some
// types one frame of payload behind it. What a plugin sends is hostile; nothing here keeps state. Any thread.
namespace busway::plugins::wire {

inline constexpr std::int64_t version = 1;
inline constexpr std::size_t most_head = 64UL * 1024;  // bytes of a head
inline constexpr std::size_t most_payload = 256UL * 1024;
inline constexpr std::int64_t most_credit = 1024;

// ---- what a plugin may say; texts and nodes live in the arena or the frames ----

struct Hello {
  std::int64_t protocol = 0;
  std::string_view cookie{};
  std::string_view sdk{};
};
struct Ready {
  std::int64_t credit = 0;
};
struct Credit {
  std::int64_t credit = 0;
};
struct Reply {
  std::uint64_t id = 0;
  bool filtered = false;
  bool replaces = false;  // the payload is the new body
  bool bytes = false;     // which is no document
  bool more = false;      // chunks follow
  int status = 0;         // of a service's answer
  std::string_view content_type{};
  Node variables{};  // an object or nothing
  Node headers{};    // the same; a value is a text, or null for a field that goes
};
// A message from outside, which the plugin's listener has taken; its own numbers are beside those of requests.
struct Arrival {
  std::uint64_t arrival = 0;
  std::uint64_t use = 0;
  std::uint64_t route = 0;  // the use of a `from:`, where the adapter picks routes
  bool more = false;
  bool wants_reply = true;
  std::int64_t deadline_ms = 0;
  std::string_view content_type{};
  std::string_view peer{};
  std::string_view method{};
  std::string_view target{};
  std::string_view operation{};
  Node headers{};  // an object of texts, or nothing
};
struct Chunk {
  std::uint64_t id = 0;       // of the request that is answered, or
  std::uint64_t arrival = 0;  // of the arrival whose body it is
  bool more = false;
};
struct Listening {
  std::uint64_t use = 0;
  std::string_view address{};
};
struct Fail {
  std::uint64_t id = 0;
  ErrorKind kind = ErrorKind::internal;
  std::string_view text{};
  std::string_view code{};
};
struct Refuse {
  std::uint64_t use = 0;
  std::string_view key{};
  std::string_view text{};
};
struct Logged {
  LogLevel level = LogLevel::info;
  std::string_view text{};
};
struct Bye {
  std::string_view reason{};
};
struct Ping {};
struct Pong {};

using Said = std::variant<Hello, Ready, Credit, Reply, Chunk, Fail, Refuse, Listening, Arrival, Logged, Bye, Ping, Pong>;

struct Message {
  Said said{};
  std::string_view payload{};
};

// Reads one message. Errors: kind `garbage`, saying which rule of the protocol it breaks.
Result<Message> read(std::span<const std::string_view> frames, const Format& json, Arena& arena);

// ---- what the bus says: heads ----

std::string welcome(std::chrono::milliseconds heartbeat, std::chrono::milliseconds silence);
// What a use is of. `head` is the rest of it: `"step":"price","settings":{}`.
std::string use(std::uint64_t use, std::string_view head);
std::string drop(std::uint64_t use);
std::string credit(std::uint64_t use, std::size_t credit);
std::string stop_listening(std::uint64_t use);
// `about` is the rest of the head: `,"outcome":"made"`.
std::string outcome(std::uint64_t arrival, std::size_t size, bool more, std::string_view about);
std::string arrival_chunk(std::uint64_t arrival, bool more);
// `about` is the rest of the head: `,"route":"pay"`.
std::string request(std::uint64_t id, std::uint64_t use, int attempt, std::int64_t deadline_ms, std::size_t size, bool more,
                    std::string_view about);
std::string chunk(std::uint64_t id, bool more);
std::string cancel(std::uint64_t id);
std::string bye(std::string_view reason);
std::string_view ping();
std::string_view pong();

}  // namespace busway::plugins::wire
