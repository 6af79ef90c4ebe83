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
  // What one needs on its way through a route.
  struct Trip {
    explicit Trip(Worker& worker) : exchange(worker) {}
    Exchange exchange;
    FrameList answer;
  };
  using TripPtr = std::unique_ptr<Trip>;
  struct Sender;
  // A message as long as it is here. Both are used again for later ones; a seat stays where it is.
  struct Seat final : Handed {
    explicit Seat(ZmqListener& at) : listener(at) {}
    bool answered(Frames& answer) override { return listener.answered(*this, answer); }
    void failed(Error error) override { listener.failed(*this, std::move(error)); }

    ZmqListener& listener;
    Frames frames;
    TripPtr trip;  // on the long way
    Sender* sender = nullptr;
    std::size_t message = 0;  // its first frame, behind sender and envelope
    int descriptor = -1;
    bool too_large = false;
    TimePoint began{};
    const Endpoint* handed_to = nullptr;
  };
  // Who has requests here.
  struct Sender {
    const std::string* name = nullptr;  // the router's for it
    std::int64_t requests = 0;          // waiting or at work
    bool at_work = false;
    TimePoint took{};          // an answer, the last time
    int descriptor = -1;       // of its connection, when
    std::uint64_t looked = 0;  // it was asked for
    std::deque<Seat*> waiting;
  };

  void take();
  Passage::Way pass(Seat& seat);
  Task<> wake_for_held();
  bool begin(Seat& seat);
  void refuse(Seat& seat, const Error& error);
  bool start(Seat& seat);
  bool hand_on(Seat& seat);
  bool answered(Seat& seat, Frames& answer);
  void failed(Seat& seat, Error error);
  Task<> run(Seat& first);
  Task<> run_answered(Seat& seat, std::shared_ptr<Frames> answer);
  Task<> serve_one(Seat& seat);
  Task<> deliver(Seat& seat);
  void write_answer(Seat& seat, const Outcome& outcome) const;
  Seat* leave(Seat& seat);
  int descriptor_of(const Frames& frames, Sender& sender);
  Seat& empty_seat();
  TripPtr empty_trip();
  void give_back(Seat& seat);
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
  std::optional<RequestPassage> requests_;
  Seat* held_ = nullptr;    // that waits for room on the short way
  TimePoint held_until_{};  // then it goes the long one
  bool waking_ = false;
  std::unordered_map<std::string, Sender> senders_;
  std::uint64_t takes_ = 0;  // calls of take()
  std::deque<Seat> seats_;   // as many as there ever were messages here at once
  std::vector<Seat*> spare_;
  std::vector<TripPtr> spare_trips_;
  std::int64_t at_work_ = 0;
  bool taking_ = false;
  bool full_ = false;  // take() has stopped at `requests`
  bool stopping_ = false;
  bool ended_ = false;
};

}  // namespace busway::zmq
