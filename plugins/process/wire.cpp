#include "plugins/process/wire.hpp"

#include <algorithm>
#include <array>
#include <charconv>
#include <optional>

#include "bus/json_text.hpp"

namespace busway::plugins::wire {

namespace {

std::unexpected<Error> garbage(std::string text) {
  return fail(ErrorKind::garbage, std::move(text));
}

// Reads members of a head; keeps the first thing that is wrong.
class Head {
 public:
  explicit Head(const Node& node) : node_(node) {}
  const std::string& wrong() const { return wrong_; }

  std::string_view text(std::string_view name, bool required) {
    Node value = node_.member(name);
    if (value.is_string()) return value.text();
    if (required || !value.is_nothing()) say(name, "a text");
    return {};
  }
  bool has(std::string_view name) const { return !node_.member(name).is_nothing(); }
  bool flag(std::string_view name, bool left_out = false) {
    Node value = node_.member(name);
    if (value.is_boolean()) return value.as_boolean();
    if (!value.is_nothing()) say(name, "true or false");
    return left_out;
  }
  std::int64_t number(std::string_view name, std::int64_t least, std::int64_t most,
                      std::optional<std::int64_t> left_out = std::nullopt) {
    Node value = node_.member(name);
    if (left_out && value.is_nothing()) return *left_out;
    std::int64_t out = 0;
    if (value.has_number_text()) {
      std::string_view digits = value.text();
      auto [end, error] = std::from_chars(digits.data(), digits.data() + digits.size(), out);
      if (error == std::errc() && end == digits.data() + digits.size() && out >= least && out <= most) return out;
    }
    say(name, "a whole number from " + std::to_string(least) + " to " + std::to_string(most));
    return least;
  }
  std::uint64_t id(std::string_view name) { return static_cast<std::uint64_t>(number(name, 1, INT64_MAX)); }
  // Which of `words` it is; the first when it is left out.
  std::size_t word(std::string_view name, std::span<const std::string_view> words) {
    Node value = node_.member(name);
    if (value.is_nothing()) return 0;
    for (std::size_t i = 0; value.is_string() && i < words.size(); ++i) {
      if (value.text() == words[i]) return i;
    }
    std::string known;
    for (std::string_view one : words) known.append(known.empty() ? "one of " : ", ").append(one);
    say(name, known);
    return 0;
  }
  Node object(std::string_view name) {
    Node value = node_.member(name);
    if (!value.is_nothing() && !value.is_object()) say(name, "an object");
    return value.is_object() ? value : Node();
  }

 private:
  void say(std::string_view name, const std::string& expected) {
    if (wrong_.empty()) wrong_ = "its '" + std::string(name) + "' is not " + expected;
  }
  Node node_;
  std::string wrong_;
};

constexpr std::string_view levels[] = {"info", "debug", "warn", "error"};
constexpr LogLevel level_values[] = {LogLevel::info, LogLevel::debug, LogLevel::warn, LogLevel::error};
constexpr ErrorKind kinds[] = {ErrorKind::internal, ErrorKind::invalid,  ErrorKind::mapping, ErrorKind::format,
                               ErrorKind::garbage,  ErrorKind::not_sent, ErrorKind::unknown, ErrorKind::answered,
                               ErrorKind::overload, ErrorKind::deadline};
constexpr std::string_view flows[] = {"next", "filtered"};
constexpr std::string_view bodies[] = {"unchanged", "document", "bytes"};

ErrorKind kind_of(Head& head) {
  std::array<std::string_view, std::size(kinds)> words;
  for (std::size_t i = 0; i < words.size(); ++i) words[i] = name_of(kinds[i]);
  return kinds[head.word("kind", words)];
}

using Reader = Said (*)(Head& head);
struct Type {
  std::string_view name;
  bool payload;  // it may have one
  Reader read;
};

// Members are read in a fixed order, so that the first that is wrong is always the same.
const Type types[] = {
    {"hello", false,
     [](Head& h) -> Said {
       Hello out;
       out.protocol = h.number("protocol", 1, INT32_MAX);
       out.cookie = h.text("cookie", true);
       out.sdk = h.text("sdk", false);
       return out;
     }},
    {"ready", false, [](Head& h) -> Said { return Ready{h.number("credit", 0, most_credit)}; }},
    {"credit", false, [](Head& h) -> Said { return Credit{h.number("credit", 0, most_credit)}; }},
    {"reply", true,
     [](Head& h) -> Said {
       Reply out;
       out.id = h.id("id");
       out.filtered = h.word("flow", flows) == 1;
       std::size_t body = h.word("body", bodies);
       out.replaces = body != 0;
       out.bytes = body == 2;
       out.more = h.flag("more");
       out.status = static_cast<int>(h.number("status", 0, 999, 0));
       out.content_type = h.text("content_type", false);
       out.variables = h.object("variables");
       out.headers = h.object("headers");
       return out;
     }},
    {"chunk", true,
     [](Head& h) -> Said {
       Chunk out;
       if (h.has("arrival")) {
         out.arrival = h.id("arrival");
       } else {
         out.id = h.id("id");
       }
       out.more = h.flag("more");
       return out;
     }},
    {"fail", false,
     [](Head& h) -> Said {
       Fail out;
       out.id = h.id("id");
       out.kind = kind_of(h);
       out.text = h.text("text", true);
       out.code = h.text("code", false);
       return out;
     }},
    {"refuse", false,
     [](Head& h) -> Said {
       Refuse out;
       out.use = h.id("use");
       out.key = h.text("key", false);
       out.text = h.text("text", true);
       return out;
     }},
    {"listening", false,
     [](Head& h) -> Said {
       Listening out;
       out.use = h.id("use");
       out.address = h.text("address", false);
       return out;
     }},
    {"arrival", true,
     [](Head& h) -> Said {
       Arrival out;
       out.arrival = h.id("arrival");
       out.use = h.id("use");
       out.route = static_cast<std::uint64_t>(h.number("route", 0, INT64_MAX, 0));
       out.more = h.flag("more");
       out.wants_reply = h.flag("reply", true);
       out.deadline_ms = h.number("deadline_ms", 0, INT32_MAX, 0);
       out.content_type = h.text("content_type", false);
       out.peer = h.text("peer", false);
       out.method = h.text("method", false);
       out.target = h.text("target", false);
       out.operation = h.text("operation", false);
       out.headers = h.object("headers");
       return out;
     }},
    {"log", false,
     [](Head& h) -> Said {
       Logged out;
       out.level = level_values[h.word("level", levels)];
       out.text = h.text("text", true);
       return out;
     }},
    {"bye", false, [](Head& h) -> Said { return Bye{h.text("reason", false)}; }},
    {"ping", false, [](Head&) -> Said { return Ping{}; }},
    {"pong", false, [](Head&) -> Said { return Pong{}; }},
};

std::string_view yes_or_no(bool value) {
  return value ? "true" : "false";
}

}  // namespace

Result<Message> read(std::span<const std::string_view> frames, const Format& json, Arena& arena) {
  if (frames.empty() || frames.size() > 2)
    return garbage("a message of " + std::to_string(frames.size()) + " frames: one or two are right");
  if (frames[0].size() > most_head)
    return garbage("a head of " + std::to_string(frames[0].size()) + " bytes: 65536 are the most");
  if (frames.size() == 2 && frames[1].size() > most_payload)
    return garbage("a payload frame of " + std::to_string(frames[1].size()) + " bytes: 262144 are the most");
  auto node = json.read(frames[0], arena);
  if (!node) return garbage("a head that is no JSON: " + node.error().text.substr(0, 200));
  if (!node->is_object()) return garbage("a head that is no JSON object");
  Node type = node->member("type");
  if (!type.is_string()) return garbage("a head without a 'type'");
  const Type* known = std::find_if(std::begin(types), std::end(types), [&](const Type& one) { return one.name == type.text(); });
  if (known == std::end(types))
    return garbage("a message of the type '" + std::string(type.text().substr(0, 40)) + "', which a plugin does not send");
  std::string name(known->name);
  if (frames.size() == 2 && !known->payload) return garbage("a '" + name + "' with a payload frame");
  Head head(*node);
  Message out{known->read(head), frames.size() == 2 ? frames[1] : std::string_view()};
  if (!head.wrong().empty()) return garbage("a '" + name + "' that cannot be read: " + head.wrong());
  if (const auto* reply = std::get_if<Reply>(&out.said);
      reply != nullptr && !reply->replaces && (frames.size() == 2 || reply->more))
    return garbage("a 'reply' that leaves the body unchanged and has one");
  if (const auto* reply = std::get_if<Reply>(&out.said); reply != nullptr && reply->replaces && frames.size() != 2)
    return garbage("a 'reply' with a body and without its payload frame");
  if (const auto* arrival = std::get_if<Arrival>(&out.said); arrival != nullptr && arrival->more && frames.size() != 2)
    return garbage("an 'arrival' that has more of its body and not the first of it");
  if (std::holds_alternative<Chunk>(out.said) && frames.size() != 2) return garbage("a 'chunk' without its payload frame");
  return out;
}

std::string welcome(std::chrono::milliseconds heartbeat, std::chrono::milliseconds silence) {
  return R"({"type":"welcome","protocol":)" + std::to_string(version) + R"(,"heartbeat_ms":)" +
         std::to_string(heartbeat.count()) + R"(,"silence_ms":)" + std::to_string(silence.count()) + R"(,"most_head":)" +
         std::to_string(most_head) + R"(,"most_payload":)" + std::to_string(most_payload) + "}";
}

std::string use(std::uint64_t use, std::string_view head) {
  return R"({"type":"use","use":)" + std::to_string(use) + "," + std::string(head) + "}";
}

std::string drop(std::uint64_t use) {
  return R"({"type":"drop","use":)" + std::to_string(use) + "}";
}

std::string credit(std::uint64_t use, std::size_t credit) {
  return R"({"type":"credit","use":)" + std::to_string(use) + R"(,"credit":)" + std::to_string(credit) + "}";
}

std::string stop_listening(std::uint64_t use) {
  return R"({"type":"stop_listening","use":)" + std::to_string(use) + "}";
}

std::string outcome(std::uint64_t arrival, std::size_t size, bool more, std::string_view about) {
  return R"({"type":"outcome","arrival":)" + std::to_string(arrival) + R"(,"size":)" + std::to_string(size) + R"(,"more":)" +
         std::string(yes_or_no(more)) + std::string(about) + "}";
}

std::string arrival_chunk(std::uint64_t arrival, bool more) {
  return R"({"type":"chunk","arrival":)" + std::to_string(arrival) + R"(,"more":)" + std::string(yes_or_no(more)) + "}";
}

std::string request(std::uint64_t id, std::uint64_t use, int attempt, std::int64_t deadline_ms, std::size_t size, bool more,
                    std::string_view about) {
  std::string out = R"({"type":"request","id":)";
  out.reserve(160 + about.size());
  out.append(std::to_string(id)).append(R"(,"use":)").append(std::to_string(use));
  out.append(R"(,"attempt":)").append(std::to_string(attempt)).append(R"(,"deadline_ms":)").append(std::to_string(deadline_ms));
  out.append(R"(,"size":)").append(std::to_string(size)).append(R"(,"more":)").append(yes_or_no(more));
  out.append(about).append("}");
  return out;
}

std::string chunk(std::uint64_t id, bool more) {
  return R"({"type":"chunk","id":)" + std::to_string(id) + R"(,"more":)" + std::string(yes_or_no(more)) + "}";
}

std::string cancel(std::uint64_t id) {
  return R"({"type":"cancel","id":)" + std::to_string(id) + "}";
}

std::string bye(std::string_view reason) {
  return R"({"type":"bye","reason":)" + json_string(reason) + "}";
}

std::string_view ping() {
  return R"({"type":"ping"})";
}
std::string_view pong() {
  return R"({"type":"pong"})";
}

}  // namespace busway::plugins::wire
