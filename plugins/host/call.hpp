#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "bus/target.hpp"
#include "bus/worker.hpp"
#include "plugins/host/handles.hpp"

namespace busway::plugins {

// A body that a plugin hands in, with its fields: copied out of its memory. Immutable once it is made.
struct HandedIn {
  std::string bytes;
  std::string content_type;
  std::unique_ptr<busway_document> document;  // instead of bytes
  std::optional<Node> root;                   // of the document
  std::vector<std::pair<std::string, std::string>> headers;
  int status = 0;
};

// Takes what `answer` holds; its document is ours whatever comes of it. Errors: kind `internal`, what the plugin got wrong; kind
// `garbage`, code "limit", a body over `max_body`.
Result<HandedIn> take(const busway_answer& answer, std::uint64_t max_body);

// Whether the fields may stand in a message, and are not too many.
bool good_headers(const busway_header* headers, std::size_t count);

// Whether a body is within `max_body`: a document counts with a tenth of the memory it takes, as one that was read does.
bool within(std::uint64_t max_body, std::string_view bytes, const busway_document* document);

// A call that a plugin ends from any thread. Until its ticket ends it is everybody's; the one who takes the ticket fills it, and
// from then on it is the worker's.
class PendingCall : public std::enable_shared_from_this<PendingCall> {
 public:
  PendingCall(Worker& worker, std::uint64_t max_body) : mailbox_(worker.mailbox()), max_body_(max_body) {}

  // ---- by whoever has taken the ticket; then post() ----
  void answer(const busway_answer& answer);
  void fail(const busway_reason& reason, const busway_answer* said);
  void post();
  // As a test gives it, without a plugin.
  void simulate(std::string bytes, const std::optional<Node>& document, int status,
                const std::vector<std::pair<std::string, std::string>>& headers, const std::optional<Fault>& fault);

  // ---- the worker's ----
  Task<Wake> wait(Worker& worker, TimePoint deadline);
  // What came; it borrows from this, which the exchange keeps. After `ready`, or at once where the call was ended on this thread.
  Result<Answer> result(Exchange& exchange, std::string_view protocol, const Format* format);

 private:
  std::shared_ptr<Worker::Mailbox> mailbox_;
  std::uint64_t max_body_;
  std::optional<Error> error_;
  HandedIn handed_in_;
  std::optional<Fault> fault_;

  Gate* gate_ = nullptr;  // of the coroutine that waits; the worker's
  bool done_ = false;     // likewise
};

// The calls under way in this process, by number. A number is never used again, so whoever speaks of an old one hits nothing. Any
// thread.
std::uint64_t open_ticket(std::shared_ptr<PendingCall> call);
// Ends it: null when it had ended.
std::shared_ptr<PendingCall> take_ticket(std::uint64_t number);
bool is_open(std::uint64_t number);
// How many answers came for calls that had ended: twice, or after their time.
std::uint64_t late_answers();

}  // namespace busway::plugins
