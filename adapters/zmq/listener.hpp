#pragma once

#include <deque>
#include <memory>
#include <optional>
#include <string>
#include <unordered_map>
#include <vector>

#include "adapters/zmq/connections.hpp"
#include "adapters/zmq/listener_fields.hpp"
#include "adapters/zmq/message_routes.hpp"
#include "adapters/zmq/passage.hpp"
#include "adapters/zmq/socket.hpp"
#include "adapters/zmq/watch.hpp"
#include "bus/listener.hpp"

namespace busway::zmq {

std::unique_ptr<Listener> make_listener(ListenerConfig config, const ConfigNode& node, CheckContext& check,
                                        const ListenerContext& context);

// Takes the messages of one ZeroMQ socket. Nothing shares a ZeroMQ port as SO_REUSEPORT shares others, so one worker owns the
// socket, and its exchanges run there; the listeners of a process take workers in turn.
//
// `rep` and `router` are both a ROUTER on the wire: it knows who asked, so many requests are at work at once and each answer
// finds its way. A REQ's requests come one by one by themselves; of whoever sends more, `rep` serves one after the other.
class ZmqListener final : public Listener {
 public:
  ZmqListener(std::string name, ListenerConfig config, Parts parts, Parts answer_parts);
  ~ZmqListener() override;

  std::string_view adapter() const override { return "zmq"; }
  bool attach(std::unique_ptr<Inlet> inlet, CheckContext& check) override;
  Result<void> open(int workers) override;
  std::string address() const override { return bound_; }
  void serve(Worker& worker) override;
  void stop(Worker& worker) override;
  std::size_t connections(const Worker& worker) const override;
  Task<Result<TestReply>> simulate(Worker& worker, const TestRequest& request, Arena& arena) override;

 private:
  // A message on its way through a route, and what it needs for that; used again for later ones.
  struct Seat {
    explicit Seat(Worker& worker) : exchange(worker) {}
    Exchange exchange;
    Frames frames;
    std::vector<std::string_view> views;  // of the frames
    FrameList answer;
    std::string sender;       // the router's name for it
    std::size_t message = 0;  // its first frame, behind sender and envelope
    int descriptor = -1;
    std::optional<Error> trouble;  // refused without a route
  };
  using SeatPtr = std::unique_ptr<Seat>;
  // Who has requests here.
  struct Sender {
    std::int64_t requests = 0;  // waiting or at work
    bool at_work = false;
    std::deque<SeatPtr> waiting;
  };

  void take();
  Passage::Way pass(SeatPtr& seat);
  Task<> wake_for_held();
  std::size_t admit(SeatPtr seat, bool too_large);
  void begin(SeatPtr seat, bool too_large);
  Task<> run(SeatPtr seat);
  Task<> serve_one(Seat& seat);
  Task<> deliver(Seat& seat, Outcome outcome);
  void write_answer(Seat& seat, const Outcome& outcome) const;
  SeatPtr leave(SeatPtr seat);
  SeatPtr empty_seat();
  void give_back(SeatPtr seat);
  Task<> end();

  std::string name_;
  ListenerConfig config_;
  MessageRoutes routes_;
  Parts answer_parts_;
  Envelope envelope_;
  std::string bound_;

  // The owning worker's.
  int owner_ = 0;
  Worker* worker_ = nullptr;
  std::optional<Socket> socket_;
  Connections connections_;
  std::unique_ptr<Watch> watch_;
  std::optional<Passage> passage_;
  SeatPtr held_;            // that waits for room on the short way
  TimePoint held_until_{};  // then it goes the long one
  bool waking_ = false;
  std::unordered_map<std::string, Sender> senders_;
  std::vector<SeatPtr> spare_;
  std::int64_t at_work_ = 0;
  bool taking_ = false;
  bool full_ = false;  // take() has stopped at `requests`
  bool stopping_ = false;
  bool ended_ = false;
};

}  // namespace busway::zmq
