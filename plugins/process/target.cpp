// The target half of an adapter in a process: each attempt of a call is a request to the plugin.
#include <unordered_map>

#include "bus/mutex.hpp"
#include "plugins/host/host_table.hpp"
#include "plugins/host/request.hpp"
#include "plugins/host/sized.hpp"
#include "plugins/process/adapter_tables.hpp"
#include "plugins/process/head_text.hpp"

namespace busway::plugins {

namespace {

class TicketCall;

// The calls of one service that are under way, by ticket. Any thread.
class OpenCalls {
 public:
  void add(std::uint64_t ticket, std::shared_ptr<TicketCall> call) {
    Lock lock(lock_);
    open_.emplace(ticket, std::move(call));
  }
  std::shared_ptr<TicketCall> take(std::uint64_t ticket) {
    Lock lock(lock_);
    auto found = open_.extract(ticket);
    return found.empty() ? nullptr : std::move(found.mapped());
  }

 private:
  Mutex lock_;
  std::unordered_map<std::uint64_t, std::shared_ptr<TicketCall>> open_ BUSWAY_GUARDED_BY(lock_);
};

void fail_ticket(busway_ticket ticket, const Error& error) {
  busway_reason reason{.struct_size = sizeof(busway_reason),
                       .kind = fail_kind_of(error.kind),
                       .text = text_of(error.text),
                       .code = text_of(error.code),
                       .field = {nullptr, 0}};
  call_functions.fail(ticket, &reason, nullptr);
}

// A call whose answer ends a ticket of the host.
class TicketCall final : public Call {
 public:
  TicketCall(busway_ticket ticket, std::shared_ptr<OpenCalls> calls) : ticket_(ticket), calls_(std::move(calls)) {}
  bool wanted() const override { return Call::wanted() && call_functions.wanted(ticket_) != 0; }

 private:
  void pass_on() override {
    auto kept = calls_->take(ticket_.number);
    auto answer = take_answer();
    if (call_functions.wanted(ticket_) == 0) return;  // nobody waits, and nobody is told twice
    if (answer->error) return fail_ticket(ticket_, *answer->error);
    auto garbage = [&](const char* what) {
      fail_ticket(ticket_, {.kind = ErrorKind::garbage, .text = std::string("reading the plugin's answer: ") + what});
    };
    if (answer->filtered || answer->variables.is_object())
      return garbage("it is that of a step (filtered, or variables), and this is a service");
    std::vector<busway_header> headers;
    if (answer->headers.is_object()) {
      for (const Member& member : answer->headers.members()) {
        if (!member.value.is_string()) return garbage("a header field is no text");
        headers.push_back({text_of(member.key.text()), text_of(member.value.text())});
      }
    }
    std::string_view type = answer->content_type;
    if (type.empty() && answer->replaces && !answer->bytes) type = "application/json";
    busway_answer said{.struct_size = sizeof(busway_answer),
                       .status = answer->status,
                       .bytes = text_of(answer->body),
                       .content_type = text_of(type),
                       .document = nullptr,
                       .headers = headers.data(),
                       .header_count = headers.size()};
    call_functions.answer(ticket_, &said);
  }

  busway_ticket ticket_;
  std::shared_ptr<OpenCalls> calls_;
};

struct Service {
  std::unique_ptr<PartInstance> part;
  std::shared_ptr<OpenCalls> calls = std::make_shared<OpenCalls>();
};
Service& service_of(void* instance) {
  return *static_cast<Service*>(instance);
}

std::int32_t make(const busway_make* call, void** instance) {
  auto part = make_part(*call);
  if (part == nullptr) return 1;
  *instance = new Service{.part = std::move(part)};
  return 0;
}

void destroy(void* instance) {
  std::unique_ptr<Service> service(&service_of(instance));
  service->part->drop();
}

std::int32_t open(void* instance, const busway_target_open*) {
  service_of(instance).part->tell();
  service_of(instance).part->start();
  return 0;
}

// What of the request goes out, besides its body.
void describe(busway_request* request, std::string& about) {
  busway_text endpoint{nullptr, 0};
  std::size_t index = request_functions.endpoint(request, &endpoint);
  about += R"(,"endpoint_index":)" + std::to_string(index);
  append_text(about, "endpoint", view(endpoint));
  const std::pair<std::string_view, std::uint32_t> texts[] = {
      {"message", BUSWAY_ABOUT_ID},    {"route", BUSWAY_ABOUT_ROUTE},         {"method", BUSWAY_ABOUT_METHOD},
      {"target", BUSWAY_ABOUT_TARGET}, {"operation", BUSWAY_ABOUT_OPERATION}, {"content_type", BUSWAY_ABOUT_CONTENT_TYPE}};
  for (const auto& [name, what] : texts) append_text(about, name, view(request_functions.about(request, what)));
}

void call(void* instance, busway_request* request, busway_ticket ticket) {
  Service& service = service_of(instance);
  const AdapterInProcess& component = service.part->component;
  auto made = std::make_shared<TicketCall>(ticket, service.calls);
  made->use = service.part->use;
  made->plugin = component.plugin();
  made->body = view(request_functions.bytes(request));
  made->repeatable = component.adapter->idempotent;
  constexpr std::int64_t longest = std::int64_t{24} * 3600 * 1000;
  made->deadline =
      TimePoint::clock::now() + std::chrono::milliseconds(std::min(request_functions.time_left_ms(request), longest));
  describe(request, made->about);
  if (!made->body.empty()) made->about += R"(,"body":"bytes")";
  if ((component.adapter->declared.adapter.flags & BUSWAY_ADAPTER_HEADERS) != 0) {
    std::vector<std::pair<std::string_view, std::string_view>> headers;
    for (const Header& header : request->headers) headers.emplace_back(header.name, header.value);
    append_headers(made->about, headers);
  }
  constexpr std::size_t others = 1024;  // members of the head
  if (made->about.size() + others > wire::most_head)
    return fail_ticket(ticket, {.kind = ErrorKind::internal,
                                .text = "giving the message to the plugin: its header fields are larger than 63KiB"});
  if (made->body.size() > component.manifest->max_body)
    return fail_ticket(ticket, {.kind = ErrorKind::mapping,
                                .text = "giving the message to the plugin: its body is larger than the plugin's max_body"});
  service.calls->add(ticket.number, made);
  if (component.supervisor->submit(*component.process, made)) return;
  service.calls->take(ticket.number);
  fail_ticket(ticket, {.kind = ErrorKind::not_sent,
                       .text = "giving the message to the plugin '" + component.plugin() + "': too many wait for it"});
}

// The deadline: what has not left the bus has done nothing.
void cancel(void* instance, busway_loop*, busway_ticket ticket) {
  auto open = service_of(instance).calls->take(ticket.number);
  if (open == nullptr || !open->give_up()) return;
  Error late = open->too_late();
  if (late.kind == ErrorKind::not_sent) fail_ticket(ticket, late);
}

std::int32_t idempotent(void* instance, busway_request*) {
  return service_of(instance).part->component.adapter->idempotent ? 1 : 0;
}

}  // namespace

void fill_target(AdapterInProcess& component) {
  busway_part& part = component.parts[2];
  part.make = make;
  part.destroy = destroy;
  component.target.struct_size = sizeof component.target;
  component.target.service = &part;
  component.target.open = open;
  component.target.call = call;
  component.target.cancel = cancel;
  component.target.idempotent = idempotent;
  component.role.target = &component.target;
}

}  // namespace busway::plugins
