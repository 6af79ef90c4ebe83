#pragma once

#include <chrono>
#include <memory>
#include <string>
#include <thread>

#include "bus/engine.hpp"
#include "routes/compile.hpp"
#include "tests/contract/protocol.hpp"
#include "tests/fakes/peer.hpp"
#include "tests/fakes/temporary_directory.hpp"
#include "transforms/jsonata/jsonata.hpp"

namespace busway::contract {

// The suite's bundle, served by a real engine of two workers.
class Bus {
 public:
  struct Options {
    std::string timeout = "5s";
    std::string deadline = "20s";
  };
  Bus(const Protocol& protocol, const std::string& peer, const Options& options) {
    directory_.write("contract.yaml",
                     "listeners:\n  front: " + protocol.listener + "\nservices:\n  peer:\n" + protocol.service(peer) +
                         "    timeout: " + options.timeout + "\nroutes:\n  echo:\n    from: " + protocol.from("echo") +
                         "\n    steps: [ { map: '{ \"text\": text }' } ]\n" +
                         "  forward:\n    from: " + protocol.from("forward") + "\n    deadline: " + options.deadline +
                         "\n    steps: [ { call: { service: peer, request: '{ \"text\": text }'" + protocol.call +
                         " } }, { map: '{ \"text\": text }' } ]\n" +
                         "    on_error: { reply: { body: '{ \"text\": \"!\" & $failure.kind & \"-\" & $failure.outcome }' } }\n");
    Findings findings;
    auto bundle = routes::load_bundle(directory_.path().string(), registry(protocol.where), jsonata::language(),
                                      routes::LoadMode::run, findings);
    for (const Finding& finding : findings.all()) problem_ += to_text(finding) + "\n";
    if (bundle.snapshot == nullptr) return;
    engine_ = std::make_unique<Engine>(bundle.snapshot, Engine::Options{.workers = 2, .drain = std::chrono::seconds(10)});
    if (auto opened = engine_->open(); !opened) {
      problem_ += opened.error().text;
      return;
    }
    std::string address = bundle.snapshot->listeners.begin()->second->address();
    if (address.empty()) {
      problem_ = "nothing listens";
    } else {
      port_ = fakes::port_of(address);
    }
    thread_ = std::thread([this] { engine_->run(); });
  }
  Bus(const Protocol& protocol, const fakes::Peer& peer) : Bus(protocol, peer.address(), Options{}) {}
  Bus(const Bus&) = delete;
  Bus& operator=(const Bus&) = delete;
  ~Bus() {
    stop();
    join();
  }

  const std::string& problem() const { return problem_; }
  std::uint16_t port() const { return port_; }
  void stop() {
    if (engine_ != nullptr) engine_->stop();
  }
  // Until the drain is over.
  void join() {
    if (thread_.joinable()) thread_.join();
  }

 private:
  fakes::TemporaryDirectory directory_;
  std::string problem_;
  std::unique_ptr<Engine> engine_;
  std::uint16_t port_ = 0;
  std::thread thread_;
};

// A connection of a caller.
class Caller {
 public:
  Caller(const Protocol& protocol, const Bus& bus) : protocol_(protocol), fd_(fakes::connect_to(bus.port())) {
    if (protocol.open) protocol.open(fd_);
  }
  Caller(const Caller&) = delete;
  Caller& operator=(const Caller&) = delete;
  ~Caller() { ::close(fd_); }
  int fd() const { return fd_; }

  void send(const std::string& route, const std::string& text) const { fakes::send_all(fd_, protocol_.request(route, text)); }
  std::string receive() const { return protocol_.read_reply(fd_).value_or("(none)"); }
  std::string ask(const std::string& route, const std::string& text) const {
    send(route, text);
    return receive();
  }

 private:
  const Protocol& protocol_;
  int fd_;
};

}  // namespace busway::contract
