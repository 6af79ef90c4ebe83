// Steps for tests: one that completes on another thread, and some that break the rules.
#include <chrono>
#include <thread>

#include "busway_plugin.hpp"

namespace {

struct LaterConfig {
  std::string how = "next";
  std::chrono::milliseconds after{10};
};

class Later {
 public:
  explicit Later(LaterConfig config) : config_(std::move(config)) {}
  busway::Flow start(busway::Message& message, busway::Completion& completion) const {
    auto body = message.document();
    if (!body) return busway::Flow::failed;
    if (config_.how == "now") return busway::Flow::next;
    if (config_.how == "refused") return message.fail(busway::Failure::invalid, "starting it: no");
    if (config_.how == "dropped") return busway::Flow::later;
    std::string name = (*body)["name"].text();
    // A test's own: a real plugin has threads that its instance joins.
    std::thread([name, how = config_.how, after = config_.after, done = std::move(completion)]() mutable {
      std::this_thread::sleep_for(after);
      if (how == "fail") return done.fail(busway::Failure::not_sent, "asking the far side: refused", "far");
      if (how == "filtered") return done.filtered();
      if (how == "unfinished") {
        done.replace().begin_object().key("a");
        return done.next();
      }
      done.set_variable("asked").string(name);
      busway::Builder body_ = done.replace();
      body_.begin_object().key("hello").string(name).end();
      done.next();
    }).detach();
    return busway::Flow::later;
  }

 private:
  LaterConfig config_;
};

struct RulesConfig {
  std::string rule;
};

// Does one thing that a step may not do, or may.
class Rules {
 public:
  explicit Rules(RulesConfig config) : rule_(std::move(config.rule)) {
    if (rule_ == "refused") throw busway::Refused("rule", "it says so itself");
  }
  busway::Flow run(busway::Message& message) const {
    if (rule_ == "good") return good(message);
    busway::Builder body = message.replace();
    if (rule_ == "twice") body.begin_object().key("a").null().key("a").null().end();
    if (rule_ == "utf8") body.string("\xC3\x28");
    if (rule_ == "number") body.number_text("01");
    if (rule_ == "infinite") body.number(1e308 * 10);
    if (rule_ == "unfinished") body.begin_array();
    if (rule_ == "nothing") return busway::Flow::next;
    if (rule_ == "two") body.null().null();
    if (rule_ == "keyless") body.begin_object().null();
    if (rule_ == "deep") {
      for (int i = 0; i < 200; ++i) body.begin_array();
    }
    if (rule_ == "many") {
      body.begin_object();
      for (int i = 0; i < 1000; ++i) body.key("k" + std::to_string(i)).integer(i);
      body.end();
    }
    if (rule_ == "throws") throw std::runtime_error("thrown by the plugin");
    if (rule_ == "framing") {
      body.null();
      message.set_header("Content-Length", "7");
    }
    if (rule_ == "injects") {
      body.null();
      message.set_header("X-A", "b\r\nX-C: d");
    }
    if (rule_ == "answer") return static_cast<busway::Flow>(17);
    return busway::Flow::next;
  }

 private:
  static busway::Flow good(busway::Message& message) {
    message.set_header("X-Seen", message.header("X-Given").value_or("nothing"));
    message.set_variable("list").begin_array().integer(1).end();
    busway::Builder body = message.replace();
    body.begin_object().key("route").string(message.about(BUSWAY_ABOUT_ROUTE)).key("list").node(message.variable("list"));
    body.key("big").number_text("1250.10").end();
    return busway::Flow::next;
  }

  std::string rule_;
};

struct TagConfig {
  busway::Secret key;
  busway::File file;
  std::vector<std::string> words;
  busway::Size size{65536};
  bool on = true;
  int count = 3;
};

// Leaves the body alone, and shows what every type of key comes as.
class Tag {
 public:
  explicit Tag(TagConfig config) : config_(std::move(config)) {}
  busway::Flow run(busway::Message& message) const {
    std::string text = config_.key.value + "," + config_.file.content + "," + std::to_string(config_.words.size()) + "," +
                       std::to_string(config_.size.bytes) + "," + (config_.on ? "on" : "off") + "," +
                       std::to_string(config_.count);
    return message.set_header("X-Tag", text) ? busway::Flow::next : busway::Flow::failed;
  }

 private:
  TagConfig config_;
};

}  // namespace

BUSWAY_PLUGIN("later", "", plugin) {
  plugin.add(busway::StepType{"later",
                              "Completes later.",
                              "",
                              busway::step<LaterConfig, Later>({{"how", &LaterConfig::how, "How it ends.", busway::shorthand()},
                                                                {"after", &LaterConfig::after, "When.", busway::at_most("1h")}}),
                              {}});
  plugin.add(busway::StepType{
      "rules",
      "Breaks a rule.",
      "",
      busway::step<RulesConfig, Rules>({{"rule", &RulesConfig::rule, "Which one.", busway::required(), busway::shorthand()}}),
      {}});
  plugin.add(busway::StepType{"tag",
                              "Sets a header field.",
                              "",
                              busway::step<TagConfig, Tag>({{"key", &TagConfig::key, "A secret."},
                                                            {"file", &TagConfig::file, "A file.", busway::required()},
                                                            {"words", &TagConfig::words, "Words."},
                                                            {"size", &TagConfig::size, "A size.", busway::at_most("1MiB")},
                                                            {"on", &TagConfig::on, "Whether."},
                                                            {"count", &TagConfig::count, "How many.", busway::at_least("1")}},
                                                           BUSWAY_STEP_LEAVES_BODY),
                              {}});
}
