/* A plugin for Busway in C++ that is a process of its own: what crashes in it costs the bus nothing. Steps, targets and sources
 * are functions and classes; this header speaks the plugin protocol (docs/plugin-protocol.md). C++17 and libzmq (Debian:
 * libzmq3-dev):
 *
 *     #include "busway_process.hpp"
 *     using namespace busway::process;
 *
 *     int main() {
 *       Plugin plugin;
 *       plugin.step("greet", [](const Json& settings) {
 *         return [name = settings["name"].text()](const Message& message) {
 *           Json body = message.document();
 *           if (!body.is(Json::Kind::object)) throw Failed("invalid", "greeting: the body is no object");
 *           return Reply::document(body.set("greeting", "Hello, " + name));
 *         };
 *       });
 *       return plugin.run();
 *     }
 *
 *     g++ -std=c++17 -O2 greet.cpp -lzmq -pthread -o greet
 *
 * What a component is called, its keys and what of a message it is sent stand in plugin.yaml. Handlers are made once for each use
 * in a route file, and called by several threads at once. An exception that is not Failed fails the message (kind `internal`) and
 * goes to the log. So does each line that is printed, from when the Plugin is made; std::cout may be unlinked from stdout
 * (sync_with_stdio(false)) by those alone who flush it themselves. */
#ifndef BUSWAY_PROCESS_HPP
#define BUSWAY_PROCESS_HPP

#include <fcntl.h>
#include <sys/eventfd.h>
#include <unistd.h>
#include <zmq.h>

#include <algorithm>
#include <atomic>
#include <chrono>
#include <condition_variable>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <deque>
#include <exception>
#include <functional>
#include <future>
#include <iterator>
#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <stdexcept>
#include <string>
#include <string_view>
#include <thread>
#include <utility>
#include <vector>

#include "busway_json.hpp"

namespace busway::process {

using busway::Json;
using Clock = std::chrono::steady_clock;

/* Fails a message. `kind`: invalid, mapping, format, garbage, not_sent, unknown, answered, overload, deadline or internal; what
 * each means is in docs/errors.md. `text` says what was being done, for the log. */
struct Failed : std::runtime_error {
  Failed(std::string of_kind, const std::string& text, std::string with_code = {})
      : std::runtime_error(text), kind(std::move(of_kind)), code(std::move(with_code)) {}
  std::string kind;
  std::string code;
};

/* Settings that cannot be worked with, or a listener that cannot listen: thrown where a handler or a source is made, or by
 * Source::run before it listens. */
struct Refused : std::runtime_error {
  Refused(std::string of_key, const std::string& text) : std::runtime_error(text), key(std::move(of_key)) {}
  std::string key;
};

/* As much of a text as there is room for in a line of the bus's log, in whole characters of UTF-8. */
inline std::string cut(std::string_view text, std::size_t most = 2000) {
  std::size_t end = std::min(most, text.size());
  while (end > 0 && end < text.size() && (static_cast<unsigned char>(text[end]) & 0xC0U) == 0x80U) --end;
  return std::string(text.substr(0, end));
}

/* The bus takes no more messages; thrown by Inlet. Source::run need not catch it. */
struct Stopped : std::exception {};

/* What a step or a target is given. */
struct Message {
  std::string body{}; /* bytes, or the document as JSON; empty when there is none */
  Json headers{};     /* names in lower case */
  Json variables{};   /* those that the manifest asks for */
  Json about{};       /* message (its id), route, method, target, operation, content_type, attempt, endpoint */
  Clock::time_point deadline = Clock::time_point::max();
  std::shared_ptr<std::atomic<bool>> stop = std::make_shared<std::atomic<bool>>(false);

  Json document() const {
    try {
      return body.empty() ? Json() : Json::parse(body);
    } catch (const std::invalid_argument& error) {
      throw Failed("format", error.what());
    }
  }
  std::chrono::milliseconds time_left() const {
    if (deadline == Clock::time_point::max()) return std::chrono::hours(24);
    return std::max(std::chrono::duration_cast<std::chrono::milliseconds>(deadline - Clock::now()), std::chrono::milliseconds(0));
  }
  bool cancelled() const { return stop->load(); } /* nobody waits any more */
};

/* How a step leaves a message. */
struct Reply {
  std::optional<std::string> body{}; /* JSON; without it the body stays */
  Json variables{};                  /* an object of those that are set */
  Json headers{};                    /* texts, or null for a field that goes */
  bool filtered = false;             /* the route ends here, and that is right */

  static Reply document(const Json& document) {
    Reply out;
    out.body = document.dump();
    return out;
  }
};

/* What a service has answered. A status of 400 and more says no. */
struct Answer {
  std::string body{};
  std::string content_type{};
  int status = 0;
  Json headers{};
};

/* A message that a source brings. */
struct Arrival {
  std::string body{};
  std::string content_type{};
  std::string peer{};
  std::string method{};
  std::string target{};
  std::string operation{};
  Json headers{};
  std::uint64_t route = 0;              /* Route::use, where the adapter picks routes */
  std::chrono::milliseconds deadline{}; /* how long the sender waits; 0: not said */
  bool reply = true;                    /* whether the reply's body is wanted */
};

/* How it has ended: its acknowledgement. What is not good is the source's to keep, refuse or bring again. */
struct Outcome {
  std::string outcome = "made"; /* made, filtered or failed */
  std::string body{};           /* the reply; of a failure what the route's `error:` makes of it */
  std::string kind{};           /* of a failure; not_sent: the bus is stopping */
  int status = 0;
  std::string reason{};
  std::string content_type{};
  Json headers{};
  bool good() const { return outcome != "failed"; }
};

/* A `from:` of a listener whose adapter picks routes. */
struct Route {
  std::string name;
  Json settings;
  std::uint64_t use = 0;
};

class Plugin;

/* Where a source's messages go. Any thread. */
class Inlet : public std::enable_shared_from_this<Inlet> {
 public:
  const std::string& name() const { return name_; }
  std::size_t max_body() const { return max_body_; }
  const std::vector<Route>& routes() const { return routes_; }

  void listening(std::string address = {});
  /* Brings a message as soon as there is room; `ended` is called with its outcome, on the thread that reads the bus's socket: it
   * must not wait. Throws Stopped when the bus takes no more. */
  void begin(Arrival arrival, std::function<void(Outcome)> ended);
  /* The same, and waits. */
  Outcome emit(Arrival arrival) {
    auto got = std::make_shared<std::promise<Outcome>>();
    begin(std::move(arrival), [got](Outcome outcome) { got->set_value(std::move(outcome)); });
    return got->get_future().get();
  }
  bool stopped() const { return stopped_.load(); }
  /* Sleeps; whether it is time to stop. */
  bool wait(std::chrono::milliseconds time) {
    std::unique_lock<std::mutex> held(lock_);
    return changed_.wait_for(held, time, [this] { return stopped(); });
  }

 private:
  friend class Plugin;
  Inlet(Plugin& plugin, std::uint64_t use, const Json& head, std::vector<Route> routes)
      : plugin_(plugin),
        use_(use),
        name_(head["name"].text()),
        max_body_(static_cast<std::size_t>(head["max_body"].integer())),
        routes_(std::move(routes)) {}
  void grant(std::int64_t credit) {
    std::lock_guard<std::mutex> held(lock_);
    credit_ = credit;
    changed_.notify_all();
  }
  void ended() {
    std::lock_guard<std::mutex> held(lock_);
    --in_flight_;
    changed_.notify_all();
  }
  void stop() {
    std::lock_guard<std::mutex> held(lock_);
    stopped_.store(true);
    changed_.notify_all();
  }
  void stop_by_bus() {
    std::lock_guard<std::mutex> held(lock_);
    by_bus_ = true;
    changed_.notify_all();
  }
  /* Of what is under way, when nothing new comes. False when the bus has stopped the listener meanwhile. */
  bool wait_for_outcomes() {
    std::unique_lock<std::mutex> held(lock_);
    changed_.wait(held, [this] { return in_flight_ == 0 || by_bus_; });
    return !by_bus_;
  }

  Plugin& plugin_;
  std::uint64_t use_;
  std::string name_;
  std::size_t max_body_;
  std::vector<Route> routes_;
  std::mutex lock_;
  std::condition_variable changed_;
  std::int64_t credit_ = 0;
  std::int64_t in_flight_ = 0;
  bool by_bus_ = false;
  std::atomic<bool> stopped_{false};
  std::atomic<bool> listened_{false};
};

/* A listener, made with its settings. */
class Source {
 public:
  virtual ~Source() = default;
  /* In a thread of its own: says inlet.listening() and brings messages until the inlet is stopped. What it throws before it
   * listens is why it cannot; an exception later ends the process, and the bus starts it again. When it returns before the
   * inlet is stopped, the listener is over: nothing can be brought any more, and the bus has another one made a second after
   * what was under way has ended. */
  virtual void run(Inlet& inlet) = 0;
  virtual void stop() {} /* when the inlet is stopped; on another thread */
};

using StepHandler = std::function<Reply(const Message&)>;
using TargetHandler = std::function<Answer(const Message&)>;

class Plugin {
 public:
  Plugin() {
    if (std::getenv("BUSWAY_ENDPOINT") != nullptr)
      std::setvbuf(stdout, nullptr, _IOLBF, BUFSIZ); /* a line of the log is one at once */
  }

  /* `make` is called with the settings of each use. Durations are milliseconds, sizes bytes. */
  void step(std::string name, std::function<StepHandler(const Json&)> make) { steps_[std::move(name)] = std::move(make); }
  void target(std::string name, std::function<TargetHandler(const Json&)> make) { targets_[std::move(name)] = std::move(make); }
  void source(std::string name, std::function<std::unique_ptr<Source>(const Json&)> make) {
    sources_[std::move(name)] = std::move(make);
  }

  /* A line in the bus's log: debug, info, warn or error. Any thread. */
  void log(std::string_view text, std::string_view level = "info") {
    say(Json::object({{"type", "log"}, {"level", Json(level)}, {"text", cut(text)}}));
  }

  /* Serves the bus until it says that it is over; `threads` messages are worked on at a time. The process's exit status. */
  int run(int threads = 4) {
    const char* endpoint = std::getenv("BUSWAY_ENDPOINT");
    const char* cookie = std::getenv("BUSWAY_COOKIE");
    if (endpoint == nullptr) {
      std::fputs("This program is a plugin: busway starts it, as the plugin.yaml beside it says.\n", stderr);
      return 1;
    }
    threads_ = threads;
    reason_ = nobody_answers();
    wake_ = ::eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
    void* context = ::zmq_ctx_new();
    socket_ = ::zmq_socket(context, ZMQ_DEALER);
    if (wake_ < 0 || !connect(endpoint)) return 1;
    say(Json::object({{"type", "hello"}, {"protocol", 1}, {"cookie", cookie == nullptr ? "" : cookie}, {"sdk", "c++"}}));
    for (int i = 0; i < threads; ++i) std::thread([this] { work(); }).detach();
    int status = serve();
    ::zmq_close(socket_);
    ::zmq_ctx_term(context);
    std::fflush(nullptr);
    if (is_remote(endpoint)) begin_anew(reason_);
    if (status != 0) std::fprintf(stderr, "busway_process: %s\n", reason_.c_str());
    std::_Exit(status); /* threads may still be at work */
  }

 private:
  friend class Inlet;
  static constexpr std::size_t most_payload = 256 * 1024;
  static constexpr std::size_t most_head = 63 * 1024;

  struct Job {
    Json head;
    std::string body;
    Clock::time_point deadline;
    std::shared_ptr<std::atomic<bool>> stop;
  };
  struct Listener {
    std::shared_ptr<Inlet> inlet;
    std::shared_ptr<Source> source;
    std::shared_ptr<std::thread> thread;
    std::string called;
    Clock::time_point remind_at; /* that it has not said that it listens */
  };
  struct Brought {
    Json head;
    std::string body;
    std::shared_ptr<Inlet> inlet;
    std::function<void(Outcome)> ended;
  };
  struct Handler {
    std::string called; /* in texts */
    StepHandler step;
    TargetHandler target;
  };

  /* Whether the bus is elsewhere: it has not started this process, and does not end it. */
  static bool is_remote(const char* endpoint) { return std::strncmp(endpoint, "ipc:", 4) != 0; }

  bool connect(const char* endpoint) {
    int linger = 500;
    int ipv6 = 1;                               /* besides IPv4 */
    int again = is_remote(endpoint) ? 200 : -1; /* of a local one another launch is another process */
    ::zmq_setsockopt(socket_, ZMQ_LINGER, &linger, sizeof linger);
    ::zmq_setsockopt(socket_, ZMQ_IPV6, &ipv6, sizeof ipv6);
    ::zmq_setsockopt(socket_, ZMQ_RECONNECT_IVL, &again, sizeof again);
    return set_keys() && (::zmq_connect(socket_, endpoint) == 0 ||
                          complain(std::string("connecting to ") + endpoint + ": " + ::zmq_strerror(::zmq_errno())));
  }

  bool set_keys() {
    const std::pair<int, const char*> all[] = {{ZMQ_CURVE_SERVERKEY, "BUSWAY_SERVER_KEY"},
                                               {ZMQ_CURVE_PUBLICKEY, "BUSWAY_PUBLIC_KEY"},
                                               {ZMQ_CURVE_SECRETKEY, "BUSWAY_SECRET_KEY"}};
    if (std::none_of(std::begin(all), std::end(all), [](const auto& one) { return std::getenv(one.second) != nullptr; }))
      return true;
    for (const auto& [option, name] : all) {
      const char* key = std::getenv(name);
      if (key == nullptr)
        return complain(
            name + std::string(" is not set: with CURVE there are BUSWAY_SERVER_KEY, BUSWAY_PUBLIC_KEY and BUSWAY_SECRET_KEY"));
      std::size_t size = std::strlen(key);
      if (size != 40 || ::zmq_setsockopt(socket_, option, key, size + 1) != 0)
        return complain(name + std::string(" is no key: it has ") + std::to_string(size) + " characters, and a key is 40 of Z85");
    }
    return true;
  }

  static bool complain(const std::string& what) {
    std::fprintf(stderr, "busway_process: %s\n", what.c_str());
    return false;
  }

  static std::string nobody_answers() {
    bool curve = std::getenv("BUSWAY_SERVER_KEY") != nullptr;
    return std::string("no bus answers at ") + std::getenv("BUSWAY_ENDPOINT") + ": it is not running, or " +
           (curve ? "the server key or the plugin's key is not the one that the bus knows"
                  : "it wants CURVE keys, and there are none");
  }

  /* The bus is gone. A remote plugin begins anew, as the same process, and waits for the bus. */
  static void begin_anew(const std::string& reason) {
    std::fprintf(stderr, "busway_process: %s; connecting again\n", reason.c_str());
    std::this_thread::sleep_for(std::chrono::seconds(1));
    std::string words;
    char bytes[4096];
    if (std::FILE* file = std::fopen("/proc/self/cmdline", "rb")) {
      for (std::size_t got = 0; (got = std::fread(bytes, 1, sizeof bytes, file)) > 0;) words.append(bytes, got);
      std::fclose(file);
    }
    std::vector<char*> arguments;
    for (std::size_t at = 0; at < words.size(); at += std::strlen(words.c_str() + at) + 1) arguments.push_back(words.data() + at);
    arguments.push_back(nullptr);
    for (int fd = 3; fd < 1024; ++fd) ::fcntl(fd, F_SETFD, FD_CLOEXEC);
    ::execv("/proc/self/exe", arguments.data());
    std::perror("busway_process: beginning anew");
  }

  /* ---- the thread that reads ---- */

  int serve() {
    auto heard = Clock::now();
    std::chrono::milliseconds silence{10000};
    while (true) {
      zmq_pollitem_t items[] = {{socket_, 0, ZMQ_POLLIN, 0}, {nullptr, wake_, ZMQ_POLLIN, 0}};
      ::zmq_poll(items, 2, 1000);
      std::uint64_t unused = 0;
      if (::read(wake_, &unused, sizeof unused) < 0) unused = 0;
      std::vector<std::string> frames;
      while (receive(frames)) {
        heard = Clock::now();
        Json head = Json::parse(frames.at(0));
        const std::string& type = head["type"].text();
        if (type == "bye") {
          reason_ = head.has("reason") ? head["reason"].text() : "the bus says goodbye";
          return end_sources();
        }
        if (type == "welcome") {
          reason_ = "the bus is gone";
          silence = std::chrono::milliseconds(head["silence_ms"].integer());
          say(Json::object({{"type", "ready"}, {"credit", threads_}}));
        } else {
          take(type, head, frames.size() > 1 ? std::move(frames[1]) : std::string());
        }
      }
      remind();
      flush();
      if (Clock::now() - heard > silence) return 1;
    }
  }

  /* Those that should have said by now that they listen. */
  void remind() {
    for (auto& [use, one] : listeners_) {
      if (Clock::now() < one.remind_at) continue;
      one.remind_at = Clock::time_point::max();
      if (!one.inlet->listened_.load() && !one.inlet->stopped())
        log(one.called + " has run for 5 s and has not called inlet.listening(): until it does, the bus takes nothing from it",
            "warn");
    }
  }

  bool receive(std::vector<std::string>& frames) {
    frames.clear();
    bool more = true;
    while (more) {
      zmq_msg_t part;
      ::zmq_msg_init(&part);
      if (::zmq_msg_recv(&part, socket_, ZMQ_DONTWAIT) < 0) {
        ::zmq_msg_close(&part);
        return false;
      }
      frames.emplace_back(static_cast<const char*>(::zmq_msg_data(&part)), ::zmq_msg_size(&part));
      more = ::zmq_msg_more(&part) != 0;
      ::zmq_msg_close(&part);
    }
    return true;
  }

  void flush() {
    std::deque<std::pair<std::string, std::optional<std::string>>> out;
    {
      std::lock_guard<std::mutex> held(out_lock_);
      out.swap(out_);
    }
    for (const auto& [head, payload] : out) {
      ::zmq_send(socket_, head.data(), head.size(), payload ? ZMQ_SNDMORE : 0);
      if (payload) ::zmq_send(socket_, payload->data(), payload->size(), 0);
    }
  }

  void take(const std::string& type, const Json& head, std::string payload) {
    auto id = static_cast<std::uint64_t>(head["id"].integer());
    auto use = static_cast<std::uint64_t>(head["use"].integer());
    if (type == "request") {
      Job job{head, std::move(payload), Clock::now() + std::chrono::milliseconds(head["deadline_ms"].integer()),
              std::make_shared<std::atomic<bool>>(false)};
      std::lock_guard<std::mutex> held(lock_);
      stops_[id] = job.stop;
      if (head["more"].flag()) {
        arriving_.emplace(id, std::move(job));
      } else {
        jobs_.push_back(std::move(job));
        changed_.notify_one();
      }
    } else if (type == "outcome" || head.has("arrival")) {
      take_outcome(head, payload);
    } else if (type == "chunk") {
      std::lock_guard<std::mutex> held(lock_);
      auto at = arriving_.find(id);
      if (at == arriving_.end()) return;
      at->second.body += payload;
      if (head["more"].flag()) return;
      jobs_.push_back(std::move(at->second));
      arriving_.erase(at);
      changed_.notify_one();
    } else if (type == "cancel") {
      std::unique_lock<std::mutex> held(lock_);
      if (auto stop = stops_.find(id); stop != stops_.end()) stop->second->store(true);
      if (arriving_.erase(id) == 0) return;
      held.unlock();
      finish(id, Json::object({{"type", "fail"}, {"kind", "deadline"}, {"text", "cancelled before it was whole"}}), std::nullopt);
    } else if (type == "use") {
      make(use, head);
    } else if (type == "credit") {
      if (auto at = listeners_.find(use); at != listeners_.end()) at->second.inlet->grant(head["credit"].integer());
    } else if (type == "stop_listening" || type == "drop") {
      end(use, type == "drop");
    } else if (type == "ping") {
      say(Json::object({{"type", "pong"}}));
    }
  }

  template <class Map>
  static auto& find(Map& all, const std::string& name, const char* what) {
    auto at = all.find(name);
    if (at != all.end()) return at->second;
    std::string names;
    for (const auto& one : all) names += (names.empty() ? "'" : ", '") + one.first + "'";
    throw Refused("", std::string("the program has no ") + what + " '" + name + "'; it has " + (names.empty() ? "none" : names));
  }

  void make(std::uint64_t use, const Json& head) {
    const std::string& part = head["part"].text();
    const Json& settings = head["settings"];
    const char* kind = head.has("step") ? "step" : part == "listener" ? "source" : "target";
    const std::string& name = head.has("step") ? head["step"].text() : head["adapter"].text();
    std::string called = std::string("the ") + kind + " '" + name + "'";
    try {
      if (part == "from") {
        routes_[use] = Route{head["name"].text(), settings, use};
      } else if (part == "listener") {
        listen(use, head, find(sources_, name, kind), called);
      } else {
        auto made = std::make_shared<Handler>();
        made->called = called;
        if (head.has("step")) {
          made->step = find(steps_, name, kind)(settings);
        } else {
          made->target = find(targets_, name, kind)(settings);
        }
        std::lock_guard<std::mutex> held(lock_);
        handlers_[use] = std::move(made);
      }
    } catch (const Refused& refusal) {
      refuse(use, refusal.key, refusal.what());
    } catch (const std::exception& error) {
      refuse(use, "", called + " threw: " + error.what());
    }
  }

  void refuse(std::uint64_t use, const std::string& key, std::string_view text) {
    say(Json::object({{"type", "refuse"}, {"use", number(use)}, {"key", key}, {"text", cut(text)}}));
  }

  void listen(std::uint64_t use, const Json& head, const std::function<std::unique_ptr<Source>(const Json&)>& make_source,
              const std::string& called) {
    if (auto refused = listeners_.find(use); refused != listeners_.end()) { /* and asked again: it has ended */
      refused->second.thread->join();
      listeners_.erase(refused);
    }
    std::shared_ptr<Source> source = make_source(head["settings"]);
    std::vector<Route> routes;
    for (const Json& one : head["routes"].items()) routes.push_back(routes_[static_cast<std::uint64_t>(one.integer())]);
    std::shared_ptr<Inlet> inlet(new Inlet(*this, use, head, std::move(routes)));
    auto thread = std::make_shared<std::thread>([this, use, source, inlet, called] {
      try {
        source->run(*inlet);
      } catch (const Stopped&) {
      } catch (const Refused& refusal) {
        return refuse(use, refusal.key, refusal.what());
      } catch (const std::exception& error) {
        if (!inlet->listened_.load()) return refuse(use, "", called + " threw: " + error.what());
        std::fprintf(stderr, "%s has ended: %s\n", called.c_str(), error.what());
        std::fflush(nullptr);
        std::_Exit(71);
      }
      if (!inlet->stopped()) run_dry(use, *inlet, called);
    });
    listeners_[use] = {inlet, source, thread, called, Clock::now() + std::chrono::seconds(5)};
  }

  /* The source has ended, and nobody has stopped it. On its thread. */
  void run_dry(std::uint64_t use, Inlet& inlet, const std::string& called) {
    inlet.stop();
    if (!inlet.listened_.load()) return refuse(use, "", called + " has returned, and has not called inlet.listening()");
    log(called + " has returned; it brings nothing any more until the bus has it made anew", "warn");
    if (inlet.wait_for_outcomes())
      refuse(use, "", called + " has returned, and nobody has stopped it"); /* the next one has all the credit */
  }

  void end(std::uint64_t use, bool for_good) {
    routes_.erase(use);
    if (for_good) {
      std::lock_guard<std::mutex> held(lock_);
      handlers_.erase(use);
    }
    auto at = listeners_.find(use);
    if (at == listeners_.end()) return;
    at->second.inlet->stop_by_bus();
    if (!at->second.inlet->stopped()) {
      at->second.inlet->stop();
      at->second.source->stop();
    }
    if (!for_good) return;
    ending_.push_back(std::move(at->second));
    listeners_.erase(at);
  }

  /* They have told their senders before the process ends; what takes longer than a moment is left. */
  int end_sources() {
    while (!listeners_.empty()) end(listeners_.begin()->first, true);
    auto done = std::make_shared<std::atomic<bool>>(false);
    std::thread([listeners = std::move(ending_), done] {
      for (const Listener& one : listeners) one.thread->join();
      done->store(true);
    }).detach();
    for (int i = 0; i < 150 && !done->load(); ++i) std::this_thread::sleep_for(std::chrono::milliseconds(10));
    return 0;
  }

  void take_outcome(const Json& head, const std::string& payload) {
    auto number = static_cast<std::uint64_t>(head["arrival"].integer());
    std::unique_lock<std::mutex> held(lock_);
    auto at = brought_.find(number);
    if (at == brought_.end()) return;
    Brought& one = at->second;
    if (head["type"].text() == "outcome") one.head = head;
    one.body += payload;
    if (head["more"].flag()) return;
    Brought whole = std::move(one);
    brought_.erase(at);
    held.unlock();
    whole.inlet->ended();
    Outcome out;
    out.outcome = whole.head["outcome"].text();
    out.body = std::move(whole.body);
    out.kind = whole.head["kind"].text();
    out.status = static_cast<int>(whole.head["status"].integer());
    out.reason = whole.head["reason"].text();
    out.content_type = whole.head["content_type"].text();
    out.headers = whole.head["headers"];
    whole.ended(std::move(out));
  }

  /* ---- threads that work ---- */

  [[noreturn]] void work() {
    while (true) {
      std::unique_lock<std::mutex> held(lock_);
      changed_.wait(held, [this] { return !jobs_.empty(); });
      Job job = std::move(jobs_.front());
      jobs_.pop_front();
      auto at = handlers_.find(static_cast<std::uint64_t>(job.head["use"].integer()));
      std::shared_ptr<Handler> handler = at == handlers_.end() ? nullptr : at->second;
      held.unlock();
      answer(job, handler.get());
    }
  }

  void answer(Job& job, const Handler* handler) {
    auto id = static_cast<std::uint64_t>(job.head["id"].integer());
    std::optional<std::string> body;
    Json head;
    try {
      if (handler == nullptr) throw Failed("internal", "these settings were refused");
      Message message;
      message.body = std::move(job.body);
      message.headers = job.head["headers"];
      message.variables = job.head["variables"];
      message.deadline = job.deadline;
      message.stop = job.stop;
      for (const char* name : {"message", "route", "method", "target", "operation", "content_type", "attempt", "endpoint"})
        message.about.set(name, job.head[name]);
      head = Json::object({{"type", "reply"}});
      if (handler->step) {
        Reply reply = handler->step(message);
        if (reply.filtered) head.set("flow", "filtered");
        if (!reply.variables.members().empty()) head.set("variables", reply.variables);
        if (!reply.headers.members().empty()) head.set("headers", reply.headers);
        body = std::move(reply.body);
        if (body) head.set("body", "document");
      } else {
        Answer said = handler->target(message);
        head.set("body", "bytes");
        if (!said.content_type.empty()) head.set("content_type", said.content_type);
        if (said.status != 0) head.set("status", said.status);
        if (!said.headers.members().empty()) head.set("headers", said.headers);
        body = std::move(said.body);
      }
      if (head.dump().size() > most_head)
        throw Failed("internal", "answering: variables and header fields are larger than 63KiB");
    } catch (const Failed& failed) {
      body.reset();
      head = Json::object({{"type", "fail"}, {"kind", failed.kind}, {"text", failed.what()}, {"code", failed.code}});
    } catch (const std::exception& error) {
      body.reset();
      log(handler->called + " threw: " + error.what(), "error");
      head = Json::object({{"type", "fail"}, {"kind", "internal"}, {"text", cut(error.what())}});
    }
    finish(id, std::move(head), std::move(body));
  }

  void finish(std::uint64_t id, Json head, std::optional<std::string> body) {
    {
      std::lock_guard<std::mutex> held(lock_);
      stops_.erase(id);
    }
    head.set("id", number(id));
    if (body) {
      say_with_body(std::move(head), "id", id, *body);
    } else {
      say(head);
    }
  }

  /* ---- any thread ---- */

  static Json number(std::uint64_t value) { return Json(static_cast<std::int64_t>(value)); }

  void say(const Json& head) { say_all({{head.dump(), std::nullopt}}); }
  void say_with_body(Json head, const char* name, std::uint64_t id, std::string_view body) {
    std::vector<std::pair<std::string, std::optional<std::string>>> all;
    std::size_t at = 0;
    do {
      std::string_view piece = body.substr(at, most_payload);
      bool more = at + piece.size() < body.size();
      if (at != 0) head = Json::object({{"type", "chunk"}, {name, number(id)}});
      head.set("more", more);
      all.emplace_back(head.dump(), std::string(piece));
      at += piece.size();
    } while (at < body.size());
    say_all(std::move(all));
  }
  void say_all(std::vector<std::pair<std::string, std::optional<std::string>>> all) {
    {
      std::lock_guard<std::mutex> held(out_lock_);
      for (auto& one : all) out_.push_back(std::move(one));
    }
    std::uint64_t one = 1;
    if (::write(wake_, &one, sizeof one) < 0) return; /* it is awake */
  }

  void bring(Inlet& inlet, Arrival arrival, std::function<void(Outcome)> ended) {
    std::uint64_t number_of_it = 0;
    {
      std::lock_guard<std::mutex> held(lock_);
      number_of_it = ++last_arrival_;
      brought_[number_of_it] = Brought{Json(), {}, inlet.shared_from_this(), std::move(ended)};
    }
    Json head = Json::object({{"type", "arrival"}, {"use", number(inlet.use_)}, {"arrival", number(number_of_it)}});
    const std::pair<const char*, const std::string*> texts[] = {{"content_type", &arrival.content_type},
                                                                {"peer", &arrival.peer},
                                                                {"method", &arrival.method},
                                                                {"target", &arrival.target},
                                                                {"operation", &arrival.operation}};
    for (const auto& [name, text] : texts) {
      if (!text->empty()) head.set(name, *text);
    }
    if (!arrival.headers.members().empty()) head.set("headers", std::move(arrival.headers));
    if (arrival.route != 0) head.set("route", number(arrival.route));
    if (arrival.deadline.count() > 0) head.set("deadline_ms", Json(static_cast<std::int64_t>(arrival.deadline.count())));
    if (!arrival.reply) head.set("reply", false);
    say_with_body(std::move(head), "arrival", number_of_it, arrival.body);
  }

  std::map<std::string, std::function<StepHandler(const Json&)>> steps_;
  std::map<std::string, std::function<TargetHandler(const Json&)>> targets_;
  std::map<std::string, std::function<std::unique_ptr<Source>(const Json&)>> sources_;
  int threads_ = 4;
  int wake_ = -1;
  void* socket_ = nullptr;
  std::string reason_{}; /* why the conversation is over */
  /* the reading thread's */
  std::map<std::uint64_t, Route> routes_;
  std::map<std::uint64_t, Listener> listeners_;
  std::vector<Listener> ending_;
  /* under lock_ */
  std::mutex lock_;
  std::condition_variable changed_;
  std::deque<Job> jobs_;
  std::map<std::uint64_t, Job> arriving_;
  std::map<std::uint64_t, std::shared_ptr<std::atomic<bool>>> stops_;
  std::map<std::uint64_t, std::shared_ptr<Handler>> handlers_;
  std::map<std::uint64_t, Brought> brought_;
  std::uint64_t last_arrival_ = 0;
  /* under out_lock_ */
  std::mutex out_lock_;
  std::deque<std::pair<std::string, std::optional<std::string>>> out_;
};

inline void Inlet::listening(std::string address) {
  listened_.store(true);
  plugin_.say(Json::object({{"type", "listening"}, {"use", Plugin::number(use_)}, {"address", std::move(address)}}));
}

inline void Inlet::begin(Arrival arrival, std::function<void(Outcome)> ended) {
  {
    std::unique_lock<std::mutex> held(lock_);
    changed_.wait(held, [this] { return in_flight_ < credit_ || stopped(); });
    if (stopped()) throw Stopped();
    ++in_flight_;
  }
  plugin_.bring(*this, std::move(arrival), std::move(ended));
}

}  // namespace busway::process

#endif
