#include <algorithm>
#include <cstdint>
#include <string>
#include <vector>

#include "bus/assert.hpp"
#include "bus/cli/builtin_registry.hpp"
#include "plugins/process/session.hpp"

namespace {

using namespace busway;
using namespace busway::plugins;
using namespace std::chrono_literals;

class NoInflow final : public Inflow {
 public:
  void listening(std::string_view) override {}
  void refused(std::string_view) override {}
  void ended(std::string_view) override {}
  void arrived(int, Brought) override {}
  void resume() override {}
};

// What lies around a session: it sees that nothing goes out that the protocol does not allow.
class Around final : public Session::Outside {
 public:
  Sent send(std::string_view peer, std::string_view head, const std::string_view* payload) override {
    BUSWAY_ASSERT(!peer.empty() && head.size() <= wire::most_head);
    BUSWAY_ASSERT(payload == nullptr || payload->size() <= wire::most_payload);
    if (gone) return Sent::gone;
    if (room == 0) return Sent::no_room;
    --room;
    return Sent::yes;
  }
  void logged(LogLevel, std::string_view text) override { BUSWAY_ASSERT(text.size() <= 2000); }
  void end_connection() override {}
  void refused(std::uint64_t, std::string_view key, std::string_view text) override {
    BUSWAY_ASSERT(key.size() <= 2000 && text.size() <= 2000);
  }
  void listening(std::uint64_t use, std::string_view address) override { BUSWAY_ASSERT(use == 2 && address.size() <= 2000); }
  void arrived(Brought brought) override {
    BUSWAY_ASSERT(brought.use == 2 && brought.body.size() <= 1000);
    in_routes.push_back(brought.number);
    BUSWAY_ASSERT(in_routes.size() <= 3);
  }
  const Uses& uses() override { return all; }

  std::size_t room = 8;
  bool gone = false;
  std::vector<std::uint64_t> in_routes;
  Uses all = [] {
    Uses made;
    made.emplace(1, Use{.number = 1, .what = R"("step":"s")", .settings = Secret("{}")});
    made.emplace(2, Use{.number = 2,
                        .what = R"("adapter":"a","part":"listener")",
                        .settings = Secret("{}"),
                        .inflow = std::make_shared<NoInflow>(),
                        .max_body = 1000,
                        .credit = 3});
    return made;
  }();
};

std::vector<std::string_view> split(std::string_view text, char at) {
  std::vector<std::string_view> out;
  while (true) {
    std::size_t end = text.find(at);
    out.push_back(text.substr(0, end));
    if (end == std::string_view::npos) return out;
    text.remove_prefix(end + 1);
  }
}

}  // namespace

// A conversation, a line a message: its frames with tabs between them, in front `@` when it comes from somebody else. A text that
// begins with `%` is said to a remote plugin's port. Other lines let things happen: `+` a message for the plugin, `+500000` one
// with such a body, `#` time passes, `~` there is room to send again, `=` the oldest message that the plugin has brought ends
// with a reply, `$` its listener stops, `!` the connection is gone. Whatever is said, nothing is in flight beyond the bounds, and
// each message has been answered or is left over at the end, never both.
extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  static const FormatPtr json = cli::builtin_registry().plain_format("json");
  static Worker worker(0, Worker::ClockKind::steady);
  std::string_view text(reinterpret_cast<const char*>(data), size);
  Around around;
  TimePoint now{1h};
  bool remote = text.starts_with('%');
  if (remote) text.remove_prefix(1);
  Session session({.cookie = "c", .in_flight = 4, .max_body = 1000, .remote = remote}, *json, around, now);
  std::vector<std::shared_ptr<AwaitedCall>> calls;
  for (std::string_view line : split(text, '\n')) {
    if (line.starts_with('+')) {
      if (!session.has_room()) continue;
      auto& call = calls.emplace_back(std::make_shared<AwaitedCall>(worker));
      call->use = 1;
      call->repeatable = calls.size() % 2 == 0;
      call->deadline = now + 250ms;
      std::size_t body = 0;
      for (char c : line.substr(1, 6)) body = c >= '0' && c <= '9' ? body * 10 + static_cast<std::size_t>(c - '0') : body;
      call->body.assign(body, 'x');
      session.begin(call, now);
    } else if (line == "#") {
      now += 100ms;
      session.tick(now);
    } else if (line == "~") {
      around.room += 8;
      session.tick(now);
    } else if (line == "=") {
      if (around.in_routes.empty()) continue;
      session.end_arrival(around.in_routes.front(), {.about = R"(,"outcome":"made")", .body = std::string(300'000, 'y')}, now);
      around.in_routes.erase(around.in_routes.begin());
    } else if (line == "$") {
      around.all.at(2).stopped = true;
      session.tell_credit(around.all.at(2));
    } else if (line == "!") {
      around.gone = true;
    } else {
      bool other = line.starts_with('@');
      session.take(other ? "q" : "p", split(other ? line.substr(1) : line, '\t'), now);
    }
    BUSWAY_ASSERT(session.in_flight() <= 4);
    BUSWAY_ASSERT(!session.end() || !session.has_room());
    BUSWAY_ASSERT(!remote || !session.end() || !session.end()->why.starts_with("is crowded out"));
  }
  std::size_t answered = 0;
  for (const auto& call : calls) answered += call->answered() ? 1 : 0;
  auto left = session.take_unanswered();
  for (const auto& one : left) BUSWAY_ASSERT(!one.call->answered());
  BUSWAY_ASSERT(answered + left.size() == calls.size());
  // Answers are posted to the worker: what it does not take would be kept, bodies and all, for the next conversation.
  bool taken = false;
  worker.post([&taken] { taken = true; });
  worker.run_until([&taken] { return taken; });
  return 0;
}
