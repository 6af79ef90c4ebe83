#include "bus/exchange.hpp"

#include <cstring>

#include "bus/route.hpp"
#include "bus/wall_clock.hpp"

namespace busway {

Failure kept(const Failure& failure, Arena& arena) {
  Failure out = failure;
  for (Node* document : {&out.body, &out.headers, &out.errors}) *document = deep_copy(*document, arena);
  if (out.fault) out.fault->detail = deep_copy(out.fault->detail, arena);
  return out;
}

int default_status(ErrorKind kind, Side side) {
  switch (kind) {
    case ErrorKind::not_sent: return 503;
    case ErrorKind::unknown: return 504;
    case ErrorKind::answered: return 502;
    case ErrorKind::garbage: return 502;
    case ErrorKind::format: return side == Side::caller ? 400 : side == Side::service ? 502 : 500;
    case ErrorKind::invalid: return 422;
    case ErrorKind::mapping: return 500;
    case ErrorKind::overload: return 503;
    case ErrorKind::deadline: return 504;
    case ErrorKind::quarantined: return 502;
    case ErrorKind::internal:
    case ErrorKind::config: return 500;
  }
  return 500;
}

Exchange::Exchange(Worker& worker) : worker_(&worker), message_(arena_) {}

void Exchange::reset() {
  origin = Origin();
  deadline = TimePoint::max();
  received = {};
  route = nullptr;
  attempted.reset();
  request_rest = nullptr;
  answer_rest.reset();
  stream_rate = 0;
  variables_ = Node();
  ending = Ending::running;
  reply_status = 0;
  answer_status = 0;
  reply_content_type = {};
  reply_format = nullptr;
  failure_.reset();
  expects_large_ = false;
  kept_.clear();
  constexpr std::size_t keep_at_most = 64 * 1024;
  for (std::size_t i = 0; i < strings_used_; ++i) {
    if (strings_[i]->capacity() > keep_at_most) *strings_[i] = std::string();
  }
  strings_used_ = 0;
  id_[0] = 0;
  arena_.reset();
  message_ = Message(arena_);
}

std::string_view Exchange::id() {
  if (id_[0] == 0) {
    auto millis =
        static_cast<std::uint64_t>(std::chrono::duration_cast<std::chrono::milliseconds>(wall_now().time_since_epoch()).count());
    std::uint64_t high = millis << 16 | 0x7000 | (worker_->random() & 0x0FFF);
    std::uint64_t low = (worker_->random() & 0x3FFF'FFFF'FFFF'FFFF) | 0x8000'0000'0000'0000;
    char* to = id_;
    for (int nibble = 0; nibble < 32; ++nibble) {
      if (nibble == 8 || nibble == 12 || nibble == 16 || nibble == 20) *to++ = '-';
      std::uint64_t half = nibble < 16 ? high : low;
      *to++ = "0123456789abcdef"[half >> (60 - 4 * (nibble % 16)) & 0xF];
    }
    *to = 0;
  }
  return {id_, 36};
}

void Exchange::set_variable(std::string_view name, const Node& value) {
  // A copy each time: an expression that has read $vars keeps what it saw.
  Collector<Member> members(arena_);
  bool placed = false;
  if (variables_.is_object()) {
    for (const Member& member : variables_.members()) {
      if (member.key.text() != name) {
        members.push(member);
      } else {
        placed = true;
        if (!value.is_nothing()) members.push({member.key, value});
      }
    }
  }
  if (!placed && !value.is_nothing()) members.push({Node::string(arena_.copy(name)), value});
  variables_ = Node::object(members.items());
}

void Exchange::fail(const Error& error) {
  Failure failure;
  failure.kind = error.kind;
  failure.status = default_status(error.kind, error.kind == ErrorKind::format ? Side::caller : message_.side());
  if (error.kind == ErrorKind::format && error.code == "coding") failure.status = 415;     // RFC 9110, 8.4
  if (error.kind == ErrorKind::format && error.code == "too_large") failure.status = 413;  // once it was decoded
  failure.message = error.text;
  failure.code = error.code;
  failure_.emplace(std::move(failure));
}

std::optional<Failure> Exchange::take_failure() {
  return std::exchange(failure_, std::nullopt);
}

std::string& Exchange::keep_string() {
  if (strings_used_ == strings_.size()) strings_.push_back(std::make_unique<std::string>());
  std::string& text = *strings_[strings_used_++];
  text.clear();
  return text;
}

// ---- the scope ----

namespace {

int hex_value(char c) {
  if (c >= '0' && c <= '9') return c - '0';
  if (c >= 'a' && c <= 'f') return c - 'a' + 10;
  if (c >= 'A' && c <= 'F') return c - 'A' + 10;
  return -1;
}

// Percent-decoding of a query piece; what is no escape stays as it is.
std::string_view decode_query(std::string_view text, Arena& arena) {
  if (text.find_first_of("%+") == std::string_view::npos) return text;
  char* out = arena.array<char>(text.size());
  std::size_t size = 0;
  for (std::size_t i = 0; i < text.size(); ++i) {
    if (text[i] == '%' && i + 2 < text.size() && hex_value(text[i + 1]) >= 0 && hex_value(text[i + 2]) >= 0) {
      out[size++] = static_cast<char>(hex_value(text[i + 1]) * 16 + hex_value(text[i + 2]));
      i += 2;
    } else {
      out[size++] = text[i] == '+' ? ' ' : text[i];
    }
  }
  return {out, size};
}

Node query_document(std::string_view query, Arena& arena) {
  constexpr std::size_t most = 256;  // pairs; a head is at most 32 KiB, and merging repeats is quadratic in their number
  Collector<Member> members(arena);
  std::size_t pairs = 0;
  while (!query.empty() && pairs++ < most) {
    std::string_view pair = query.substr(0, query.find('&'));
    query.remove_prefix(std::min(query.size(), pair.size() + 1));
    if (pair.empty()) continue;
    std::size_t equals = pair.find('=');
    std::string_view name = decode_query(pair.substr(0, equals), arena);
    Node value =
        Node::string(equals == std::string_view::npos ? std::string_view() : decode_query(pair.substr(equals + 1), arena));
    Member* twin = nullptr;
    for (Member& member : members.mutable_items()) {
      if (member.key.text() == name) twin = &member;
    }
    if (twin == nullptr) {
      members.push({Node::string(name), value});
      continue;
    }
    Collector<Node> values(arena);
    if (twin->value.is_array()) {
      for (const Node& item : twin->value.items()) values.push(item);
    } else {
      values.push(twin->value);
    }
    values.push(value);
    twin->value = Node::array(values.items());
  }
  return Node::object(members.items());
}

void add(Collector<Member>& members, std::string_view name, std::string_view value) {
  if (!value.empty()) members.push({Node::string(name), Node::string(value)});
}
void add(Collector<Member>& members, std::string_view name, const Node& value) {
  if (!value.is_nothing()) members.push({Node::string(name), value});
}

Node message_document(Exchange& exchange, Arena& arena) {
  Collector<Member> members(arena);
  add(members, "id", exchange.id());
  if (exchange.route != nullptr) add(members, "route", exchange.route->name());
  if (exchange.received != std::chrono::system_clock::time_point())
    add(members, "received", arena.copy(iso_time(exchange.received)));
  add(members, "method", exchange.origin.method);
  add(members, "target", exchange.origin.target);
  add(members, "peer", exchange.origin.peer);
  add(members, "operation", exchange.origin.operation);
  add(members, "soap_headers", exchange.origin.soap_headers);
  return Node::object(members.items());
}

Node failure_document(const Failure& failure, Arena& arena) {
  Collector<Member> members(arena);
  add(members, "kind", name_of(failure.kind));
  members.push({Node::string("status"), Node::number(failure.status)});
  add(members, "message", std::string_view(failure.message));
  add(members, "code", std::string_view(failure.code));
  add(members, "step", std::string_view(failure.step));
  add(members, "service", std::string_view(failure.service));
  add(members, "outcome", std::string_view(failure.outcome));
  add(members, "body", failure.body);
  add(members, "headers", failure.headers);
  if (failure.fault) {
    Collector<Member> fault(arena);
    add(fault, "code", std::string_view(failure.fault->code));
    add(fault, "text", std::string_view(failure.fault->text));
    add(fault, "detail", failure.fault->detail);
    add(members, "fault", Node::object(fault.items()));
  }
  add(members, "errors", failure.errors);
  return Node::object(members.items());
}

}  // namespace

Result<Node> ExchangeScope::input(Arena& arena) {
  auto document = exchange_.message().document(arena);
  // A handler must be able to answer for the very body that does not parse.
  if (!document && exchange_.failure() != nullptr) return Node();
  return document;
}

Result<Node> ExchangeScope::variable(std::string_view name, Arena& arena) {
  if (name == "vars") return exchange_.variables().is_nothing() ? Node::object({}) : exchange_.variables();
  if (name == "headers") return exchange_.message().headers.as_document(arena);
  if (name == "path") return exchange_.origin.path_values.is_nothing() ? Node::object({}) : exchange_.origin.path_values;
  if (name == "query") return query_document(exchange_.origin.query, arena);
  if (name == "message") return message_document(exchange_, arena);
  // The evaluation may outlive this failure's strings: a handler replaces them.
  if (name == "failure" && exchange_.failure() != nullptr) return deep_copy(failure_document(*exchange_.failure(), arena), arena);
  return Node();
}

void ExchangeScope::took_long() {
  if (exchange_.route != nullptr) exchange_.route->note_long();
}

}  // namespace busway
