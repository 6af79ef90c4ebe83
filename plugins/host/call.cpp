#include "plugins/host/call.hpp"

#include <array>
#include <atomic>
#include <unordered_map>

#include "bus/header_rules.hpp"
#include "bus/log.hpp"
#include "bus/mutex.hpp"
#include "plugins/host/host_table.hpp"
#include "plugins/host/sized.hpp"
#include "plugins/host/utf8.hpp"

namespace busway::plugins {

namespace {
constexpr std::size_t most_headers = 256;
}

bool good_headers(const busway_header* headers, std::size_t count) {
  if (count > most_headers || (count != 0 && headers == nullptr)) return false;
  for (std::size_t i = 0; i < count; ++i) {
    if (!is_token(view(headers[i].name)) || !good_header_value(view(headers[i].value)) || !is_utf8(view(headers[i].value)))
      return false;
  }
  return true;
}

bool within(std::uint64_t max_body, std::string_view bytes, const busway_document* document) {
  constexpr std::uint64_t small = 64UL * 1024;
  if (document == nullptr) return bytes.size() <= max_body;
  return document->arena.reserved() <= std::max<std::uint64_t>(small, max_body * 10);
}

Result<HandedIn> take(const busway_answer& answer, std::uint64_t max_body) {
  HandedIn out;
  out.document.reset(answer.document);
  if (!within(max_body, view(answer.bytes), answer.document))
    return busway::fail(ErrorKind::garbage, "the answer is larger than max_body, which is " + std::to_string(max_body), "limit");
  if (!good_headers(answer.headers, answer.header_count))
    return busway::fail(ErrorKind::internal, "the plugin answers with header fields that cannot be sent");
  if (!is_utf8(view(answer.content_type)) || answer.status < 0 || answer.status > 999)
    return busway::fail(ErrorKind::internal, "the plugin answers with a status or a content type that is none");
  if (out.document != nullptr) {
    auto root = out.document->builder.finish();
    if (!root) return std::unexpected(std::move(root.error()));
    out.root = *root;
  }
  out.bytes = view(answer.bytes);
  out.content_type = view(answer.content_type);
  out.status = answer.status;
  for (std::size_t i = 0; i < answer.header_count; ++i)
    out.headers.emplace_back(view(answer.headers[i].name), view(answer.headers[i].value));
  return out;
}

// ---- tickets ----

namespace {

struct Shard {
  Mutex lock;
  std::unordered_map<std::uint64_t, std::shared_ptr<PendingCall>> open BUSWAY_GUARDED_BY(lock);
};
constexpr std::size_t shards = 16;

Shard& shard_of(std::uint64_t number) {
  // Never destroyed: a plugin's threads may end after everything else.
  static auto& all = *new std::array<Shard, shards>();
  return all[number % shards];
}
std::atomic<std::uint64_t> last_number{0};
std::atomic<std::uint64_t> late{0};

}  // namespace

std::uint64_t open_ticket(std::shared_ptr<PendingCall> call) {
  std::uint64_t number = last_number.fetch_add(1, std::memory_order_relaxed) + 1;
  Shard& shard = shard_of(number);
  Lock lock(shard.lock);
  shard.open.emplace(number, std::move(call));
  return number;
}

std::shared_ptr<PendingCall> take_ticket(std::uint64_t number) {
  Shard& shard = shard_of(number);
  Lock lock(shard.lock);
  auto found = shard.open.extract(number);
  return found.empty() ? nullptr : std::move(found.mapped());
}

bool is_open(std::uint64_t number) {
  Shard& shard = shard_of(number);
  Lock lock(shard.lock);
  return shard.open.contains(number);
}

std::uint64_t late_answers() {
  return late.load(std::memory_order_relaxed);
}

// ---- a call ----

void PendingCall::answer(const busway_answer& answer) {
  auto taken = take(answer, max_body_);
  if (taken) {
    handed_in_ = std::move(*taken);
  } else {
    error_ = std::move(taken.error());
  }
}

void PendingCall::fail(const busway_reason& reason, const busway_answer* said) {
  busway_failure failure;
  failure.set(reason);
  Error error = failure.take("calling the service");
  std::string code = std::exchange(error.code, {});  // codes of the bus steer it: a plugin's are words only
  if (said != nullptr) answer(*said);
  switch (error.kind) {
    case ErrorKind::answered: fault_ = Fault{code, error.text, Node()}; return;
    case ErrorKind::deadline:
      error.kind = ErrorKind::unknown;
      error.code = "timeout";
      break;
    case ErrorKind::format: error.kind = ErrorKind::garbage; break;
    case ErrorKind::overload: error.kind = ErrorKind::not_sent; break;
    default: break;
  }
  if (!code.empty()) error.text += " (" + code + ")";
  error_ = std::move(error);
}

void PendingCall::simulate(std::string bytes, const std::optional<Node>& document, int status,
                           const std::vector<std::pair<std::string, std::string>>& headers, const std::optional<Fault>& fault) {
  handed_in_.bytes = std::move(bytes);
  handed_in_.root = document;
  handed_in_.status = status;
  handed_in_.headers = headers;
  fault_ = fault;
}

void PendingCall::post() {
  mailbox_->post([self = shared_from_this()] {
    self->done_ = true;
    if (self->gate_ != nullptr) self->gate_->open();
  });
}

Task<Wake> PendingCall::wait(Worker& worker, TimePoint deadline) {
  if (done_) co_return Wake::ready;
  struct Waiting {
    PendingCall& call;
    ~Waiting() { call.gate_ = nullptr; }
  } waiting{*this};
  Gate gate(worker);
  gate_ = &gate;
  Wake how = co_await gate.wait(deadline);
  co_return how;
}

Result<Answer> PendingCall::result(Exchange& exchange, std::string_view protocol, const Format* format) {
  if (error_) return std::unexpected(std::move(*error_));
  exchange.keep(shared_from_this());
  Answer answer(exchange.arena());
  answer.status = handed_in_.status;
  answer.fault = fault_;
  for (const auto& [name, value] : handed_in_.headers) answer.message.headers.add(name, value);
  if (handed_in_.root) {
    answer.message.receive_document(*handed_in_.root, {}, handed_in_.content_type, protocol, Side::service);
  } else {
    answer.message.receive(handed_in_.bytes, handed_in_.content_type, protocol, format, Side::service);
  }
  return answer;
}

// ---- what a plugin calls ----

namespace {

// The call, for whoever ends it first. What comes for one that has ended is counted.
std::shared_ptr<PendingCall> take_or_count(busway_ticket ticket) {
  auto call = take_ticket(ticket.number);
  if (call == nullptr) {
    auto count = late.fetch_add(1, std::memory_order_relaxed) + 1;
    log().warn("A plugin has answered a call that had ended before.", {{"so_far", static_cast<std::int64_t>(count)}});
  }
  return call;
}

int32_t answer_call(busway_ticket ticket, const busway_answer* given) {
  auto answer = read_sized<busway_answer>(given);
  if (!answer) return 0;
  auto call = take_or_count(ticket);
  if (call == nullptr) {
    delete answer->document;
    return 0;
  }
  call->answer(*answer);
  call->post();
  return 1;
}

int32_t fail_call(busway_ticket ticket, const busway_reason* given, const busway_answer* said) {
  auto reason = read_sized<busway_reason>(given);
  auto body = said == nullptr ? std::nullopt : read_sized<busway_answer>(said);
  if (!reason) return 0;
  auto call = take_or_count(ticket);
  if (call == nullptr) {
    if (body) delete body->document;
    return 0;
  }
  call->fail(*reason, body ? &*body : nullptr);
  call->post();
  return 1;
}

}  // namespace

const busway_call_functions call_functions = {
    .struct_size = sizeof(busway_call_functions),
    .reserved = 0,
    .answer = answer_call,
    .fail = fail_call,
    .wanted = [](busway_ticket ticket) -> int32_t { return is_open(ticket.number) ? 1 : 0; },
};

const busway_detached_functions detached_functions = {
    .struct_size = sizeof(busway_detached_functions),
    .reserved = 0,
    .begin = [] { return new busway_document(); },
    .builder = [](busway_document* document) { return &document->builder; },
    .drop = [](busway_document* document) { delete document; },
};

}  // namespace busway::plugins
