#include "plugins/process/process.hpp"

#include <sys/random.h>
#include <unistd.h>

#include <algorithm>
#include <cstdlib>
#include <utility>

#include "bus/log.hpp"

namespace busway::plugins {

using namespace std::chrono_literals;

namespace {

constexpr std::chrono::milliseconds soonest_restart{50};
constexpr std::chrono::milliseconds latest_restart{10'000};
constexpr std::chrono::milliseconds latest_after_ready{2'000};
constexpr std::chrono::milliseconds long_enough{500};  // a life in which it has answered
constexpr std::chrono::milliseconds very_long{10'000};
constexpr std::size_t messages_a_turn = 256;

// 128 bits nobody can guess; empty when the system has none.
std::string new_cookie() {
  unsigned char bytes[16];
  if (::getrandom(bytes, sizeof bytes, 0) != static_cast<ssize_t>(sizeof bytes)) return "";
  std::string out;
  for (unsigned char byte : bytes) {
    out += "0123456789abcdef"[byte >> 4];
    out += "0123456789abcdef"[byte & 15];
  }
  return out;
}

}  // namespace

Session::Terms terms_of(const Manifest& manifest, std::string cookie) {
  return {.cookie = std::move(cookie),
          .silence = manifest.silence,
          .acknowledge = manifest.acknowledge_within,
          .in_flight = manifest.in_flight,
          .max_body = manifest.max_body,
          .remote = manifest.remote.has_value()};
}

Process::Process(Manifest manifest, FormatPtr json) : manifest_(std::move(manifest)), json_(std::move(json)) {}

Process::~Process() {
  for (const auto& call : queue_) call->fail(ErrorKind::not_sent, "the bus is stopping");
}

// ---- its life ----

void Process::want(TimePoint now) {
  if (std::exchange(wanted_, true)) return;
  next_start_ = now;
  absent_since_ = now;
}

ProgramCall Process::program_call(const std::string& endpoint, const std::string& cookie) const {
  ProgramCall out{.command = manifest_.command, .directory = manifest_.directory, .environment = {}, .limits = manifest_.limits};
  std::map<std::string, std::string> environment;
  std::vector<std::string> names = {"PATH", "HOME", "LANG", "TZ", "TMPDIR"};
  names.insert(names.end(), manifest_.inherits.begin(), manifest_.inherits.end());
  for (const std::string& name : names) {
    if (const char* value = std::getenv(name.c_str()); value != nullptr) environment[name] = value;
  }
  for (const auto& [name, value] : manifest_.environment) environment[name] = value;
  environment["BUSWAY_ENDPOINT"] = endpoint;
  environment["BUSWAY_COOKIE"] = cookie;
  environment["BUSWAY_PLUGIN"] = manifest_.name;
  out.environment.assign(environment.begin(), environment.end());
  return out;
}

Result<void> Process::try_launch(RouterContext& context, const std::string& directory, TimePoint now) {
  if (auto same = look_at_program(manifest_); !same) return same;
  if (manifest_.remote) return open_door(now);
  std::string cookie = new_cookie();
  if (cookie.empty() || directory.empty())
    return fail(ErrorKind::config, "making a private directory for its socket: the system refuses");
  std::string endpoint = "ipc://" + directory + "/" + manifest_.name.substr(0, 24) + "-" + std::to_string(++launches_);
  auto router = Router::bind(context, endpoint, wire::most_payload);
  if (!router) return std::unexpected(router.error());
  auto program = Program::start(program_call(endpoint, cookie));
  if (!program) return std::unexpected(program.error());
  launch_.reset(new Launch{.program = std::move(*program),
                           .router = std::move(*router),
                           .session = Session(terms_of(manifest_, cookie), *json_, *this, now),
                           .started = now});
  return {};
}

void Process::launch(RouterContext& context, const std::string& directory, TimePoint now) {
  refused_.clear();
  ask_again_.clear();
  alone_ = false;
  if (auto launched = try_launch(context, directory, now); !launched)
    again_later("was not started: " + launched.error().text, false, now);
}

void Process::again_later(const std::string& why, bool was_ready, TimePoint now) {
  if (!was_ready) ++failures_;
  auto most = was_ready ? latest_after_ready : latest_restart;
  auto pause = std::min(most, soonest_restart * (1 << std::min(short_lives_++, 10)));
  next_start_ = now + pause;
  last_end_ = why;
  std::string_view what = manifest_.remote
                              ? (was_ready ? "A remote plugin is gone." : "A remote plugin did not get ready.")
                              : (was_ready ? "A plugin's process has ended." : "A plugin's process did not get ready.");
  log().error(what, {{"plugin", manifest_.name}, {"reason", why}, {"again_in_ms", static_cast<std::int64_t>(pause.count())}});
  if (!down()) return tell_listeners_of_end(why);
  give_up_waiting();
  fail_listeners(why_down());
}

// The process is gone, or is to go.
void Process::over(const std::string& why, bool blames, TimePoint now) {
  Launch& launch = *launch_;
  bool was_ready = launch.announced;
  auto age = now - launch.started;
  if ((launch.session.answered() > 0 && age >= long_enough) || age >= very_long) short_lives_ = 0;
  auto unanswered = launch.session.take_unanswered();
  launch.session.say_bye(why);
  if (launch.program) {
    launch.program->kill();
    dying_.push_back(std::move(*launch.program));
  }
  absent_since_ = now;
  launch_.reset();
  for (auto at = unanswered.rbegin(); at != unanswered.rend(); ++at) {
    if (!settle(*at, why, blames)) continue;
    waiting_.fetch_add(1, std::memory_order_acq_rel);
    waiting_bytes_.fetch_add(at->call->body.size(), std::memory_order_acq_rel);
    queue_.push_front(std::move(at->call));
  }
  if (!stopping_) again_later(why, was_ready, now);
}

// What becomes of a message that was with a process that has ended.
bool Process::settle(Session::Unanswered& one, const std::string& why, bool blames) {
  Call& call = *one.call;
  if (!call.wanted()) return false;
  std::string text = std::string("working on the message: the ") + (manifest_.remote ? "remote " : "process of the ") +
                     "plugin '" + manifest_.name + "' " + why;
  if (stopping_ || (one.sent && !call.repeatable)) {
    call.fail(one.sent ? ErrorKind::unknown : ErrorKind::not_sent, std::move(text));
    return false;
  }
  if (one.sent && blames && ++call.crashes >= crashes_until_quarantine) {
    log().error("A message is quarantined: the plugin's process has ended each time it had it.",
                {{"plugin", manifest_.name}, {"reason", why}});
    call.fail(ErrorKind::quarantined, text + ", for the third time with this message");
    return false;
  }
  return true;
}

void Process::stop(TimePoint now) {
  stopping_ = true;
  give_up_waiting();
  if (!launch_) return;
  launch_->session.say_bye("the bus is stopping");
  launch_->must_end = now + manifest_.stop_within;
}

// ---- a turn ----

void Process::watch(RouterPoll& poll) {
  if (!launch_) return;
  launch_->polled_router = poll.add(*launch_->router, watcher() == nullptr);
  if (!launch_->program) {
    poll.add(launch_->router->connections_descriptor());
    return;
  }
  launch_->polled_end = poll.add(launch_->program->ended_fd());
  for (std::size_t which : {0UL, 1UL}) {
    int fd = launch_->program->output_fd(which);
    launch_->polled_output[which] = fd < 0 ? std::nullopt : std::optional(poll.add(fd));
  }
}

void Process::work(const RouterPoll& poll, RouterContext& context, const std::string& directory, TimePoint now) {
  end_late(now);
  ask_refused_again(now);
  if (manifest_.remote) look_for_it(now);
  std::erase_if(dying_, [](Program& one) { return one.reap().has_value(); });
  if (!launch_) {
    if (wanted_ && !stopping_ && now >= next_start_) launch(context, directory, now);
    return;
  }
  Launch& launch = *launch_;
  auto readable = [&](const std::optional<std::size_t>& index) { return index && poll.readable(*index); };
  bool gone = readable(launch.polled_end);
  if (gone || readable(launch.polled_output[0]) || readable(launch.polled_output[1])) read_output(gone);
  launch.router->look_at_connections();
  // What it has said before it ended counts.
  if (readable(launch.polled_router) || gone) read_messages(now, messages_a_turn, SIZE_MAX);
  launch.session.tick(now);
  if (!launch.program && !launch.session.greeted()) launch.started = now;
  if (!launch.session.ready() && !launch.session.end() && now - launch.started >= manifest_.start_within)
    launch.session.break_off("is not ready within " + std::to_string(manifest_.start_within.count()) + "ms of its " +
                                 (launch.program ? "start" : "hello") + last_words(),
                             false);
  if (!launch.announced && launch.session.ready()) {
    launch.announced = true;
    failures_ = 0;
    absent_since_ = now;
    if (launch.program) {
      log().info("A plugin is ready.", {{"plugin", manifest_.name}, {"pid", static_cast<std::int64_t>(launch.program->pid())}});
    } else {
      log().info("A remote plugin is ready.", {{"plugin", manifest_.name}, {"address", door_->address()}});
    }
  }
  const std::optional<Session::End> end = launch.session.end();
  auto how = gone ? launch.program->reap() : std::nullopt;
  if (end && (how || !stopping_)) return over(end->why, end->blames, now);
  if (how) return over(how_it_ended(*how), true, now);
  if (parted()) return over("the bus is stopping", false, now);
  if (now >= launch.must_end) return over("has not ended when it was told to", false, now);
  pump(now);
}

// When it is gone: all, for what it wrote just before says why.
void Process::read_output(bool to_its_end) {
  constexpr int most_buffers = 8;  // more than a pipe holds; what still comes then is another process's, which has it too
  if (!launch_->program) return;
  for (std::size_t which : {0UL, 1UL}) {
    auto tell = [&](const std::string& line) {
      log().info("A plugin has written.", {{"plugin", manifest_.name}, {"to", which == 0 ? "stdout" : "stderr"}, {"line", line}});
    };
    for (int i = 0; launch_->program->read_output(which, tell) && to_its_end && i < most_buffers; ++i) {
    }
  }
}

std::string Process::last_words() const {
  std::string words = launch_->program ? launch_->program->last_words() : "";
  return words.empty() ? "" : "; its last words: " + words;
}

std::string Process::how_it_ended(const std::string& how) const {
  std::string out = "has ended: " + how;
  if (how == "exit status 0" && !launch_->session.greeted())
    out += ", without a hello (does its program call run(), the loop of the plugin?)";
  return out + last_words();
}

TimePoint Process::next_work(TimePoint now) const {
  TimePoint next = dying_.empty() ? TimePoint::max() : now + 20ms;
  for (const auto& call : queue_) {
    next = call->deadline;
    break;
  }
  for (const auto& [use, when] : ask_again_) next = std::min(next, when);
  if (manifest_.remote && wanted_ && !ready())
    next = std::min(next, std::max(absent_since_ + manifest_.start_within, now + 50ms));
  if (!launch_) return wanted_ && !stopping_ ? std::min(next, next_start_) : next;
  if (manifest_.remote && stopping_) next = std::min(next, now + 20ms);
  const Launch& launch = *launch_;
  if (launch.session.end() && !stopping_) return now;  // whoever has read that, this thread sees to it
  next = std::min({next, launch.session.next_tick(), launch.must_end});
  if (launch.program && !launch.session.ready()) next = std::min(next, launch.started + manifest_.start_within);
  return next;
}

}  // namespace busway::plugins
