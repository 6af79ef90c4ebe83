#include "adapters/http/client.hpp"

#include <algorithm>
#include <array>
#include <cstring>

#include "adapters/http/answer_stream.hpp"
#include "adapters/http/body.hpp"
#include "adapters/http/client_pool.hpp"
#include "adapters/http/head_writer.hpp"
#include "bus/fair_share.hpp"

namespace busway::http {

namespace {

std::string_view why(const IoStep& step) {
  if (step.kind == IoStep::Kind::closed) return "the service closed the connection";
  return step.error != 0 ? std::string_view(std::strerror(step.error)) : std::string_view("the TLS connection broke");
}

// How a request's bytes went out.
struct Sending {
  bool begun = false;  // the first byte may have reached the service
  bool whole = false;
  Error error;  // when not whole
};

Task<> write_request(Socket& socket, std::string_view head, std::string_view body, TimePoint deadline, Sending& sending) {
  while (!head.empty() || !body.empty()) {
    std::array<iovec, 2> parts{iovec{.iov_base = const_cast<char*>(head.data()), .iov_len = head.size()},
                               iovec{.iov_base = const_cast<char*>(body.data()), .iov_len = body.size()}};
    std::span<const iovec> all(parts);
    IoStep step = socket.try_write(head.empty() ? all.last(1) : body.empty() ? all.first(1) : all);
    if (step.kind == IoStep::Kind::done) {
      sending.begun = true;
      std::size_t of_head = std::min(step.bytes, head.size());
      head.remove_prefix(of_head);
      body.remove_prefix(step.bytes - of_head);
      continue;
    }
    if (step.kind == IoStep::Kind::closed || step.kind == IoStep::Kind::broken) {
      sending.error = {.kind = ErrorKind::unknown, .text = "sending the request: " + std::string(why(step)), .code = "reset"};
      co_return;
    }
    // TLS may have sent a part of a record already.
    if (socket.is_tls()) sending.begun = true;
    Wake how = co_await socket.ready(step.kind, deadline);
    if (how != Wake::ready) {
      sending.error = {
          .kind = ErrorKind::unknown, .text = "sending the request: the service did not take it in time", .code = "timeout"};
      co_return;
    }
  }
  sending.whole = true;
}

}  // namespace

// A request that has gone out, or is still going.
struct Client::Underway {
  const Request& request;
  Lease& lease;
  std::shared_ptr<Upload> upload;  // brings the rest of the body
  bool all_sent = false;           // without one
  TimePoint deadline;
  Clock::duration patience;  // how long the service was given
};

Task<Result<Response>> Client::send(Exchange& exchange, const Request& request, const Endpoint& endpoint, TimePoint deadline) {
  Worker& worker = exchange.worker();
  Lane& lane = lane_of(worker);
  Buffer head;
  RequestLines lines{.method = request.method,
                     .target = request.target,
                     .host = pool_of(lane, endpoint).host,
                     .headers = request.headers,
                     .content_type = request.content_type,
                     .length = std::nullopt};
  bool bodiless = request.body.empty() && request.rest == nullptr &&
                  (request.method == "GET" || request.method == "HEAD" || request.method == "DELETE" ||
                   request.method == "OPTIONS" || request.method == "TRACE");
  if (!bodiless) lines.length = request.body.size();
  if (request.rest != nullptr) lines.length = request.rest->length();
  lines.chunked = !bodiless && !lines.length;
  if (auto written = write_head(lines, head); !written) co_return std::unexpected(written.error());
  if (lines.chunked) append_chunk_size(request.body.size(), head);
  while (true) {
    auto lease = co_await acquire(lane, endpoint, deadline);
    if (!lease) co_return std::unexpected(lease.error());
    if (worker.now() >= deadline) {
      lease->release();
      co_return fail(ErrorKind::not_sent, "sending the request: the deadline has passed", "timeout");
    }
    Sending sending;
    Underway underway{
        .request = request, .lease = *lease, .upload = nullptr, .deadline = deadline, .patience = deadline - worker.now()};
    co_await write_request(lease->socket(), head.view(), request.body, deadline, sending);
    if (!sending.begun) {
      // The service had closed the resting connection; nothing has reached it, so the next connection may carry the request.
      if (lease->reused() && sending.error.code == "reset") continue;
      sending.error.kind = ErrorKind::not_sent;
      co_return std::unexpected(std::move(sending.error));
    }
    if (!sending.whole && sending.error.code == "timeout") co_return std::unexpected(std::move(sending.error));
    underway.all_sent = sending.whole && request.rest == nullptr;
    if (sending.whole && request.rest != nullptr) {
      head.release();
      Pace pace(worker.now(), std::chrono::ceil<std::chrono::milliseconds>(underway.patience), request.stream_rate);
      underway.upload = std::make_shared<Upload>(worker, *request.rest, lease->socket(), lines.chunked, pace);
      underway.upload->start(underway.patience);
    }
    // A service may answer and close before it has read everything: its answer counts.
    co_return co_await receive(exchange, underway);
  }
}

Task<Result<Response>> Client::receive(Exchange& exchange, Underway& underway) {
  const Request& request = underway.request;
  Upload* upload = underway.upload.get();
  Socket& socket = underway.lease.socket();
  AnswerReader reader(request.method == "HEAD", options_.max_answer, exchange.arena(),
                      request.stream_rate != 0 ? streams_beyond : UINT64_MAX);
  FairShare share(exchange.worker(), decoded_in_a_row);
  while (!reader.whole()) {
    IoStep step{.kind = IoStep::Kind::want_read};
    if (!socket.drained()) {  // no buffer before there is something to read
      co_await share.turn();
      std::span<char> room = reader.room();
      step = socket.try_read(room.first(std::min(room.size(), decoded_in_a_row)));
    }
    if (step.kind == IoStep::Kind::done) {
      share.took(step.bytes);
      if (auto took = reader.took(step.bytes); !took) co_return std::unexpected(took.error());
      if (!reader.whole() && reader.outgrows()) co_return hand_on(exchange, underway, reader);
      continue;
    }
    if (step.kind == IoStep::Kind::closed && reader.ended()) break;
    if (step.kind == IoStep::Kind::closed || step.kind == IoStep::Kind::broken)
      co_return fail(ErrorKind::unknown, "reading the answer: " + std::string(why(step)), "reset");
    if (upload != nullptr && step.kind != IoStep::Kind::want_read)  // the other direction is the body's to wait for
      co_return fail(ErrorKind::unknown, "reading the answer: the TLS connection renegotiates", "reset");
    Wake how = co_await socket.ready(step.kind, underway.deadline);
    if (how == Wake::ready) continue;
    if (upload != nullptr && upload->error() != nullptr) co_return std::unexpected(*upload->error());
    if (how == Wake::cancelled) co_return fail(ErrorKind::unknown, "reading the answer: cancelled", "cancelled");
    if (upload != nullptr && upload->due() > exchange.worker().now()) {
      underway.deadline = upload->due();
      continue;
    }
    co_return fail(ErrorKind::unknown, "reading the answer: no answer in time", "timeout");
  }
  bool all_sent = upload == nullptr ? underway.all_sent : upload->whole();
  if (all_sent && reader.reusable()) underway.lease.release();
  co_return reader.take(exchange);
}

// What has come of an answer; the rest of it goes with the connection.
Response Client::hand_on(Exchange& exchange, Underway& underway, AnswerReader& reader) {
  std::optional<AnswerReader::Rest> rest;
  Response response = reader.take_beginning(exchange, rest);
  Worker& worker = exchange.worker();
  Pace pace(worker.now(), std::chrono::ceil<std::chrono::milliseconds>(underway.patience), underway.request.stream_rate);
  bool all_sent = underway.all_sent || underway.upload != nullptr;
  AnswerStream::Connection connection{
      .lease = std::move(underway.lease), .upload = std::move(underway.upload), .all_sent = all_sent};
  exchange.answer_rest = std::make_unique<AnswerStream>(worker, std::move(connection), std::move(*rest), pace);
  return response;
}

}  // namespace busway::http
