#include "adapters/http/request_stream.hpp"

#include "adapters/http/pour.hpp"

namespace busway::http {

RequestStream::RequestStream(Exchange& exchange, Socket& socket, BodyGatherer& gathered, Pace pace)
    : exchange_(exchange),
      socket_(socket),
      flow_(gathered.flow()),
      first_(gathered.take_spilled()),
      length_(gathered.length()),
      pace_(pace),
      share_(exchange.worker(), passed_in_a_row),
      received_before_(gathered.received()),
      left_(exchange.worker().now()) {
  exchange.request_rest = this;
}

RequestStream::~RequestStream() {
  exchange_.answer_rest.reset();  // it may still be reading from here
  exchange_.request_rest = nullptr;
}

std::uint64_t RequestStream::plain_left() const {
  return socket_.is_tls() || !length_ ? 0 : *length_ - flow_.passed();
}

std::unexpected<Error> RequestStream::refused(Refusal refusal) {
  refusal_ = refusal;
  return fail(ErrorKind::format, "reading the caller's body: " + std::string(refusal.reason), "caller");
}

std::unexpected<Error> RequestStream::lost(std::string_view why) {
  broken_ = true;
  return fail(ErrorKind::format, "reading the caller's body: " + std::string(why), "caller");
}

Task<Result<std::string_view>> RequestStream::pull(Pipe* pipe) {
  Worker& worker = exchange_.worker();
  if (!begun_) {
    begun_ = true;
    exchange_.message().clear_body();
    first_.release();
  }
  pace_.forgive(worker.now() - left_);  // the service's time, not the caller's
  while (!flow_.whole()) {
    if (refusal_ || broken_) co_return fail(ErrorKind::format, "reading the caller's body: it has broken off", "caller");
    if (!socket_.drained()) co_await share_.turn();  // before the scratch is used, which all of the worker share
    std::span<char> room = flow_.room(stream_scratch());
    IoStep step = pipe == nullptr ? socket_.try_read(room) : pipe->fill(socket_, plain_left());
    if (step.kind == IoStep::Kind::done) {
      share_.took(step.bytes);
      std::string_view body = "in the pipe";
      if (pipe == nullptr) {
        body = flow_.took(room.first(step.bytes));
      } else {
        flow_.went(step.bytes);
      }
      if (flow_.refusal()) co_return refused(flow_.refusal());
      if (flow_.whole()) after_.append(flow_.after());
      if (body.empty()) continue;
      left_ = worker.now();
      co_return body;
    }
    if (step.kind != IoStep::Kind::want_read) co_return lost("the caller closed the connection");
    Wake how = co_await socket_.ready(step.kind, pace_.deadline(worker.now(), received_before_ + flow_.received()));
    if (how == Wake::timed_out) co_return refused({408, "the request body came too slowly"});
    if (how != Wake::ready) co_return lost("cancelled");
  }
  co_return std::string_view();
}

}  // namespace busway::http
