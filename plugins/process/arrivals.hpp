#pragma once

#include <deque>
#include <functional>
#include <map>
#include <string>
#include <vector>

#include "plugins/process/use.hpp"
#include "plugins/process/wire.hpp"

namespace busway::plugins {

// What one launch of a plugin's process brings in: who may bring how much, what is on its way in, what has not got its outcome,
// and outcomes on their way out. Knows no socket. One thread.
class Arrivals {
 public:
  // A listener, which may bring nothing yet.
  void add(std::uint64_t use, std::size_t max_body) { sources_[use].max_body = max_body; }
  void grant(std::uint64_t use, std::size_t credit) { sources_[use].credit = credit; }
  // What still comes is told that it was not taken.
  void close(std::uint64_t use);

  // What a plugin has sent. Answers which rule of the protocol it breaks, or nothing; what is whole is added to `whole`.
  std::string take(const wire::Arrival& said, std::string_view payload, std::vector<Brought>& whole);
  std::string take(const wire::Chunk& said, std::string_view payload, std::vector<Brought>& whole);

  // Ends one. It makes room as soon as it is said.
  void end(std::uint64_t arrival, Outcome outcome);

  // Sends what there is: `send` answers false when there is no room, and is asked again later.
  using Send = std::function<bool(const std::string& head, const std::string_view* payload)>;
  void flush(const Send& send);
  bool has_backlog() const { return !outgoing_.empty(); }
  std::size_t in_flight() const { return flights_.size(); }

 private:
  struct Source {
    std::size_t max_body = 0;
    std::size_t credit = 0;
    std::size_t in_flight = 0;
    bool closed = false;
  };
  struct Flight {
    Source* source;
    Brought brought;
    bool whole = false;
    bool too_large = false;
  };
  struct Outgoing {
    std::uint64_t arrival;
    Outcome outcome;
    std::size_t sent = 0;
  };
  void add_piece(Flight& flight, std::string_view payload);
  void settle(std::uint64_t arrival, Flight& flight, std::vector<Brought>& whole);

  std::map<std::uint64_t, Source> sources_;
  std::map<std::uint64_t, Flight> flights_;
  std::deque<Outgoing> outgoing_;
};

// The rest of an outcome's head for a message that did not get into a route.
Outcome not_taken(ErrorKind kind, int status, std::string_view reason);

}  // namespace busway::plugins
