#pragma once

#include <array>
#include <chrono>
#include <cstdint>
#include <functional>
#include <map>
#include <span>
#include <string>
#include <string_view>

#include "bus/document.hpp"
#include "bus/error.hpp"
#include "bus/json_text.hpp"
#include "bus/mutex.hpp"

namespace busway {

class Secret;

enum class LogLevel : std::uint8_t { debug, info, warn, error };

// A name and a value of a log line. A Secret cannot become one.
struct LogField {
  LogField(std::string_view field, std::string_view text) : name(field), value(text) {}
  LogField(std::string_view field, const char* text) : name(field), value(text) {}
  LogField(std::string_view field, const std::string& text) : name(field), value(text) {}
  LogField(std::string_view field, std::int64_t number) : name(field), value(std::to_string(number)) {}
  LogField(std::string_view field, int number) : name(field), value(std::to_string(number)) {}
  LogField(std::string_view field, std::size_t number) : name(field), value(std::to_string(number)) {}
  LogField(std::string_view field, bool flag) : name(field), value(flag ? "true" : "false") {}
  LogField(std::string_view field, const Error& error) : name(field), value(error.text) {}
  LogField(std::string_view field, const Node& node)
      : name(field), value(node.is_string() ? std::string(node.text()) : to_json(node)) {}
  LogField(std::string_view field, const Secret& secret) = delete;

  std::string_view name;
  std::string value;
};

// The log: a fixed sentence plus fields, one text line each:
//   2026-01-31T10:15:30.123Z warn  Delivery failed, will retry. route=orders error="connecting to ...: refused"
// At most ten lines a second of one sentence in one route; what is left out is counted in a line when that second is over and the
// sentence comes again, or when the log is flushed. Safe from any thread; a line is one write.
class Log {
 public:
  using Sink = std::function<void(std::string_view line)>;
  static constexpr int lines_a_second = 10;

  explicit Log(Sink sink) : sink_(std::move(sink)) {}
  void set_level(LogLevel level) { level_ = level; }

  // `sentence` is fixed: what changes is a field.
  void write(LogLevel level, std::string_view sentence, std::string_view route, std::span<const LogField> fields);
  void info(std::string_view sentence, std::initializer_list<LogField> fields = {}) {
    write(LogLevel::info, sentence, "", {fields.begin(), fields.size()});
  }
  void warn(std::string_view sentence, std::initializer_list<LogField> fields = {}) {
    write(LogLevel::warn, sentence, "", {fields.begin(), fields.size()});
  }
  void error(std::string_view sentence, std::initializer_list<LogField> fields = {}) {
    write(LogLevel::error, sentence, "", {fields.begin(), fields.size()});
  }
  // A line that its caller has made whole (an access log's), with its end: neither bounded nor left out.
  void write_line(std::string_view line);
  // Says how many lines were left out so far.
  void flush();

 private:
  struct Window {
    std::chrono::steady_clock::time_point began;
    LogLevel level = LogLevel::info;
    int written = 0;
    std::int64_t left_out = 0;
  };
  using Key = std::pair<std::string, std::string>;  // route, sentence
  void report(const Key& key, Window& window) BUSWAY_REQUIRES(lock_);

  static constexpr std::size_t max_windows = 1024;
  Sink sink_;
  LogLevel level_ = LogLevel::info;
  Mutex lock_;
  std::map<Key, Window> windows_ BUSWAY_GUARDED_BY(lock_);
};

// The process's log, to standard error.
Log& log();

}  // namespace busway
