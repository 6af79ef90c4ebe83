#include "plugins/process/step.hpp"

#include <algorithm>

#include "bus/compute.hpp"
#include "bus/header_rules.hpp"
#include "bus/json_text.hpp"
#include "bus/route.hpp"
#include "plugins/process/head_text.hpp"

namespace busway::plugins {

namespace {

// Of an object, those members that are asked for; nothing when there is none of them.
void append_chosen(std::string& out, std::string_view name, const Node& object, const std::vector<std::string>& chosen,
                   bool lower_case) {
  std::string members;
  for (const std::string& one : chosen) {
    std::string key = one;
    if (lower_case)
      std::transform(key.begin(), key.end(), key.begin(),
                     [](char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c | 0x20) : c; });
    Node value = object.member(key);
    if (value.is_nothing()) continue;
    if (value.is_string()) {
      append_text(members, key, value.text());
    } else {
      members.append(",").append(json_string(key)).append(":");
      write_json(value, members);
    }
  }
  if (members.empty()) return;
  members[0] = '{';
  out.append(",\"").append(name).append("\":").append(members).append("}");
}

class StepInProcess final : public Step {
 public:
  StepInProcess(std::shared_ptr<Supervisor> supervisor, const ProcessStep& declared, Process& process, std::uint64_t use)
      : supervisor_(std::move(supervisor)), declared_(declared), process_(process), use_(use) {}

  bool waits() const override { return true; }
  bool touches_body() const override { return declared_.body != StepBody::none; }
  void follow(MessageTrail& trail) const override {
    if (touches_body()) return trail.forget();
    trail.guarded = true;  // it may fail, or filter
  }

  Task<Flow> run_waiting(Exchange& exchange) const override {
    auto call = std::make_shared<AwaitedCall>(exchange.worker());
    auto asked = co_await compute(exchange, [&] { return ask(exchange, *call); });
    if (!asked) co_return failed(exchange, asked.error());
    if (!supervisor_->submit(process_, call)) {
      co_return failed(exchange,
                       {.kind = ErrorKind::overload,
                        .text = "giving the message to the plugin '" + process_.manifest().name + "': too many wait for it"});
    }
    std::shared_ptr<ProcessAnswer> answer = co_await call->wait(exchange.worker(), exchange.deadline);
    if (answer == nullptr) co_return failed(exchange, call->too_late());
    if (answer->error) co_return failed(exchange, *answer->error);
    exchange.keep(answer);
    auto taken = co_await compute(exchange, [&] { return take(exchange, *answer); }, answer->body.size());
    if (!taken) co_return failed(exchange, taken.error());
    co_return answer->filtered ? Flow::filtered : Flow::next;
  }

 private:
  Flow failed(Exchange& exchange, const Error& error) const {
    exchange.fail(error);
    Failure failure = *exchange.take_failure();
    bool unknown = error.kind == ErrorKind::unknown;
    bool not_sent = error.kind == ErrorKind::not_sent;
    if (unknown || not_sent) failure.outcome = name_of(error.kind);
    if (not_sent) failure.retry_after_s = 1;
    failure.repeatable = not_sent || error.kind == ErrorKind::overload || (declared_.idempotent && unknown);
    exchange.fail(std::move(failure));
    return Flow::failed;
  }

  // What of the exchange goes out.
  Result<void> ask(Exchange& exchange, Call& call) const {
    call.use = use_;
    call.repeatable = declared_.idempotent;
    call.plugin = process_.manifest().name;
    TimePoint now = TimePoint::clock::now();
    call.deadline = until(exchange, now);
    if (call.deadline == now + declared_.timeout) call.timeout = declared_.timeout;
    if (auto body = body_of(exchange, call.body); !body) return body;
    if (call.body.size() > process_.manifest().max_body)
      return fail(ErrorKind::format, "giving the message to the plugin: its body is larger than the plugin's max_body",
                  "too_large");
    std::string& about = call.about;
    append_text(about, "message", exchange.id());
    if (exchange.route != nullptr) append_text(about, "route", exchange.route->name());
    append_text(about, "method", exchange.origin.method);
    append_text(about, "target", exchange.origin.target);
    append_text(about, "operation", exchange.origin.operation);
    if (!call.body.empty()) append_text(about, "body", given_bytes(exchange) ? "bytes" : "document");
    if (given_bytes(exchange)) append_text(about, "content_type", exchange.message().content_type);
    if (!declared_.headers.empty())
      append_chosen(about, "headers", exchange.message().headers.as_document(exchange.arena()), declared_.headers, true);
    append_chosen(about, "variables", exchange.variables(), declared_.variables, false);
    constexpr std::size_t others = 1024;  // members of the head
    if (about.size() + others > wire::most_head)
      return fail(ErrorKind::internal,
                  "giving the message to the plugin: the variables and header fields it asks for are larger than 63KiB");
    return {};
  }

  // By the clock of the machine, which is the supervisor's.
  TimePoint until(Exchange& exchange, TimePoint now) const {
    TimePoint longest = now + declared_.timeout;
    if (exchange.deadline == TimePoint::max()) return longest;
    if (!exchange.worker().manual_clock()) return std::min(longest, exchange.deadline);
    return std::min(longest, now + (exchange.deadline - exchange.worker().now()));
  }

  // Bytes as they came; what a step has replaced is a document, whoever asks.
  bool given_bytes(const Exchange& exchange) const { return declared_.body == StepBody::bytes && exchange.message().has_bytes(); }

  Result<void> body_of(Exchange& exchange, std::string& out) const {
    Message& message = exchange.message();
    if (declared_.body == StepBody::none || message.empty()) return {};
    if (given_bytes(exchange)) {
      out = message.bytes();
      return {};
    }
    auto document = ExchangeScope(exchange).input(exchange.arena());
    if (!document) return std::unexpected(document.error());
    if (document->is_nothing()) return {};
    // What has just been read as this very JSON need not be written anew; a byte order mark is not for others to skip.
    if (message.has_bytes() && message.format() == &process_.json() && !message.bytes().starts_with('\xef')) {
      out = message.bytes();
      return {};
    }
    return process_.json().write(*document, out);
  }

  // What the plugin makes of it: variables, header fields, the body. Its answer is checked as that of any service.
  Result<void> take(Exchange& exchange, const ProcessAnswer& answer) const {
    auto garbage = [](std::string what) { return fail(ErrorKind::garbage, "reading the plugin's answer: " + std::move(what)); };
    if (answer.bytes || answer.status != 0) return garbage("it is that of an adapter (bytes, or a status), and this is a step");
    if (answer.replaces) {
      if (declared_.body == StepBody::none) return garbage("it replaces the body, and is declared to leave it alone");
      auto document = process_.json().read(answer.body, exchange.arena());
      if (!document) return garbage(document.error().text);
      exchange.message().replace(*document);
    }
    if (answer.variables.is_object()) {
      for (const Member& member : answer.variables.members()) {
        if (member.key.size() == 0) return garbage("it sets a variable without a name");
        exchange.set_variable(member.key.text(), member.value);
      }
    }
    if (!answer.headers.is_object()) return {};
    Headers& headers = exchange.message().headers;
    for (const Member& member : answer.headers.members()) {
      std::string_view name = member.key.text();
      if (!is_token(name) || is_bus_header(name) || equal_ignoring_case(name, "content-type"))
        return garbage("it changes the header field '" + std::string(is_token(name) ? name : "?") +
                       "': it is no name for one, or it is the bus's own");
      if (member.value.is_null()) {
        headers.remove(name);
      } else if (member.value.is_string() && good_header_value(member.value.text())) {
        headers.set(name, member.value.text());
      } else {
        return garbage("the header field '" + std::string(name) + "' is no text, or holds a control character");
      }
    }
    return {};
  }

  std::shared_ptr<Supervisor> supervisor_;  // keeps the process
  ProcessStep declared_;
  Process& process_;
  std::uint64_t use_;
};

// Of a plugin that is only declared.
class DeclaredProcessStep final : public Step {
 public:
  explicit DeclaredProcessStep(const ProcessStep& declared) : leaves_body_(declared.body == StepBody::none) {}
  bool touches_body() const override { return !leaves_body_; }
  void follow(MessageTrail& trail) const override {
    if (!leaves_body_) return trail.forget();
    trail.guarded = true;
  }
  Flow run(Exchange& exchange) const override {
    exchange.fail(Error{.kind = ErrorKind::internal, .text = "the step's plugin is declared, and not started"});
    return Flow::failed;
  }

 private:
  bool leaves_body_;
};

}  // namespace

std::unique_ptr<Step> make_process_step(std::shared_ptr<Supervisor> supervisor, const ProcessStep& declared, Process* process,
                                        std::uint64_t use) {
  if (supervisor == nullptr || process == nullptr) return std::make_unique<DeclaredProcessStep>(declared);
  return std::make_unique<StepInProcess>(std::move(supervisor), declared, *process, use);
}

}  // namespace busway::plugins
