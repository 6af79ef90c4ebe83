#pragma once

#include <chrono>
#include <functional>
#include <memory>
#include <string>
#include <string_view>

#include "adapters/http/listener.hpp"
#include "bus/registry.hpp"
#include "bus/route.hpp"
#include "bus/socket.hpp"

namespace http_test {

using namespace busway;
using namespace std::chrono_literals;

// A route whose work is a function.
class FixedRoute final : public Route {
 public:
  using Work = std::function<Task<>(Exchange&)>;
  explicit FixedRoute(std::string name, Work work = {}) : name_(std::move(name)), work_(std::move(work)) {}
  const std::string& name() const override { return name_; }
  std::chrono::milliseconds deadline() const override { return 5000ms; }
  Task<void> run(Exchange& exchange) const override {
    exchange.route = this;
    if (work_) co_await work_(exchange);
    if (exchange.ending == Exchange::Ending::running) exchange.ending = Exchange::Ending::replied;
  }

 private:
  std::string name_;
  Work work_;
};

// Echoes the request's body as if a service had answered it.
Task<> echo(Exchange& exchange);

// The pieces a check needs, with the json format.
struct Checking {
  Checking();
  Findings findings;
  Registry registry;
  CheckContext& context() { return *context_; }

 private:
  std::unique_ptr<BundleFiles> files_;
  std::unique_ptr<Secrets> secrets_;
  std::unique_ptr<ExpressionLanguage> expressions_;
  std::unique_ptr<CheckContext> context_;
};

// A worker with an http listener on a free port, driven from the test's own thread.
struct Bed {
  Bed() : Bed(http::ListenerConfig{.listen = "127.0.0.1:0"}) {}
  explicit Bed(http::ListenerConfig config);
  ~Bed();
  // Before start().
  void route(const std::string& from, FixedRoute::Work work = echo, std::uint64_t max_body = 1024 * 1024);
  void start();
  HostPort at() const;
  // Sends `bytes` and reads until the peer closes, or until `enough` says so; in pieces of `step` with a turn between.
  std::string talk(const std::string& bytes, const std::function<bool(const std::string&)>& enough = {}, std::size_t step = 0);

  Checking checking;
  Worker worker;
  std::vector<std::unique_ptr<FixedRoute>> routes;
  http::HttpListener listener;
};

// Ends when `count` replies with a Content-Length are whole.
std::function<bool(const std::string&)> replies(std::size_t count);

// A service that answers by a script: reads until `until` stands in what came, writes `answer`, then closes or resets or stays.
struct Script {
  std::string until = "\r\n\r\n";
  std::string answer{};
  enum class Then { stay, close, reset } then = Then::stay;
};
struct Stand {
  Stand(Worker& worker, std::function<Script(std::size_t)> script);
  ~Stand();
  HostPort at() const;
  Worker& worker;
  std::function<Script(std::size_t)> script;
  std::unique_ptr<Acceptor> acceptor;
  std::size_t connections = 0;
  std::vector<std::string> seen;  // each request's bytes
};

std::size_t open_descriptors();

// Runs the worker until `holds` or for `most`.
void wait_for(Worker& worker, std::chrono::milliseconds most, const std::function<bool()>& holds);

}  // namespace http_test
