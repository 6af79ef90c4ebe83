#pragma once

#include "adapters/http/body_flow.hpp"
#include "adapters/http/pace.hpp"
#include "adapters/http/pipe.hpp"
#include "bus/body_source.hpp"
#include "bus/exchange.hpp"
#include "bus/fair_share.hpp"
#include "bus/socket.hpp"

namespace busway::http {

// A caller's body on its way to a service: what BodyGatherer has gathered is the message, the rest comes from the socket. While
// it lives it is the exchange's request_rest; with it ends an answer that has begun before this body was whole.
class RequestStream final : public BodySource, public PlainBody {
 public:
  // `gathered` is a body in mid-course, in `input` or in a buffer of its own; `pace` has held the caller so far.
  RequestStream(Exchange& exchange, Socket& socket, BodyGatherer& gathered, Pace pace);
  RequestStream(const RequestStream&) = delete;
  RequestStream& operator=(const RequestStream&) = delete;
  ~RequestStream() override;

  Task<Result<std::string_view>> next() override { return pull(nullptr); }
  Task<Result<std::string_view>> next_into(Pipe& pipe) override { return pull(&pipe); }
  std::uint64_t plain_left() const override;
  void stop() override { socket_.cancel(); }
  std::optional<std::uint64_t> length() const override { return length_; }

  bool whole() const { return flow_.whole(); }
  // Why the caller is to blame: too large, not by the grammar, too slow.
  Refusal refusal() const { return refusal_; }
  bool broken() const { return broken_; }  // the caller is gone
  // What followed the body.
  std::string_view after() const { return after_.view(); }

 private:
  Task<Result<std::string_view>> pull(Pipe* pipe);
  std::unexpected<Error> refused(Refusal refusal);
  std::unexpected<Error> lost(std::string_view why);

  Exchange& exchange_;
  Socket& socket_;
  BodyFlow flow_;
  Buffer first_;  // the bytes of the message, until the rest is asked for
  Buffer after_;
  std::optional<std::uint64_t> length_;
  Pace pace_;
  FairShare share_;
  std::uint64_t received_before_;
  TimePoint left_;  // when it was last asked
  Refusal refusal_;
  bool broken_ = false;
};

}  // namespace busway::http
