// What goes through a process: uses, messages for it, and those that it brings.
#include <algorithm>
#include <utility>

#include "bus/log.hpp"
#include "plugins/process/cases.hpp"
#include "plugins/process/process.hpp"

namespace busway::plugins {

namespace {

constexpr std::size_t most_waiting_bytes = 64UL * 1024 * 1024;
// On a worker, which has others to serve: besides an answer and an acknowledgement to each message that may be in flight.
constexpr std::size_t more_than_answers = 64;
constexpr std::size_t bytes_for_worker = 1024UL * 1024;
constexpr std::chrono::seconds refused_pause{1};

}  // namespace

// ---- any thread ----

std::uint64_t Process::add_use(Use use) {
  Lock lock(lock_);
  use.number = ++last_use_;
  added_.push_back(std::move(use));
  uses_added_.fetch_add(1, std::memory_order_release);
  return last_use_;
}

bool Process::admit(std::size_t bytes) {
  std::size_t before = waiting_.fetch_add(1, std::memory_order_acq_rel);
  std::size_t bytes_before = waiting_bytes_.fetch_add(bytes, std::memory_order_acq_rel);
  // One that is as large as may be is taken when nothing else waits.
  if (before < manifest_.queue && (before == 0 || bytes_before + bytes <= most_waiting_bytes)) return true;
  waiting_.fetch_sub(1, std::memory_order_acq_rel);
  waiting_bytes_.fetch_sub(bytes, std::memory_order_acq_rel);
  return false;
}

// ---- what the session needs ----

Session::Outside::Sent Process::send(std::string_view peer, std::string_view head, const std::string_view* payload) {
  switch (launch_->router->send(peer, head, payload)) {
    case Router::Sent::yes: return Sent::yes;
    case Router::Sent::no_room: return Sent::no_room;
    case Router::Sent::gone: break;
  }
  return Sent::gone;
}

void Process::logged(LogLevel level, std::string_view text) {
  LogField fields[] = {{"plugin", manifest_.name}, {"text", text}};
  log().write(level, "A plugin says.", "", fields);
}

void Process::refused(std::uint64_t use, std::string_view key, std::string_view text) {
  std::string why = key.empty() ? std::string(text) : "'" + std::string(key) + "': " + std::string(text);
  log().error("A plugin refuses the settings of a use.",
              {{"plugin", manifest_.name}, {"use", static_cast<std::size_t>(use)}, {"text", why}});
  auto known = uses_.find(use);
  if (known == uses_.end()) return;
  if (known->second.inflow == nullptr) {
    refused_.emplace(use, why);
  } else {
    known->second.inflow->refused(why);
    ask_again_[use] = TimePoint::clock::now() + refused_pause;
  }
}

void Process::listening(std::uint64_t use, std::string_view address) {
  log().info("A plugin listens.", {{"plugin", manifest_.name}, {"use", static_cast<std::size_t>(use)}, {"address", address}});
  uses_.at(use).inflow->listening(address);
}

void Process::arrived(Brought brought) {
  auto use = uses_.find(brought.use);
  if (use != uses_.end()) return use->second.inflow->arrived(launches_, std::move(brought));
  launch_->session.end_arrival(brought.number, not_taken(ErrorKind::not_sent, 503, "Service Unavailable"),
                               TimePoint::clock::now());
}

const Uses& Process::uses() {
  if (uses_taken_ == uses_added_.load(std::memory_order_acquire)) return uses_;
  Lock lock(lock_);
  uses_taken_ += added_.size();
  for (Use& use : added_) uses_.emplace(use.number, std::move(use));
  added_.clear();
  return uses_;
}

// ---- messages ----

void Process::leave_queue(const Call& call) {
  waiting_.fetch_sub(1, std::memory_order_acq_rel);
  waiting_bytes_.fetch_sub(call.body.size(), std::memory_order_acq_rel);
}

void Process::take(Posted posted, TimePoint now) {
  if (launch_) launch_->session.tell_uses();
  std::visit(Cases{[&](Wanted) {
                     want(now);
                     // A listener that is opened now need not wait for the next failure.
                     if (down()) fail_listeners(why_down());
                   },
                   [&](std::shared_ptr<Call>& call) { take_call(std::move(call), now); },
                   [&](EndedArrival& ended) {
                     // One of a process that is no more has nobody to be told.
                     if (launch_ && ended.launch == launches_)
                       launch_->session.end_arrival(ended.number, std::move(ended.outcome), now);
                   },
                   [&](const ChangedUse& changed) { change(changed); }},
             posted);
}

void Process::change(const ChangedUse& changed) {
  uses();
  auto at = uses_.find(changed.use);
  if (at == uses_.end()) return;
  Use& use = at->second;
  switch (changed.how) {
    case ChangedUse::How::serves: use.credit = changed.credit; break;
    case ChangedUse::How::stops: use.stopped = true; break;
    case ChangedUse::How::resumes: return use.inflow->resume();
    case ChangedUse::How::dropped: return drop_use(changed.use);
  }
  if (launch_) launch_->session.tell_credit(use);
}

void Process::drop_use(std::uint64_t use) {
  uses_.erase(use);
  refused_.erase(use);
  ask_again_.erase(use);
  if (launch_) launch_->session.drop(use);
}

// A listener that cannot listen now, after a restart say, may do so later.
void Process::ask_refused_again(TimePoint now) {
  for (auto at = ask_again_.begin(); at != ask_again_.end();) {
    if (at->second > now) {
      ++at;
      continue;
    }
    if (launch_) launch_->session.tell_again(uses_.at(at->first));
    at = ask_again_.erase(at);
  }
}

void Process::fail_listeners(const std::string& why) {
  if (manifest_.remote) return;  // it is waited for
  uses();
  for (auto& [number, use] : uses_) {
    if (use.inflow != nullptr) use.inflow->refused(why);
  }
}

void Process::tell_listeners_of_end(const std::string& why) {
  if (manifest_.remote) return;
  uses();
  for (auto& [number, use] : uses_) {
    if (use.inflow != nullptr) use.inflow->ended(why);
  }
}

void Process::take_call(std::shared_ptr<Call> call, TimePoint now) {
  want(now);
  queue_.push_back(std::move(call));
  if (down() || stopping_) return give_up_waiting();
  pump(now);
}

bool Process::take_now(std::shared_ptr<Call>& call, TimePoint now) {
  if (!ready() || stopping_ || alone_ || !queue_.empty() || !launch_->session.has_room()) return false;
  take_call(std::move(call), now);
  return true;
}

void Process::give_up_waiting() {
  std::string why = stopping_ ? "the bus is stopping" : why_down();
  for (const auto& call : std::exchange(queue_, {})) {
    leave_queue(*call);
    call->fail(ErrorKind::not_sent, "giving the message to the plugin '" + manifest_.name + "': " + why);
  }
}

void Process::pump(TimePoint now) {
  if (!launch_) return;
  Session& session = launch_->session;
  if (session.in_flight() == 0) alone_ = false;
  while (!queue_.empty() && session.has_room() && !alone_) {
    std::shared_ptr<Call>& next = queue_.front();
    bool suspect = next->crashes + 1 >= crashes_until_quarantine;
    if (suspect && session.in_flight() != 0) return;
    std::shared_ptr<Call> call = std::move(next);
    queue_.pop_front();
    leave_queue(*call);
    if (auto refused = refused_.find(call->use); refused != refused_.end()) {
      call->fail(ErrorKind::internal,
                 "giving the message to the plugin '" + manifest_.name + "': it refuses these settings: " + refused->second);
    } else if (call->deadline <= now) {
      Error late = call->too_late(call->attempts != 0);
      call->fail(late.kind, late.text);
    } else if (call->wanted()) {
      alone_ = suspect;
      session.begin(std::move(call), now);
    }
  }
}

std::size_t Process::read_messages(TimePoint now, std::size_t most, std::size_t most_bytes) {
  Router::Received received;
  std::size_t count = 0;
  std::size_t bytes = 0;
  while (count < most && bytes < most_bytes && !launch_->session.end() && launch_->router->receive(received)) {
    for (std::string_view frame : received.frames) bytes += frame.size();
    bool known = launch_->session.greeted();
    launch_->session.take(received.peer, received.frames, now);
    if (!known && launch_->session.greeted()) launch_->router->keep_connection();
    ++count;
  }
  return count;
}

void Process::read_now(TimePoint now) {
  if (!launch_) return;
  std::size_t most = 2 * manifest_.in_flight + more_than_answers;
  if (read_messages(now, most, bytes_for_worker) == most) {
    // Whoever says so much unasked does so to the supervisor's thread alone.
    launch_->talkative = true;
    if (launch_->watch != nullptr) launch_->watch->stop();
  }
  if (!launch_->session.end()) pump(now);
}

void Process::let_watch(Worker& worker, std::function<void()> look, std::function<void()> left) {
  if (launch_ && !launch_->talkative)
    launch_->watch = RouterWatch::begin(worker, launch_->router->descriptor(), std::move(look), std::move(left));
}

void Process::end_late(TimePoint now) {
  while (!queue_.empty() && (queue_.front()->deadline <= now || !queue_.front()->wanted())) {
    std::shared_ptr<Call> call = std::move(queue_.front());
    queue_.pop_front();
    leave_queue(*call);
    Error late = call->too_late(call->attempts != 0);
    call->fail(late.kind, late.text);
  }
}

}  // namespace busway::plugins
