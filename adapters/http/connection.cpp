#include "adapters/http/connection.hpp"

#include <algorithm>
#include <array>

#include "adapters/http/access_log.hpp"
#include "adapters/http/companion.hpp"
#include "adapters/http/pour.hpp"
#include "adapters/http/request_stream.hpp"
#include "bus/body_source.hpp"
#include "bus/fair_share.hpp"
#include "bus/log.hpp"

namespace busway::http {

namespace {

constexpr std::size_t most_spare_trips = 128;
// A body that no route wants is read over up to this, so that the connection stays in use; beyond, it is closed.
constexpr std::uint64_t most_unwanted = 64 * 1024;
constexpr std::size_t most_refusing = 64;
// A caller that is refused and asks again at once would take the time of those who are served: a refusal waits, the longer the
// more of them wait, so that a lane says at most some 500 a second.
constexpr std::chrono::milliseconds refused_after{100};
constexpr std::chrono::milliseconds refused_after_at_most{1000};
constexpr std::chrono::milliseconds between_refusals{2};
constexpr std::size_t most_held_back = 1024;  // refusals a lane, each with its buffers; beyond, they go out at once

// A request's part of Serving::max_in_flight.
class InFlight {
 public:
  InFlight() = default;
  InFlight(const InFlight&) = delete;
  InFlight& operator=(const InFlight&) = delete;
  ~InFlight() {
    if (serving_ != nullptr) serving_->in_flight.fetch_sub(1, std::memory_order_relaxed);
  }
  // False: it is one too many.
  bool enter(Serving& serving) {
    if (serving.max_in_flight == 0) return true;
    if (serving.in_flight.fetch_add(1, std::memory_order_relaxed) >= serving.max_in_flight) {
      serving.in_flight.fetch_sub(1, std::memory_order_relaxed);
      return false;
    }
    serving_ = &serving;
    return true;
  }

 private:
  Serving* serving_ = nullptr;
};
constexpr std::chrono::milliseconds write_grace{30'000};

}  // namespace

// ---- lane ----

std::unique_ptr<Trip> Lane::take() {
  if (spare.empty()) return std::make_unique<Trip>(worker);
  std::unique_ptr<Trip> trip = std::move(spare.back());
  spare.pop_back();
  return trip;
}

void Lane::give(std::unique_ptr<Trip> trip) {
  if (trip == nullptr || spare.size() >= most_spare_trips) return;
  trip->reset(trip->input.size());
  spare.push_back(std::move(trip));
}

void Lane::stop() {
  stopping = true;
  // A connection that is cancelled ends at once and takes itself, and only itself, off the list.
  std::vector<Connection*> resting;
  for (Connection* at = first; at != nullptr; at = at->next_) {
    if (at->idle_) resting.push_back(at);
  }
  for (Connection* connection : resting) connection->socket_.cancel();
}

// ---- connection ----

Connection::Connection(Lane& lane, Socket socket, const Address& peer, Admission::Place place)
    : lane_(lane),
      place_(std::move(place)),
      socket_(std::move(socket)),
      peer_(peer.text()),
      scanner_(HeadScanner::Side::request, lane.serving.limits) {
  next_ = lane_.first;
  if (next_ != nullptr) next_->previous_ = this;
  lane_.first = this;
  ++lane_.connections;
}

Connection::~Connection() {
  lane_.give(std::move(trip_));
  if (previous_ != nullptr) {
    previous_->next_ = next_;
  } else {
    lane_.first = next_;
  }
  if (next_ != nullptr) next_->previous_ = previous_;
  --lane_.connections;
}

Task<> Connection::run() {
  const Serving& serving = lane_.serving;
  Worker& worker = lane_.worker;
  TimePoint first_head = worker.now() + serving.head_deadline;
  if (serving.tls != nullptr) {
    auto shaken = co_await socket_.accept_tls(*serving.tls, first_head);
    if (!shaken) {
      socket_.reset();
      co_return;
    }
  }
  TimePoint until = first_head;
  while (true) {
    bool arrived = co_await read_head(until);
    if (!arrived) break;
    bool stays = co_await serve_one();
    if (!stays) break;
    until = worker.now() + serving.idle;
  }
}

Task<bool> Connection::read_head(TimePoint idle_until) {
  Worker& worker = lane_.worker;
  TimePoint deadline = idle_until;
  bool started = false;
  FairShare share(worker, decoded_in_a_row);
  scanner_.reset();
  refusal_ = {};
  while (true) {
    if (trip_ != nullptr && !trip_->input.empty()) {
      if (scanner_.scan(trip_->input.view())) co_return true;
      refusal_ = scanner_.refusal();
      if (refusal_) co_return true;
      if (scanner_.begin() == trip_->input.size()) {
        trip_->input.shrink(0);  // empty lines alone start nothing
        scanner_.reset();
      } else if (!started) {
        started = true;
        deadline = worker.now() + lane_.serving.head_deadline;
      }
    }
    IoStep step{.kind = IoStep::Kind::want_read};
    if (!socket_.drained()) {
      if (trip_ == nullptr) trip_ = lane_.take();
      co_await share.turn();
      step = socket_.try_read(trip_->input.head_room());
    }
    if (step.kind == IoStep::Kind::done) {
      share.took(step.bytes);
      trip_->input.grew(step.bytes);
      continue;
    }
    if (step.kind == IoStep::Kind::closed || step.kind == IoStep::Kind::broken) co_return false;
    if (!started) {
      if (lane_.stopping) co_return false;
      lane_.give(std::move(trip_));
    }
    idle_ = !started;
    Wake how = co_await socket_.ready(step.kind, deadline);
    idle_ = false;
    if (how == Wake::timed_out && started) {
      refusal_ = {408, "the request head took too long"};
      co_return true;
    }
    if (how != Wake::ready) co_return false;
  }
}

Task<bool> Connection::serve_one() {
  Trip& trip = *trip_;
  const TimePoint began = lane_.worker.now();
  if (!refusal_) {
    refusal_ =
        trip.head.read(trip.input.view().substr(scanner_.begin(), scanner_.end() - scanner_.begin()), lane_.serving.limits);
  }
  HttpReply reply(trip.exchange.arena());
  Refusal refusal = refusal_;
  std::size_t consumed = trip.input.size();
  bool unread = static_cast<bool>(refusal);
  bool close = unread;
  bool early = false;  // refused for the load alone
  InFlight in_flight;
  Buffer spilled;
  std::unique_ptr<RequestStream> stream;  // while the rest of the body is on its way
  if (refusal) {
    trip.head.minor_version = 1;
    trip.refuse(refusal, reply);
  } else {
    close = !trip.head.persistent();
    trip.arrive(peer_, socket_.is_tls());
    refusal = trip.match(lane_.serving.routes, reply);
    if (!refusal && !in_flight.enter(lane_.serving)) {
      refusal = {503, "too many requests are being served"};
      early = true;
    }
    HttpInlet::Passing passing = refusal ? HttpInlet::Passing() : trip.found.inlets.front()->passing();
    if (passing.answer) trip.exchange.stream_rate = lane_.serving.body_rate;
    BodyGatherer body(trip.head.framing, refusal ? most_unwanted : trip.max_body(), trip.input, scanner_.end());
    Refusal body_refusal = body.refusal();
    if (!body_refusal && !body.whole() && trip.head.expects_continue) {
      if (refusal) {
        body_refusal = refusal;  // the sender waits to hear whether it may send: it may not
      } else if (body.received() == 0) {
        bool told = co_await write("HTTP/1.1 100 Continue\r\n\r\n", {});
        if (!told) co_return false;
      }
    }
    if (!body_refusal && !body.whole()) {
      Pace pace(lane_.worker.now(), lane_.serving.head_deadline, lane_.serving.body_rate);
      bool came = co_await read_body(body, passing.request, pace, body_refusal);
      if (!came) co_return false;
      if (!body_refusal && !body.whole()) {
        std::string_view first = body.body();
        stream = std::make_unique<RequestStream>(trip.exchange, socket_, body, pace);
        // From here on the rate is the bound, so that the time of the call begins now.
        trip.exchange.deadline = lane_.worker.now() + trip.found.inlets.front()->route().deadline();
        co_await trip.serve(first, reply);
        body_refusal = stream->refusal();
        unread = !stream->whole();
        if (stream->broken() && trip.exchange.ending == Exchange::Ending::failed) co_return false;
      }
    }
    unread = unread || body_refusal;
    if (!refusal) refusal = body_refusal;
    if (stream != nullptr) {
      // A service that has answered before it could read what is wrong is heard.
      if (refusal && trip.exchange.ending != Exchange::Ending::failed) refusal = {};
      if (refusal) reply.headers.clear();
    }
    if (refusal) {
      trip.refuse(refusal, reply);
    } else if (stream == nullptr) {
      co_await trip.serve(body.body(), reply);
    }
    consumed = unread || stream != nullptr ? trip.input.size() : body.next();
    spilled = body.take_spilled();
  }
  close = close || unread || reply.close || lane_.stopping || ++requests_ >= lane_.serving.max_requests;
  // A status that has no body keeps none back either.
  if (trip.exchange.answer_rest != nullptr && trip.body_of(reply).empty()) trip.exchange.answer_rest.reset();
  bool written = false;
  std::uint64_t streamed = 0;
  if (trip.exchange.answer_rest == nullptr) [[likely]] {
    if (early) co_await hold_back();
    trip.frame(reply, close);
    written = co_await write(trip.output.view(), trip.body_of(reply));
  } else {
    close = close || trip.ends_by_closing();
    trip.frame(reply, close);
    written = co_await hand_on(trip.body_of(reply), !unread, streamed);
    if (stream != nullptr) unread = !stream->whole();
  }
  if (lane_.serving.access_log) {
    log_access({.trip = trip,
                .peer = peer_,
                .refused = refusal.reason,
                .status = reply.status,
                .sent = streamed != 0 ? streamed : trip.output.size() + trip.body_of(reply).size(),
                .whole = written,
                .secure = socket_.is_tls(),
                .began = began},
               trip.exchange.id());
  }
  if (!written) co_return false;
  if (trip.exchange.holds_much()) {
    co_await lane_.worker.in_slices(true, TimePoint::max(), [&] { trip.reset(consumed); });
  } else {
    trip.reset(consumed);
  }
  if (stream != nullptr) {
    trip.input.append(stream->after());
    stream.reset();
  }
  if (unread) co_await linger();
  co_return !close;
}

Task<> Connection::hold_back() {
  Counted held(lane_.held_back);
  if (lane_.held_back > most_held_back) co_return;
  co_await lane_.worker.sleep_for(
      std::clamp(static_cast<int>(lane_.held_back) * between_refusals, refused_after, refused_after_at_most));
}

Task<bool> Connection::read_body(BodyGatherer& body, bool streams, Pace& pace, Refusal& refusal) {
  Worker& worker = lane_.worker;
  FairShare share(worker, decoded_in_a_row);
  while (!body.whole() && !(streams && body.body().size() > streams_beyond)) {
    if (!socket_.drained()) co_await share.turn();
    std::span<char> room = body.room();
    IoStep step = socket_.try_read(room.first(std::min(room.size(), decoded_in_a_row)));
    if (step.kind == IoStep::Kind::done) {
      share.took(step.bytes);
      body.took(step.bytes);
      refusal = body.refusal();
      if (refusal) co_return true;
      continue;
    }
    if (step.kind == IoStep::Kind::closed || step.kind == IoStep::Kind::broken) co_return false;
    Wake how = co_await socket_.ready(step.kind, pace.deadline(worker.now(), body.received()));
    if (how == Wake::timed_out) {
      refusal = {408, "the request body came too slowly"};
      co_return true;
    }
    if (how != Wake::ready) co_return false;
  }
  co_return true;
}

Task<bool> Connection::write(std::string_view head, std::string_view body) {
  Pace pace(lane_.worker.now(), write_grace, lane_.serving.body_rate);
  const std::size_t all_bytes = head.size() + body.size();
  while (!head.empty() || !body.empty()) {
    std::array<iovec, 2> parts{iovec{.iov_base = const_cast<char*>(head.data()), .iov_len = head.size()},
                               iovec{.iov_base = const_cast<char*>(body.data()), .iov_len = body.size()}};
    std::span<const iovec> all(parts);
    IoStep step = socket_.try_write(head.empty() ? all.last(1) : body.empty() ? all.first(1) : all);
    if (step.kind == IoStep::Kind::done) {
      std::size_t of_head = std::min(step.bytes, head.size());
      head.remove_prefix(of_head);
      body.remove_prefix(step.bytes - of_head);
      continue;
    }
    if (step.kind == IoStep::Kind::closed || step.kind == IoStep::Kind::broken) co_return false;
    Wake how = co_await socket_.ready(step.kind, pace.deadline(lane_.worker.now(), all_bytes - head.size() - body.size()));
    if (how != Wake::ready) {
      socket_.reset();  // a cut reply must not look like a whole one
      co_return false;
    }
  }
  co_return true;
}

namespace {

// Waits for the caller to break its connection, which a reply that waits for the service would not notice. Its end alone is no
// break: who has sent all may say so.
Task<> watch(Worker& worker, const Socket& caller, std::weak_ptr<BodySource*> reply) {
  while (true) {
    Wake how = co_await caller.ready(IoStep::Kind::want_read, TimePoint::max());
    if (how != Wake::ready) co_return;
    char byte = 0;
    if (::recv(caller.descriptor().fd(), &byte, 1, MSG_PEEK | MSG_DONTWAIT) >= 0 || errno == EAGAIN) continue;
    worker.post([reply] {
      if (auto at = reply.lock()) (*at)->stop();
    });
    co_return;
  }
}

}  // namespace

Task<bool> Connection::hand_on(std::string_view body, bool request_read, std::uint64_t& sent) {
  Trip& trip = *trip_;
  Worker& worker = lane_.worker;
  auto reply = std::make_shared<BodySource*>(trip.exchange.answer_rest.get());
  Pour pour(worker, **reply, socket_, trip.in_chunks(), Pace(worker.now(), write_grace, lane_.serving.body_rate));
  // A body that is still coming in notices by itself.
  Companion watching;
  if (request_read) watching = beside(watch(worker, socket_, reply));
  co_await pour.run(trip.output.view(), body);
  sent = pour.sent;
  trip.exchange.answer_rest.reset();
  if (pour.end == Pour::End::whole) co_return true;
  LogField fields[] = {{"error", pour.error}, {"sent", static_cast<std::size_t>(sent)}, {"id", trip.exchange.id()}};
  log().write(LogLevel::warn, "A reply was cut off.", trip.found.inlets.front()->route().name(), fields);
  socket_.reset();  // a cut reply must not look like a whole one
  co_return false;
}

Task<> Connection::linger() {
  constexpr std::size_t most = 1024 * 1024;
  TimePoint deadline = lane_.worker.now() + std::chrono::seconds(2);
  socket_.shutdown_write();
  static thread_local std::array<char, 16 * 1024> waste;  // nobody reads it, so everybody may write it
  lane_.give(std::move(trip_));
  FairShare share(lane_.worker, passed_in_a_row);
  for (std::size_t read = 0; read < most;) {
    co_await share.turn();
    IoStep step = socket_.try_read(waste);
    if (step.kind == IoStep::Kind::done) {
      share.took(step.bytes);
      read += step.bytes;
      continue;
    }
    if (step.kind == IoStep::Kind::closed || step.kind == IoStep::Kind::broken) co_return;
    Wake how = co_await socket_.ready(step.kind, deadline);
    if (how != Wake::ready) co_return;
  }
}

namespace {

Task<> serve_connection(Lane& lane, Socket socket, Address peer, Admission::Place place) {
  Connection connection(lane, std::move(socket), peer, std::move(place));
  co_await connection.run();
}

// Takes what the sender had on its way: closed at once, its bytes would make a reset of our reply.
Task<> let_it_read(Lane& lane, Socket socket) {
  Counted counted(lane.refusing);
  TimePoint deadline = lane.worker.now() + std::chrono::seconds(1);
  std::array<char, 1024> waste;
  for (int reads = 0; reads < 64; ++reads) {
    auto got = co_await socket.read(waste, deadline);
    if (!got || *got == 0) co_return;
  }
}

}  // namespace

void admit(Lane& lane, Socket socket, const Address& peer) {
  Admission::Place place = lane.serving.admission.enter(peer);
  if (place) {
    lane.worker.spawn(serve_connection(lane, std::move(socket), peer, std::move(place)));
    return;
  }
  if (lane.serving.tls != nullptr) return;  // a handshake is what it must not cost
  std::string_view reply = Admission::reply(place.refused);
  if (socket.try_write(reply).kind != IoStep::Kind::done) return;
  socket.shutdown_write();
  if (lane.refusing < most_refusing) lane.worker.spawn(let_it_read(lane, std::move(socket)));
}

}  // namespace busway::http
