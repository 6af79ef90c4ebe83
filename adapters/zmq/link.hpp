#pragma once

#include <cstdint>
#include <deque>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "adapters/zmq/address.hpp"
#include "adapters/zmq/handed.hpp"
#include "adapters/zmq/monitor.hpp"
#include "adapters/zmq/socket.hpp"
#include "adapters/zmq/watch.hpp"

namespace busway::zmq {

// How many calls one link has at once, and how many may wait for their turn.
struct LinkBounds {
  std::size_t outstanding = 1000;
  std::size_t waiting = 1024;
};

// A DEALER to one endpoint, for calls that are answered. It speaks to REP and ROUTER sockets alike: a call goes out as its number
// (8 bytes), an empty frame and the message, and what comes back behind the same two frames is its answer. So many calls are
// outstanding at once, and a late answer is told from the one that is waited for.
//
// Connects with the first call, and again with the first call after the connection has broken. A call is handed to the library
// only when the connection stands, so before that it is `not_sent`. One worker's, from its first call on; outlives the worker.
class Link {
 public:
  // Errors: kind `config`.
  static Result<std::unique_ptr<Link>> make(const SocketOptions& options, const ZmqAddress& to, LinkBounds bounds);
  ~Link();
  Link(const Link&) = delete;
  Link& operator=(const Link&) = delete;

  // `frames`: two that are left free, and the message. The answer's frames land in `answer`, its message from `behind_number` on.
  // Errors as language.md, "Outcome of a call": `not_sent`, `unknown`, `garbage`.
  Task<Result<void>> trade(Worker& worker, std::span<std::string_view> frames, Frames& answer, TimePoint deadline);
  static constexpr std::size_t behind_number = 2;
  // The same with the frame of `message` at `index` as the whole message, and without waiting: false when that takes more than
  // sending it now, and nothing has happened then.
  bool hand_on(Worker& worker, Handed& call, const Frames& message, std::size_t index, TimePoint deadline);
  // On its worker, when no call is under way.
  void close();

 private:
  // `broken`: what the last connection brought is still being read.
  enum class State : std::uint8_t { apart, connecting, connected, broken };
  class Waiter;
  class Turn;
  class Asked;
  using Waiters = std::deque<Waiter*>;

  Link(Socket socket, Monitor monitor, ZmqAddress to, LinkBounds bounds);
  void start(Worker& worker);
  Task<Result<void>> take_turn(TimePoint deadline);
  void give_turn();
  std::uint32_t take_place();
  void leave_place(std::uint32_t index);
  // What a call is told from others by, on the wire.
  struct Number {
    char bytes[8] = {};
    std::string_view text() const { return {bytes, sizeof bytes}; }
  };
  Number number_of(std::uint32_t index) const;
  void wake_those_with_turn();
  Task<Result<void>> connect(TimePoint deadline);
  Task<Result<void>> begin_to_connect(TimePoint deadline);
  Task<> lose();
  bool take_answers();
  void look_for_answers();
  bool take_answer(bool too_large);
  friend class Handed;
  void late(Handed& call);
  void end(Handed& call);
  void look_at_connection();
  void set_apart(std::string problem);
  static void wake(Waiters& waiters);

  Socket socket_;
  Monitor monitor_;
  ZmqAddress to_;
  LinkBounds bounds_;
  int socket_descriptor_;  // until the worker takes them
  int monitor_descriptor_;
  Worker* worker_ = nullptr;
  std::unique_ptr<Watch> answers_;
  std::unique_ptr<Watch> connection_;
  State state_ = State::apart;
  std::string connected_to_;  // as the library was told
  std::string problem_;       // of the last attempt
  std::size_t attempts_ = 0;
  std::size_t turns_ = 0;  // taken
  Waiters for_turn_;
  Waiters with_turn_;  // hold one and are about to wake
  Waiters for_connection_;
  Waiters for_room_;
  // Calls that wait for an answer, by the low half of their number; the high half tells a later use of the same place.
  struct Place {
    Waiter* waiter = nullptr;
    Handed* handed = nullptr;  // in place of one who waits
    std::uint32_t use = 0;
  };
  std::vector<Place> places_;
  std::vector<std::uint32_t> free_places_;
  Frames came_;
  bool looks_ = false;
  bool closed_ = false;
};

}  // namespace busway::zmq
