#pragma once

#include <memory>

#include "adapters/http/answer.hpp"
#include "adapters/http/client_pool.hpp"
#include "adapters/http/pace.hpp"
#include "adapters/http/pipe.hpp"
#include "adapters/http/upload.hpp"
#include "bus/fair_share.hpp"

namespace busway::http {

// A service's answer on its way to the caller: the message holds its first bytes. Holds the connection, which is given back as
// soon as the answer is whole, and what still goes up on it.
class AnswerStream final : public BodySource, public PlainBody {
 public:
  struct Connection {
    Client::Lease lease;
    std::shared_ptr<Upload> upload;
    bool all_sent = false;  // the request, but for what `upload` brings
  };
  AnswerStream(Worker& worker, Connection connection, AnswerReader::Rest rest, Pace pace);
  ~AnswerStream() override;

  Task<Result<std::string_view>> next() override { return pull(nullptr); }
  Task<Result<std::string_view>> next_into(Pipe& pipe) override { return pull(&pipe); }
  std::uint64_t plain_left() const override;
  void stop() override;
  std::optional<std::uint64_t> length() const override { return length_; }

 private:
  Task<Result<std::string_view>> pull(Pipe* pipe);
  std::unexpected<Error> broken(std::string why, std::string code);
  void finish();

  Worker& worker_;
  std::unique_ptr<Client::Lease> lease_;  // none from the end of the answer on
  std::shared_ptr<Upload> upload_;        // ends before the connection it writes to
  BodyFlow flow_;
  std::optional<std::uint64_t> length_;
  Buffer first_;
  bool persistent_;
  bool all_sent_;
  Pace pace_;
  FairShare share_;
  TimePoint left_;  // when it was last asked
  bool failed_ = false;
};

}  // namespace busway::http
