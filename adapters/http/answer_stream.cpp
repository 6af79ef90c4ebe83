#include "adapters/http/answer_stream.hpp"

#include <cstring>

namespace busway::http {

AnswerStream::AnswerStream(Worker& worker, Connection connection, AnswerReader::Rest rest, Pace pace)
    : worker_(worker),
      lease_(std::make_unique<Client::Lease>(std::move(connection.lease))),
      upload_(std::move(connection.upload)),
      flow_(rest.flow),
      length_(rest.length),
      first_(std::move(rest.first)),
      persistent_(rest.persistent),
      all_sent_(connection.all_sent),
      pace_(pace),
      share_(worker, passed_in_a_row),
      left_(worker.now()) {}

AnswerStream::~AnswerStream() = default;

void AnswerStream::stop() {
  if (lease_ != nullptr) lease_->socket().cancel();
}

std::unexpected<Error> AnswerStream::broken(std::string why, std::string code) {
  failed_ = true;
  if (upload_ != nullptr && upload_->error() != nullptr) why = upload_->error()->text;
  upload_.reset();
  lease_.reset();
  return fail(ErrorKind::unknown, "reading the answer: " + why, std::move(code));
}

std::uint64_t AnswerStream::plain_left() const {
  return lease_ == nullptr || lease_->socket().is_tls() || !length_ ? 0 : *length_ - flow_.passed();
}

// The connection goes back at once: its next request need not wait for a slow reader of this answer.
void AnswerStream::finish() {
  bool sent = all_sent_ && (upload_ == nullptr || upload_->whole());
  upload_.reset();
  if (persistent_ && sent && flow_.after().empty()) lease_->release();
  lease_.reset();
}

Task<Result<std::string_view>> AnswerStream::pull(Pipe* pipe) {
  if (!begun_) {
    begun_ = true;
    first_.release();
  }
  pace_.forgive(worker_.now() - left_);  // the caller's time, not the service's
  while (!flow_.whole()) {
    if (failed_) co_return fail(ErrorKind::unknown, "reading the answer: it has broken off", "reset");
    Socket& socket = lease_->socket();
    if (!socket.drained()) co_await share_.turn();  // before the scratch is used, which all of the worker share
    std::span<char> room = flow_.room(stream_scratch());
    IoStep step = pipe == nullptr ? socket.try_read(room) : pipe->fill(socket, plain_left());
    if (step.kind == IoStep::Kind::done) {
      share_.took(step.bytes);
      std::string_view body = "in the pipe";
      if (pipe == nullptr) {
        body = flow_.took(room.first(step.bytes));
      } else {
        flow_.went(step.bytes);
      }
      if (Refusal refusal = flow_.refusal())
        co_return broken(std::string(refusal.status == 413 ? "it is larger than max_answer" : refusal.reason), "garbage");
      if (flow_.whole()) finish();
      if (body.empty()) continue;
      left_ = worker_.now();
      co_return body;
    }
    if (step.kind == IoStep::Kind::closed) {
      flow_.ended();
      if (!flow_.whole()) co_return broken("the service closed the connection", "reset");
      finish();
      break;
    }
    if (step.kind != IoStep::Kind::want_read)
      co_return broken(step.error != 0 ? std::strerror(step.error) : "the TLS connection broke", "reset");
    Wake how = co_await socket.ready(step.kind, pace_.deadline(worker_.now(), flow_.received()));
    if (how == Wake::timed_out) co_return broken("it came too slowly", "timeout");
    if (how == Wake::cancelled) co_return broken("cancelled", "cancelled");
  }
  co_return std::string_view();
}

}  // namespace busway::http
