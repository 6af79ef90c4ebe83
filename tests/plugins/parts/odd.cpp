// Adapters for tests, with threads of their own: a service that ends its calls in every way there is, and a source that emits
// faster than anybody works.
#include <atomic>
#include <condition_variable>
#include <fstream>
#include <mutex>
#include <thread>

#include "busway_plugin.hpp"

namespace {

struct OddConfig {
  std::string how = "next";
};

class Odd {
 public:
  Odd(OddConfig config, const busway::Place& place) : how_(std::move(config.how)), max_body_(place.max_body) {}
  ~Odd() {
    for (std::thread& thread : threads_) thread.join();
  }

  void call(const busway::Request& request, busway::Call call) {
    if (how_ == "now") {
      call.answer(request.bytes());
      return;
    }
    if (how_ == "throws") throw std::runtime_error("thrown by the plugin");
    if (how_ == "never") return;
    std::lock_guard<std::mutex> lock(lock_);
    threads_.emplace_back([this, body = std::string(request.bytes()), call] { end(body, call); });
  }
  void cancel(busway::Loop, busway::Call call) {
    if (how_ == "unsent") call.fail(busway::Failure::not_sent, "it was still in the queue");
  }

 private:
  void end(const std::string& body, busway::Call call) {
    using std::chrono::milliseconds;
    if (how_ == "unsent") return;
    if (how_ == "late") std::this_thread::sleep_for(milliseconds(600));
    if (how_ == "refuses") call.fail(busway::Failure::answered, "it says no", "17");
    if (how_ == "not_sent") call.fail(busway::Failure::not_sent, "nobody there", "far");
    if (how_ == "deadline") call.fail(busway::Failure::deadline, "no time left");
    if (how_ == "large") call.answer(std::string(max_body_ + 1, 'x'));
    if (how_ == "document") call.answer(unfinished());
    if (how_ == "injects") call.answer(body, "", 0, {{"X-A", "b\r\nX-C: d"}});
    if (how_ == "status") call.answer("{\"why\":\"gone\"}", "application/json", 404);
    call.answer(body);  // the second word, where there was a first: nobody hears it
    if (how_ == "twice") call.fail(busway::Failure::internal, "once more");
  }
  static busway::Document unfinished() {
    busway::Document document;
    document.builder().begin_object().key("a");
    return document;
  }

  std::string how_;
  std::uint64_t max_body_;
  std::mutex lock_;
  std::vector<std::thread> threads_;
};

struct FloodConfig {
  std::int64_t count = 1000;
  std::string report;
};

// Emits `count` numbered messages as fast as it may, and writes down what became of them.
class Flood {
 public:
  explicit Flood(FloodConfig config) : config_(std::move(config)) {}
  ~Flood() {
    {
      std::lock_guard<std::mutex> lock(lock_);
      over_ = true;
    }
    changed_.notify_all();
    if (thread_.joinable()) thread_.join();
  }

  bool open(busway::Opening& opening) {
    if (config_.report == "/nowhere") return opening.fail("opening the report: there is no such place");
    intake_ = opening.intake();
    opening.set_address("flood:0");
    thread_ = std::thread([this] { emit_all(); });
    return true;
  }
  void reply(void* user, const busway::Reply& reply) {
    std::lock_guard<std::mutex> lock(lock_);
    auto number = reinterpret_cast<std::uintptr_t>(user);
    if (!reply.failed() && reply.bytes() == "{\"n\":" + std::to_string(number) + "}") ++right_;
    if (++replies_ == config_.count) {
      std::ofstream(config_.report) << right_ << " right, " << full_ << " times full, " << most_ << " at most\n";
    }
  }
  void resume(busway::Loop) {
    std::lock_guard<std::mutex> lock(lock_);
    room_ = true;
    changed_.notify_all();
  }

 private:
  void emit_all() {
    for (std::int64_t n = 1; n <= config_.count;) {
      std::string body = "{\"n\":" + std::to_string(n) + "}";
      {
        std::lock_guard<std::mutex> lock(lock_);
        room_ = false;
      }
      busway::Incoming message;
      message.bytes = body;
      message.user = reinterpret_cast<void*>(static_cast<std::uintptr_t>(n));
      busway::Emitted how = intake_.emit(message);
      std::unique_lock<std::mutex> lock(lock_);
      if (how == busway::Emitted::taken) most_ = std::max(most_, n++ - replies_);
      if (how == busway::Emitted::full) {
        ++full_;
        changed_.wait(lock, [this] { return room_ || over_; });
      }
      if (over_ || how == busway::Emitted::closed) return;
    }
  }

  FloodConfig config_;
  busway::Intake intake_;
  std::mutex lock_;
  std::condition_variable changed_;
  bool room_ = false;
  bool over_ = false;
  std::int64_t replies_ = 0;
  std::int64_t right_ = 0;
  std::int64_t full_ = 0;
  std::int64_t most_ = 0;
  std::thread thread_;
};

// A source that says itself which route takes what, and does nothing else.
struct TopicConfig {
  std::string topics;
};
class Topic {
 public:
  explicit Topic(TopicConfig config) : config_(std::move(config)) {}
  const std::string& name() const { return config_.topics; }

 private:
  TopicConfig config_;
};
struct NoKeys {};
class Topics {
 public:
  explicit Topics(NoKeys) {}
  bool open(busway::Opening& opening) {
    std::string all;
    for (std::size_t i = 0; i < opening.route_count(); ++i) all += opening.route<Topic>(i).name() + ";";
    opening.set_address(all + ":0");
    return true;
  }
  void reply(void*, const busway::Reply&) {}
};

// A service of documents, which says back what it is told.
class Echo {
 public:
  explicit Echo(NoKeys) {}
  void call(const busway::Request& request, busway::Call call) {
    busway::Document document;
    document.builder().begin_object().key("told").node(request.document()).end();
    call.answer(std::move(document));
  }
};

}  // namespace

BUSWAY_PLUGIN("odd", "", plugin) {
  busway::AdapterType odd;
  odd.name = "odd";
  odd.summary = "Ends its calls in every way.";
  odd.flags = BUSWAY_ADAPTER_HEADERS;
  odd.service = busway::service<OddConfig, Odd>({{"how", &OddConfig::how, "In which.", busway::shorthand()}});
  plugin.add(odd);
  busway::AdapterType flood;
  flood.name = "flood";
  flood.summary = "Emits without end.";
  flood.listener = busway::listener<FloodConfig, Flood>({{"count", &FloodConfig::count, "How many.", busway::at_least("1")},
                                                         {"report", &FloodConfig::report, "A file.", busway::required()}});
  plugin.add(flood);
  busway::AdapterType topics;
  topics.name = "topics";
  topics.summary = "Knows which route takes what.";
  topics.flags = BUSWAY_ADAPTER_DOCUMENTS;
  topics.source_flags = BUSWAY_SOURCE_PICKS_ROUTE;
  topics.listener = busway::listener<NoKeys, Topics>({});
  topics.from = busway::from<TopicConfig, Topic>({{"topics", &TopicConfig::topics, "The topic.", busway::required()}});
  topics.service = busway::service<NoKeys, Echo>({});
  plugin.add(topics);
}
