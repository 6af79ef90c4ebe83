// The target half of the adapter modbus: a service is one device or more, or a gateway to them.
#pragma once

#include <sys/socket.h>
#include <unistd.h>

#include <cerrno>
#include <deque>
#include <map>
#include <mutex>

#include "modbus_frames.hpp"

namespace {

struct ServiceConfig {
  std::vector<std::string> endpoints;
  int unit = 1;
  int outstanding = 1;
};

// Devices take few connections, so there is one to each endpoint, whoever calls: the loop that calls it first owns it, and the
// others hand their calls over.

// What one endpoint is asked, and its connection. Belongs to one loop, and is used on that loop's thread alone.
class Line {
 public:
  Line(busway::Loop loop, std::string to, std::size_t outstanding) : loop_(loop), to_(std::move(to)), outstanding_(outstanding) {}
  ~Line() { hang_up(); }
  busway::Loop loop() const { return loop_; }

  void ask(Query query, busway::Call call, std::chrono::milliseconds time) {
    waiting_.push_back({std::move(query), call, time});
    go_on();
  }
  // Nobody waits for it any more. Its late answer is known by its number, and dropped.
  void cancel(busway::Call call) {
    for (auto at = waiting_.begin(); at != waiting_.end(); ++at) {
      if (!(at->call == call)) continue;
      waiting_.erase(at);
      call.fail(busway::Failure::not_sent, "waiting for the device: others were asked first");
      return;
    }
    for (auto at = asked_.begin(); at != asked_.end(); ++at) {
      if (!(at->second.call == call)) continue;
      asked_.erase(at);
      return go_on();
    }
  }
  void close() {
    hang_up();
    waiting_.clear();
    asked_.clear();
  }

 private:
  struct Question {
    Query query;
    busway::Call call;
    std::chrono::milliseconds time;
  };

  void go_on() {
    if (waiting_.empty() || connecting_) return;
    if (fd_ < 0) {
      connecting_ = true;
      loop_.connect(to_, waiting_.front().time, [this](int fd, std::string_view problem) { connected(fd, problem); });
      return;
    }
    while (!waiting_.empty() && asked_.size() < outstanding_) {
      Question question = std::move(waiting_.front());
      waiting_.pop_front();
      std::uint16_t number = ++transaction_;
      out_ += encode(question.query, number);
      asked_.insert_or_assign(number, std::move(question));
    }
    write();
  }

  void connected(int fd, std::string_view problem) {
    connecting_ = false;
    if (fd < 0) {
      std::deque<Question> failed = std::move(waiting_);
      waiting_.clear();
      for (Question& question : failed) question.call.fail(busway::Failure::not_sent, problem);
      return;
    }
    fd_ = fd;
    watch_ = busway::Watch(loop_, fd_, busway::Event::readable, [this](busway::Event event) {
      if (event == busway::Event::readable) return read();
      write();
    });
    go_on();
  }

  void write() {
    while (!out_.empty()) {
      ssize_t sent = ::send(fd_, out_.data(), out_.size(), MSG_NOSIGNAL);
      if (sent < 0 && (errno == EAGAIN || errno == EINTR)) break;
      if (sent < 0) return lose("sending the request: the connection broke");
      out_.erase(0, static_cast<std::size_t>(sent));
    }
    watch_.change(out_.empty() ? busway::Event::readable : busway::Event::both);
  }

  void read() {
    char buffer[4096];
    ssize_t got = ::recv(fd_, buffer, sizeof buffer, 0);
    if (got < 0 && (errno == EAGAIN || errno == EINTR)) return;
    if (got <= 0) return lose("waiting for the answer: the device has ended the connection");
    in_.append(buffer, static_cast<std::size_t>(got));
    while (true) {
      auto size = frame_size(in_);
      if (!size) return lose("reading the answer: it is no Modbus frame", busway::Failure::garbage);
      if (*size == 0 || in_.size() < *size) break;
      std::string bytes = in_.substr(0, *size);
      in_.erase(0, *size);
      auto asked = asked_.find(get16(bytes, 0));
      if (asked == asked_.end()) continue;  // of a call that was given up
      Question question = std::move(asked->second);
      asked_.erase(asked);
      if (!finish(question.query, bytes, question.call)) return lose("waiting for the answer: the device answered another amiss");
    }
    go_on();
  }

  // The connection is gone, and with it what was asked over it. What still waits tries a new one.
  void lose(const char* why, busway::Failure kind = busway::Failure::unknown) {
    hang_up();
    std::map<std::uint16_t, Question> failed = std::move(asked_);
    asked_.clear();
    for (auto& [number, question] : failed) question.call.fail(kind, why);
    go_on();
  }

  void hang_up() {
    watch_.end();
    if (fd_ >= 0) ::close(fd_);
    fd_ = -1;
    in_.clear();
    out_.clear();
  }

  busway::Loop loop_;
  std::string to_;
  std::size_t outstanding_;
  int fd_ = -1;
  bool connecting_ = false;
  std::uint16_t transaction_ = 0;
  std::string in_;
  std::string out_;
  std::deque<Question> waiting_;             // not sent yet
  std::map<std::uint16_t, Question> asked_;  // by transaction
  busway::Watch watch_;
};

class Service {
 public:
  explicit Service(ServiceConfig config) : config_(std::move(config)), lines_(config_.endpoints.size()) {
    if (config_.endpoints.empty()) throw busway::Refused("endpoints", "a service needs at least one endpoint");
  }

  void call(const busway::Request& request, busway::Call call) {
    std::optional<Query> query = query_of(request, call);
    if (!query) return;
    Line& line = line_for(request);
    auto time = request.time_left();
    if (line.loop().raw() == request.loop().raw()) return line.ask(std::move(*query), call, time);
    line.loop().post([&line, query = std::move(*query), call, time]() mutable {
      if (call.wanted()) line.ask(std::move(query), call, time);
    });
  }

  void cancel(busway::Loop loop, busway::Call call) {
    std::lock_guard<std::mutex> lock(lock_);
    for (auto& line : lines_) {
      if (line == nullptr) continue;
      Line* at = line.get();
      if (at->loop().raw() == loop.raw()) {
        at->cancel(call);
      } else {
        at->loop().post([at, call] { at->cancel(call); });
      }
    }
  }

  void close(busway::Loop loop) {
    std::lock_guard<std::mutex> lock(lock_);
    for (auto& line : lines_) {
      if (line != nullptr && line->loop().raw() == loop.raw()) line->close();
    }
  }

  // Reading changes nothing.
  bool idempotent(const busway::Request& request) const {
    std::string_view function = request.document()["function"].string();
    return function == "read_holding" || function == "read_input";
  }

  // ---- `busway test` ----
  bool encode_request(const busway::Request& request, busway::Wire& wire) const {
    try {
      wire.append(encode(read_query(request.document(), config_.unit), 1));
      return true;
    } catch (const Unfit& error) {
      return wire.fail(busway::Failure::mapping, error.what());
    }
  }
  bool encode_answer(const busway::Request& request, const busway::Reply& reply, busway::Wire& wire) const {
    try {
      wire.append(answer_frame({1, read_query(request.document(), config_.unit)}, reply.document()["values"]));
      return true;
    } catch (const Unfit& error) {
      return wire.fail(busway::Failure::mapping, error.what());
    }
  }
  void decode_answer(const busway::Request& request, std::string_view wire, busway::Call call) const {
    Query query = read_query(request.document(), config_.unit);
    auto size = frame_size(wire);
    if (!size || *size != wire.size()) {
      call.fail(busway::Failure::garbage, "reading the answer: it is no Modbus frame");
    } else {
      finish(query, wire, call);
    }
  }

 private:
  std::optional<Query> query_of(const busway::Request& request, busway::Call call) const {
    try {
      return read_query(request.document(), config_.unit);
    } catch (const Unfit& error) {
      call.fail(busway::Failure::mapping, error.what());
      return std::nullopt;
    }
  }
  Line& line_for(const busway::Request& request) {
    std::lock_guard<std::mutex> lock(lock_);
    auto& line = lines_[request.endpoint_index()];
    if (line == nullptr) {
      line =
          std::make_unique<Line>(request.loop(), std::string(request.endpoint()), static_cast<std::size_t>(config_.outstanding));
    }
    return *line;
  }

  ServiceConfig config_;
  std::mutex lock_;                           // of the list alone
  std::vector<std::unique_ptr<Line>> lines_;  // by endpoint; made at its first call, and kept
};

}  // namespace
