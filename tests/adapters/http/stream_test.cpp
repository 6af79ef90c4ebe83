#include <doctest/doctest.h>

#include <algorithm>

#include "adapters/http/client.hpp"
#include "adapters/http/companion.hpp"
#include "adapters/http/pour.hpp"
#include "tests/adapters/http/parts.hpp"

using namespace http_test;
using namespace busway::http;

namespace {

// A body from a list of pieces, with a turn of the worker before each; then its end, or an error.
class Pieces final : public BodySource {
 public:
  Pieces(Worker& worker, std::vector<std::string> pieces, std::optional<std::uint64_t> all, bool breaks = false)
      : worker_(worker), pieces_(std::move(pieces)), length_(all), breaks_(breaks) {}
  Task<Result<std::string_view>> next() override {
    begun_ = true;
    co_await worker_.sleep_for(1ms);
    if (at_ == pieces_.size()) {
      if (breaks_) co_return fail(ErrorKind::format, "the caller is gone", "caller");
      co_return std::string_view();
    }
    co_return std::string_view(pieces_[at_++]);
  }
  void stop() override {}
  std::optional<std::uint64_t> length() const override { return length_; }

 private:
  Worker& worker_;
  std::vector<std::string> pieces_;
  std::optional<std::uint64_t> length_;
  bool breaks_;
  std::size_t at_ = 0;
};

struct Sent {
  bool done = false;
  std::string outcome;  // the error's kind, or the status
  std::string code;
  std::string body;  // to its end, or up to "<code>" where it broke off
  bool streamed = false;
};

Task<> send(Worker& worker, Client& client, HostPort to, BodySource* rest, std::string_view first, Sent& sent) {
  Exchange exchange(worker);
  Request request{.method = rest == nullptr ? "GET" : "POST", .body = first, .rest = rest, .stream_rate = 1000};
  Endpoint endpoint{.text = to.text(), .host_port = to, .secure = false, .path = "", .at = {}};
  auto response = co_await client.send(exchange, request, endpoint, worker.now() + 500ms);
  if (response) {
    sent.outcome = std::to_string(response->status);
    sent.body = response->body;
    sent.streamed = exchange.answer_rest != nullptr;
    while (exchange.answer_rest != nullptr) {
      auto piece = co_await exchange.answer_rest->next();
      if (!piece) sent.body += "<" + piece.error().code + ">";
      if (!piece || piece->empty()) break;
      sent.body += *piece;
    }
  } else {
    sent.outcome = name_of(response.error().kind);
    sent.code = response.error().code;
  }
  sent.done = true;
}

struct Streams {
  Streams() { REQUIRE(client.open(1, false)); }
  ~Streams() { client.close(worker); }
  Sent run(const HostPort& to, BodySource* rest = nullptr, std::string_view first = "first") {
    Sent sent;
    worker.post([&] { worker.spawn(send(worker, client, to, rest, first, sent)); });
    worker.run_until([&] { return sent.done; });
    return sent;
  }
  Worker worker;
  Client client{bounded()};

 private:
  static ClientOptions bounded() {
    ClientOptions options;
    options.max_answer = 1000 * 1000;
    return options;
  }
};

const std::string good = "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok";

}  // namespace

TEST_CASE("a body in pieces goes out as it is framed, and the connection is used again") {
  Streams streams;
  Stand stand(streams.worker,
              [](std::size_t turn) { return Script{.until = turn == 0 ? "\r\n0\r\n\r\n" : "firstabcdefg", .answer = good}; });
  Pieces chunks(streams.worker, {"abc", "defg"}, std::nullopt);
  CHECK(streams.run(stand.at(), &chunks).body == "ok");
  CHECK(stand.seen[0].ends_with("Transfer-Encoding: chunked\r\n\r\n5\r\nfirst\r\n3\r\nabc\r\n4\r\ndefg\r\n0\r\n\r\n"));
  Pieces counted(streams.worker, {"abc", "defg"}, 12);
  CHECK(streams.run(stand.at(), &counted).body == "ok");
  CHECK(stand.seen[1].ends_with("Content-Length: 12\r\n\r\nfirstabcdefg"));
  CHECK(stand.connections == 1);
}

TEST_CASE("nothing of the rest is asked for before a connection has taken the beginning") {
  Streams streams;
  Pieces pieces(streams.worker, {"abc"}, 8);
  CHECK(streams.run({"127.0.0.1", 1}, &pieces).outcome == "not_sent");
  CHECK_FALSE(pieces.begun());
}

TEST_CASE("a body that breaks off ends the call and the connection") {
  Streams streams;
  Stand stand(streams.worker, [](std::size_t) { return Script{.until = "never"}; });
  Pieces pieces(streams.worker, {"abc"}, std::nullopt, true);
  Sent sent = streams.run(stand.at(), &pieces);
  CHECK(sent.outcome == "format");
  CHECK(sent.code == "caller");
  CHECK(streams.client.open_connections() == 0);
}

TEST_CASE("an answer before the end of the body counts, and its connection is not used again") {
  Streams streams;
  Stand stand(streams.worker, [](std::size_t) { return Script{.until = "abc", .answer = good}; });
  Pieces pieces(streams.worker, std::vector<std::string>(200, "abc"), 605);
  Sent sent = streams.run(stand.at(), &pieces);
  CHECK(sent.outcome == "200");
  CHECK(sent.body == "ok");
  CHECK(streams.client.open_connections() == 0);
}

TEST_CASE("the service has its time from the end of the body on") {
  Streams streams;
  Stand stand(streams.worker, [](std::size_t) { return Script{.until = "never"}; });
  // A second of pieces, with half a second for the answer.
  Pieces pieces(streams.worker, std::vector<std::string>(250, "abc"), 755);
  TimePoint began = Clock::now();
  Sent sent = streams.run(stand.at(), &pieces);
  CHECK(sent.outcome == "unknown");
  CHECK(sent.code == "timeout");
  CHECK(Clock::now() - began > 700ms);
}

TEST_CASE("a large answer is handed on while it arrives") {
  const std::string body(300'000, 'x');
  const std::string length = "HTTP/1.1 200 OK\r\nContent-Length: 300000\r\n\r\n";
  const std::string chunks = "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n";
  struct Row {
    std::string answer;
    Script::Then then;
    std::string end;  // behind the bytes
    std::size_t size;
    std::int64_t open;
  };
  const Row rows[] = {
      {length + body, Script::Then::stay, "", 300'000, 1},
      {length + body.substr(1), Script::Then::close, "<reset>", 299'999, 0},
      {chunks + "493e0\r\n" + body + "\r\n0\r\n\r\n", Script::Then::stay, "", 300'000, 1},
      {chunks + "493e0\r\n" + body + "\r\n0\r\n\r\nmore", Script::Then::stay, "", 300'000, 0},
      {chunks + "493e0\r\n" + body + "\r\n", Script::Then::close, "<reset>", 300'000, 0},
      {chunks + "493e0\r\n" + body + "\n0\r\n\r\n", Script::Then::stay, "<garbage>", 0, 0},
      {"HTTP/1.1 200 OK\r\n\r\n" + body, Script::Then::close, "", 300'000, 0},
      {"HTTP/1.1 200 OK\r\n\r\n" + body + body + body + body, Script::Then::close, "<garbage>", 0, 0},
      {length + body.substr(9), Script::Then::stay, "<timeout>", 299'991, 0},
  };
  for (const Row& row : rows) {
    Streams streams;
    Stand stand(streams.worker, [&](std::size_t) { return Script{.until = "\r\n\r\n", .answer = row.answer, .then = row.then}; });
    Sent sent = streams.run(stand.at());
    CHECK(sent.outcome == "200");
    CHECK(sent.streamed);
    CHECK(sent.body.ends_with(row.end));
    if (row.size != 0) CHECK(sent.body.size() == row.size + row.end.size());
    if (row.end.empty()) CHECK(sent.body.find('<') == std::string::npos);
    CHECK(streams.client.open_connections() == row.open);
  }
}

TEST_CASE("a companion ends with its holder") {
  Worker worker(0, Worker::ClockKind::manual);
  int steps = 0;
  auto count = [](Worker& on, int& counted) -> Task<> {
    while (true) {
      ++counted;
      co_await on.sleep_for(1s);
    }
  };
  {
    Companion running = beside(count(worker, steps));
    CHECK(steps == 1);
  }
  worker.run();
  CHECK(steps == 1);
}
