#include "tests/adapters/http/parts.hpp"

#include <doctest/doctest.h>

#include <filesystem>

#include "adapters/http/inlet.hpp"
#include "transforms/formats/json.hpp"

namespace http_test {

namespace {

class NoFiles final : public BundleFiles {
 public:
  Result<std::string> read(std::string_view, const Position&) const override {
    return fail(ErrorKind::config, "no such file in the bundle");
  }
  std::string name_of(std::string_view path, const Position&) const override { return std::string(path); }
  std::optional<ConfigNode> read_yaml(std::string_view, const ConfigNode&, Findings&) const override { return std::nullopt; }
};
class PlainSecrets final : public Secrets {
 public:
  Result<std::string> expand(std::string_view text, const Position&) const override { return std::string(text); }
};
class NoExpressions final : public ExpressionLanguage {
 public:
  Result<std::shared_ptr<const Expression>> compile(std::string_view, std::vector<ExpressionWarning>*) const override {
    return fail(ErrorKind::config, "no expressions here");
  }
};

Task<> converse(Worker& worker, HostPort to, std::string bytes, std::size_t step,
                const std::function<bool(const std::string&)>& enough, std::string& got, bool& done) {
  auto socket = co_await connect(worker, to, worker.now() + 5s);
  REQUIRE(socket);
  std::string_view left = bytes;
  while (!left.empty()) {
    std::string_view piece = left.substr(0, step == 0 ? left.size() : step);
    auto put = co_await socket->write(piece, worker.now() + 5s);
    if (!put) break;
    left.remove_prefix(piece.size());
    if (step != 0 && !left.empty()) co_await worker.sleep_for(1ms);
  }
  std::string buffer(64 * 1024, '\0');
  while (!enough || !enough(got)) {
    auto read = co_await socket->read(buffer, worker.now() + 5s);
    if (!read) got += "<" + read.error().code + ">";
    if (!read || *read == 0) break;
    got.append(buffer, 0, *read);
  }
  done = true;
}

Task<> play(Stand& stand, Socket socket) {
  Worker& worker = stand.worker;
  std::string buffer(64 * 1024, '\0');
  for (std::size_t turn = 0;; ++turn) {
    Script script = stand.script(stand.seen.size());
    std::string text;
    while (text.find(script.until) == std::string::npos) {
      auto read = co_await socket.read(buffer, worker.now() + 5s);
      if (!read || *read == 0) co_return;
      text.append(buffer, 0, *read);
    }
    stand.seen.push_back(text);
    auto put = co_await socket.write(script.answer, worker.now() + 5s);
    if (!put) co_return;
    if (script.then == Script::Then::close) co_return;
    if (script.then == Script::Then::reset) {
      socket.reset();
      co_return;
    }
  }
}

Task<> stand_open(Stand& stand) {
  while (true) {
    auto accepted = co_await stand.acceptor->accept(stand.worker);
    if (!accepted) co_return;
    ++stand.connections;
    stand.worker.spawn(play(stand, std::move(accepted->socket)));
  }
}

}  // namespace

void wait_for(Worker& worker, std::chrono::milliseconds most, const std::function<bool()>& holds) {
  bool over = false;
  auto tick = [](Worker& on, TimePoint until, const std::function<bool()>& check, bool& flag) -> Task<> {
    while (!check() && on.now() < until) co_await on.sleep_for(5ms);
    flag = true;
  };
  worker.post([&] { worker.spawn(tick(worker, worker.now() + most, holds, over)); });
  worker.run_until([&] { return over; });
}

Task<> echo(Exchange& exchange) {
  Message& message = exchange.message();
  std::string_view bytes = message.bytes();
  message.receive(bytes, message.content_type, "http", nullptr, Side::service);
  exchange.answer_status = 200;
  co_return;
}

Checking::Checking()
    : files_(std::make_unique<NoFiles>()),
      secrets_(std::make_unique<PlainSecrets>()),
      expressions_(std::make_unique<NoExpressions>()) {
  registry.add(json_format());
  context_ = std::make_unique<CheckContext>(CheckContext{findings, registry, *files_, *secrets_, *expressions_});
}

Bed::Bed(http::ListenerConfig config) : listener(config, *read_host_port(config.listen)) {}

Bed::~Bed() {
  listener.stop(worker);
  wait_for(worker, 3s, [&] { return listener.connections(worker) == 0; });
  CHECK(listener.connections(worker) == 0);
}

void Bed::route(const std::string& from, FixedRoute::Work work, std::uint64_t max_body) {
  routes.push_back(std::make_unique<FixedRoute>(from, std::move(work)));
  auto match = http::read_match(from);
  REQUIRE(match);
  http::RouteInlet::Formats formats{
      .declared = nullptr, .reply = checking.registry.plain_format("json"), .registry = &checking.registry};
  REQUIRE(listener.attach(std::make_unique<http::RouteInlet>(*match, *routes.back(), formats, max_body, Position{}),
                          checking.context()));
}

void Bed::start() {
  auto opened = listener.open(1);
  REQUIRE_MESSAGE(opened.has_value(), (opened ? "" : opened.error().text));
  bool serving = false;
  worker.post([&] {
    listener.serve(worker);
    serving = true;
  });
  worker.run_until([&] { return serving; });
}

HostPort Bed::at() const {
  return *read_host_port(listener.address());
}

std::string Bed::talk(const std::string& bytes, const std::function<bool(const std::string&)>& enough, std::size_t step) {
  std::string got;
  bool done = false;
  worker.post([&] { worker.spawn(converse(worker, at(), bytes, step, enough, got, done)); });
  worker.run_until([&] { return done; });
  return got;
}

std::function<bool(const std::string&)> replies(std::size_t count) {
  return [count](const std::string& text) {
    std::size_t at = 0;
    for (std::size_t i = 0; i < count; ++i) {
      std::size_t end = text.find("\r\n\r\n", at);
      if (end == std::string::npos) return false;
      std::size_t length = text.find("Content-Length: ", at);
      std::size_t size = length < end ? std::stoul(text.substr(length + 16, 20)) : 0;
      at = end + 4 + size;
      if (text.size() < at) return false;
    }
    return true;
  };
}

Stand::Stand(Worker& on, std::function<Script(std::size_t)> plays) : worker(on), script(std::move(plays)) {
  auto bound = Acceptor::bind({"127.0.0.1", 0}, 1);
  REQUIRE(bound);
  acceptor = std::move(*bound);
  worker.post([this] { worker.spawn(stand_open(*this)); });
}
Stand::~Stand() {
  acceptor->stop(worker);
  wait_for(worker, 10ms, [] { return false; });
}
HostPort Stand::at() const {
  return *read_host_port(acceptor->address().text());
}

std::size_t open_descriptors() {
  std::size_t count = 0;
  for ([[maybe_unused]] const auto& entry : std::filesystem::directory_iterator("/proc/self/fd")) ++count;
  return count;
}

}  // namespace http_test
