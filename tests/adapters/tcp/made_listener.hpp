#pragma once

#include <future>
#include <memory>
#include <thread>
#include <vector>

#include "adapters/tcp/listener.hpp"
#include "tests/adapters/tcp/made_target.hpp"
#include "tests/fakes/fake_route.hpp"
#include "tests/transforms/formats/made_format.hpp"

namespace busway::tcp {

// Reads bytes as a string and writes a string, so that conditions have a document to look at.
class TextFormat final : public Format {
 public:
  std::string_view name() const override { return "text"; }
  std::string_view content_type() const override { return ""; }
  Result<Node> read(std::string_view bytes, Arena&) const override { return Node::string(bytes); }
  Result<void> write(const Node& document, std::string& out) const override {
    out += document.text();
    return {};
  }
};

// An expression made of a function.
class FunctionExpression final : public Expression {
 public:
  using Function = Result<Node> (*)(Scope&, Arena&);
  explicit FunctionExpression(Function function) : function_(function) {}
  Result<Node> evaluate(Scope& scope, Arena& arena) const override { return function_(scope, arena); }
  bool reads_input() const override { return true; }
  const std::vector<std::string>& free_variables() const override { return none_; }

 private:
  Function function_;
  std::vector<std::string> none_;
};
inline ExpressionRef expression(FunctionExpression::Function function) {
  return {std::make_shared<FunctionExpression>(function), {}, "a function"};
}
// "error " & $failure.kind
inline Result<Node> failure_kind(Scope& scope, Arena& arena) {
  auto failure = scope.variable("failure", arena);
  if (!failure) return failure;
  std::string text = "error " + std::string(failure->member("kind").text());
  return Node::string(arena.copy(text));
}
// $substring($, 0, 1) = "a"
inline Result<Node> starts_with_a(Scope& scope, Arena& arena) {
  auto input = scope.input(arena);
  if (!input) return input;
  return Node::boolean(input->is_string() && input->text().starts_with('a'));
}

struct MadeInlet {
  const Route* route = nullptr;
  ExpressionRef when{};
  ExpressionRef error{};
  bool one_way = false;
};

inline bool attach(TcpListener& listener, const MadeInlet& made) {
  Findings findings;
  Registry registry;
  FakeFiles files;
  NoSecretsHere secrets;
  NoExpressionsHere expressions;
  CheckContext check{findings, registry, files, secrets, expressions};
  InletContext context{.route = made.route, .format = std::make_shared<TextFormat>(), .error = made.error};
  InletConfig config{.when = made.when, .one_way = made.one_way};
  return listener.attach(std::make_unique<TcpInlet>(std::move(config), Position{}, context), check);
}

// A listener on a port of its own, served by a thread of its own.
class Served {
 public:
  Served(const Framing& framing, const std::vector<MadeInlet>& inlets, ListenerConfig config = {})
      : listener_(std::make_unique<TcpListener>(std::move(config), HostPort{"127.0.0.1", 0}, framing)) {
    for (const MadeInlet& inlet : inlets) attach(*listener_, inlet);
    if (!listener_->open(1)) return;
    port_ = fakes::port_of(listener_->address());
    thread_ = std::thread([this] {
      worker_.post([this] { listener_->serve(worker_); });
      worker_.run();
    });
  }
  ~Served() {
    worker_.stop();
    if (thread_.joinable()) thread_.join();
  }
  std::uint16_t port() const { return port_; }

  // The answer to one frame on a connection of its own.
  std::string ask(std::string_view payload) {
    int fd = fakes::connect_to(port_);
    fakes::send_all(fd, framed(payload));
    std::string answer = "(none)";
    read_frame(fd, answer);
    ::close(fd);
    return answer;
  }
  void stop() {
    on_worker([this] {
      listener_->stop(worker_);
      return std::size_t{0};
    });
  }
  std::size_t connections() {
    return on_worker([this] { return listener_->connections(worker_); });
  }
  bool drained() {
    for (int i = 0; i < 500; ++i) {
      if (connections() == 0) return true;
      std::this_thread::sleep_for(std::chrono::milliseconds(2));
    }
    return false;
  }

 private:
  std::size_t on_worker(const std::function<std::size_t()>& work) {
    std::promise<std::size_t> result;
    worker_.post([&] { result.set_value(work()); });
    return result.get_future().get();
  }

  // The worker ends before the listener, as in the engine.
  std::unique_ptr<TcpListener> listener_;
  Worker worker_;
  std::uint16_t port_ = 0;
  std::thread thread_;
};

}  // namespace busway::tcp
