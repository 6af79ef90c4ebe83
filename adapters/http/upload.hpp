#pragma once

#include <chrono>
#include <memory>

#include "adapters/http/companion.hpp"
#include "adapters/http/pour.hpp"

namespace busway::http {

// The rest of a request's body on its way to the service, beside whoever waits for the answer: a service may answer before it has
// read everything. When the body breaks off, the service's connection is cancelled, for what stands there will never be whole.
class Upload : public std::enable_shared_from_this<Upload> {
 public:
  Upload(Worker& worker, BodySource& from, Socket& to, bool chunked, Pace pace) : pour_(worker, from, to, chunked, pace) {}
  // `time`: how long the service has for its answer, from the end of the body on.
  void start(std::chrono::nanoseconds time);

  bool ended() const { return ended_; }
  bool whole() const { return ended_ && pour_.end == Pour::End::whole; }
  // Set when it is why the connection was cancelled.
  const Error* error() const { return ended_ && fatal() ? &pour_.error : nullptr; }
  // When the answer is due at the earliest.
  TimePoint due() const { return (ended_ ? ended_at_ : pour_.worker.now()) + time_; }

 private:
  // A service that took no more may still have answered; all else ends the call.
  bool fatal() const { return pour_.end == Pour::End::source || pour_.end == Pour::End::slow; }
  Task<> run();

  Pour pour_;
  std::chrono::nanoseconds time_{};
  TimePoint ended_at_{};
  bool ended_ = false;
  Companion running_;
};

}  // namespace busway::http
