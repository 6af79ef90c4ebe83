#include "bus/log.hpp"

#include <unistd.h>

#include <algorithm>

#include "bus/json_text.hpp"
#include "bus/wall_clock.hpp"

namespace busway {

namespace {

std::string_view word_for(LogLevel level) {
  switch (level) {
    case LogLevel::debug: return "debug";
    case LogLevel::info: return "info ";
    case LogLevel::warn: return "warn ";
    case LogLevel::error: return "error";
  }
  return "info ";
}

// Bare when it is one word; quoted as JSON otherwise, so no value can begin a line or a field of its own.
void append_value(std::string_view value, std::string& out) {
  bool bare = !value.empty() && std::all_of(value.begin(), value.end(),
                                            [](char c) { return c > ' ' && c != '"' && c != '=' && c != '\\' && c != 0x7F; });
  if (bare) {
    out += value;
  } else {
    append_json_string(value, out);
  }
}

std::string line_of(LogLevel level, std::string_view sentence, std::string_view route, std::span<const LogField> fields) {
  std::string out = iso_time(std::chrono::system_clock::now());
  out += ' ';
  out += word_for(level);
  out += ' ';
  for (char c : sentence) out += static_cast<unsigned char>(c) < ' ' ? ' ' : c;
  if (!route.empty()) out.append(" route=").append(route);
  for (const LogField& field : fields) {
    out += ' ';
    out += field.name;
    out += '=';
    append_value(field.value, out);
  }
  out += '\n';
  return out;
}

void to_standard_error(std::string_view line) {
  while (!line.empty()) {
    ssize_t written = ::write(STDERR_FILENO, line.data(), line.size());
    if (written <= 0) return;
    line.remove_prefix(static_cast<std::size_t>(written));
  }
}

}  // namespace

void Log::write(LogLevel level, std::string_view sentence, std::string_view route, std::span<const LogField> fields) {
  if (level < level_) return;
  Lock lock(lock_);
  auto now = std::chrono::steady_clock::now();
  if (windows_.size() >= max_windows) {
    for (auto& [key, window] : windows_) report(key, window);
    windows_.clear();
  }
  auto [at, added] = windows_.try_emplace({std::string(route), std::string(sentence)});
  Window& window = at->second;
  if (added || now - window.began >= std::chrono::seconds(1)) {
    report(at->first, window);
    window.began = now;
    window.written = 0;
  }
  window.level = level;
  if (window.written == lines_a_second) {
    ++window.left_out;
    return;
  }
  ++window.written;
  sink_(line_of(level, sentence, route, fields));
}

void Log::write_line(std::string_view line) {
  Lock lock(lock_);
  sink_(line);
}

void Log::report(const Key& key, Window& window) {
  if (window.left_out == 0) return;
  const LogField count("left_out", window.left_out);
  sink_(line_of(window.level, key.second, key.first, {&count, 1}));
  window.left_out = 0;
}

void Log::flush() {
  Lock lock(lock_);
  for (auto& [key, window] : windows_) report(key, window);
}

Log& log() {
  static Log instance(to_standard_error);
  return instance;
}

}  // namespace busway
