#include "plugins/process/session.hpp"

#include <doctest/doctest.h>

#include "tests/plugins/process/json_reader.hpp"

using namespace busway;
using namespace busway::plugins;
using namespace std::chrono_literals;

namespace {

// Everything around a session, by hand: what it sends lies in `sent`, the time is `now`.
struct Bed : Session::Outside {
  explicit Bed(bool remote = false) : session({.cookie = "c", .remote = remote}, test::json_reader(), *this, now) {}

  struct Sent1 {
    std::string peer;
    std::string head;
    std::optional<std::string> payload;
  };
  Sent send(std::string_view peer, std::string_view head, const std::string_view* payload) override {
    if (gone) return Sent::gone;
    if (room == 0) return Sent::no_room;
    --room;
    sent.push_back(
        {std::string(peer), std::string(head), payload == nullptr ? std::nullopt : std::optional<std::string>(*payload)});
    return Sent::yes;
  }
  void logged(LogLevel, std::string_view text) override { logs.emplace_back(text); }
  void end_connection() override { ++connections_ended; }
  void refused(std::uint64_t, std::string_view, std::string_view text) override { logs.emplace_back(text); }
  void listening(std::uint64_t use, std::string_view address) override {
    logs.push_back(std::to_string(use) + " listens at " + std::string(address));
  }
  void arrived(Brought one) override { brought.push_back(std::move(one)); }
  const Uses& uses() override { return all_uses; }

  void say(std::string_view head, std::string_view peer = "p") { session.take(peer, std::vector<std::string_view>{head}, now); }
  void say(std::string_view head, const std::string& payload) {
    session.take("p", std::vector<std::string_view>{head, payload}, now);
  }
  void ready(int credit = 4) {
    say(R"({"type":"hello","protocol":1,"cookie":"c"})");
    say(R"({"type":"ready","credit":)" + std::to_string(credit) + "}");
    sent.clear();
  }
  std::shared_ptr<AwaitedCall> call(std::string body = "", std::chrono::milliseconds time = 1s, bool repeatable = true) {
    auto made = std::make_shared<AwaitedCall>(worker);
    made->use = 1;
    made->body = std::move(body);
    made->deadline = now + time;
    made->repeatable = repeatable;
    return made;
  }
  std::unique_ptr<ProcessAnswer> answer_of(AwaitedCall& one) {
    std::unique_ptr<ProcessAnswer> out;
    bool done = false;
    worker.spawn([](Bed& bed, AwaitedCall& asked, std::unique_ptr<ProcessAnswer>& into, bool& ended) -> Task<> {
      into = co_await asked.wait(bed.worker, bed.worker.now() + 20ms);
      ended = true;
    }(*this, one, out, done));
    worker.run_until([&] { return done; });
    return out;
  }
  std::string why() const { return session.end() ? session.end()->why : ""; }

  Worker worker;
  TimePoint now{1h};
  std::size_t room = 1000;
  bool gone = false;
  std::vector<Sent1> sent;
  std::vector<std::string> logs;
  int connections_ended = 0;
  std::vector<Brought> brought;
  Uses all_uses = [] {
    Uses all;
    all.emplace(1, Use{.number = 1, .what = R"("step":"s")", .settings = Secret("{}")});
    return all;
  }();
  Session session;
};

}  // namespace

TEST_CASE("a plugin says hello, is welcomed, told its uses, and is ready") {
  Bed bed;
  bed.say(R"({"type":"hello","protocol":1,"cookie":"c"})");
  REQUIRE(bed.sent.size() == 2);
  CHECK(bed.sent[0].head.find("\"welcome\"") != std::string::npos);
  CHECK(bed.sent[1].head.find("\"use\"") != std::string::npos);
  CHECK(!bed.session.ready());
  bed.say(R"({"type":"ready","credit":1})");
  CHECK(bed.session.ready());
  CHECK(bed.session.has_room());
}

TEST_CASE("strangers are turned away, and cost nothing but their words") {
  Bed bed;
  bed.say(R"({"type":"ready","credit":1})");
  bed.say("garbage");
  bed.say(R"({"type":"hello","protocol":1,"cookie":"guessed"})");
  for (const auto& sent : bed.sent) CHECK(sent.head.find("\"bye\"") != std::string::npos);
  CHECK(bed.sent.size() == 3);
  CHECK(!bed.session.end());
  bed.ready();
  // Another one with the right cookie: a process that was forked, say.
  bed.say(R"({"type":"hello","protocol":1,"cookie":"c"})", std::string_view("q"));
  REQUIRE(bed.sent.size() == 1);
  CHECK(bed.sent[0].peer == "q");
  CHECK(bed.sent[0].head.find("another process") != std::string::npos);
  CHECK(bed.session.ready());
  for (int i = 0; i < 200; ++i) bed.say("garbage", std::string_view("q"));
  CHECK(bed.why().find("crowded out") != std::string::npos);
}

TEST_CASE("at a remote plugin's port a stranger has one word over a connection, and never ends the conversation") {
  Bed bed(true);
  bed.ready();
  bed.say(R"({"type":"hello","protocol":1,"cookie":"c"})", std::string_view("q"));
  REQUIRE(bed.sent.size() == 1);
  CHECK(bed.sent[0].head.find("another process") != std::string::npos);
  CHECK(bed.connections_ended == 0);
  for (int i = 0; i < 200; ++i) bed.say("garbage", std::string_view("q"));
  CHECK(bed.connections_ended == 200);
  CHECK(bed.sent.size() == 1);
  bed.room = 2000;
  for (int i = 0; i < 1000; ++i) bed.say("garbage", std::string_view("r" + std::to_string(i)));
  CHECK(bed.sent.size() == 1001);
  CHECK(bed.logs.size() <= 20);
  CHECK(bed.session.ready());
  bed.now += 10s;
  bed.say("garbage", std::string_view("q"));
  CHECK(bed.connections_ended == 200);
  CHECK(bed.sent.back().peer == "q");
  CHECK(bed.sent.back().head.find("hello") != std::string::npos);
}

TEST_CASE("another version of the protocol is a clear end") {
  Bed bed;
  bed.say(R"({"type":"hello","protocol":2,"cookie":"c"})");
  CHECK(bed.why() == "is made for another busway: it speaks version 2 of the plugin protocol, and this busway version 1");
  CHECK(bed.sent.back().head.find("version 2") != std::string::npos);
}

TEST_CASE("a message goes out and its answer comes back") {
  Bed bed;
  bed.ready();
  auto call = bed.call("[1]");
  call->about = R"(,"route":"r")";
  bed.session.begin(call, bed.now);
  REQUIRE(bed.sent.size() == 1);
  CHECK(bed.sent[0].head ==
        R"({"type":"request","id":1,"use":1,"attempt":1,"deadline_ms":1000,"size":3,"more":false,"route":"r"})");
  CHECK(bed.sent[0].payload == "[1]");
  bed.say(R"({"type":"reply","id":1,"body":"document","variables":{"v":[1]}})", std::string("[2]"));
  CHECK(bed.session.in_flight() == 0);
  auto answer = bed.answer_of(*call);
  REQUIRE(answer);
  CHECK(answer->body == "[2]");
  CHECK(answer->variables.member("v").items().size() == 1);
}

TEST_CASE("the plugin's credit and the bus's own bound are what is in flight at most") {
  Bed bed;
  bed.ready(2);
  for (int i = 0; i < 2; ++i) {
    REQUIRE(bed.session.has_room());
    bed.session.begin(bed.call(), bed.now);
  }
  CHECK(!bed.session.has_room());
  bed.say(R"({"type":"credit","credit":3})");
  CHECK(bed.session.has_room());
  bed.say(R"({"type":"credit","credit":0})");
  CHECK(!bed.session.has_room());
  bed.say(R"({"type":"credit","credit":1024})");
  for (int i = 0; i < 14; ++i) bed.session.begin(bed.call(), bed.now);
  CHECK(!bed.session.has_room());  // 16
}

TEST_CASE("large bodies go and come in chunks, between other messages") {
  Bed bed;
  bed.ready();
  std::string body(600'000, 'x');
  auto call = bed.call(body);
  bed.room = 2;
  bed.session.begin(call, bed.now);
  CHECK(bed.sent.size() == 2);
  CHECK(bed.session.has_backlog());
  bed.session.begin(bed.call("[]"), bed.now);
  bed.room = 100;
  bed.session.tick(bed.now);
  REQUIRE(bed.sent.size() == 4);
  CHECK(*bed.sent[0].payload + *bed.sent[1].payload + *bed.sent[2].payload == body);
  CHECK(bed.sent[0].head.find("\"more\":true") != std::string::npos);
  CHECK(bed.sent[2].head == R"({"type":"chunk","id":1,"more":false})");
  CHECK(bed.sent[3].head.find("\"id\":2") != std::string::npos);

  bed.say(R"({"type":"reply","id":1,"body":"document","more":true})", std::string("[1"));
  bed.say(R"({"type":"pong"})");
  bed.say(R"({"type":"chunk","id":1,"more":true})", std::string(",2"));
  CHECK(bed.session.in_flight() == 2);
  bed.say(R"({"type":"chunk","id":1,"more":false})", std::string("]"));
  CHECK(bed.session.in_flight() == 1);
  CHECK(bed.answer_of(*call)->body == "[1,2]");
}

TEST_CASE("an answer larger than may be fails its message alone") {
  Bed bed;
  bed.ready();
  auto call = bed.call();
  bed.session.begin(call, bed.now);
  std::string piece(wire::most_payload, 'x');
  bed.say(R"({"type":"reply","id":1,"body":"document","more":true})", piece);
  for (int i = 0; i < 100; ++i) bed.say(R"({"type":"chunk","id":1,"more":true})", piece);
  bed.say(R"({"type":"chunk","id":1,"more":false})", piece);
  auto answer = bed.answer_of(*call);
  REQUIRE(answer);
  REQUIRE(answer->error);
  CHECK(answer->error->kind == ErrorKind::garbage);
  CHECK(answer->body.empty());
  CHECK(bed.session.ready());
}

TEST_CASE("a deadline cancels, and what is not acknowledged then ends the process") {
  for (bool repeatable : {true, false}) {
    Bed bed;
    bed.ready();
    auto call = bed.call("[]", 100ms, repeatable);
    bed.session.begin(call, bed.now);
    bed.now += 100ms;
    bed.session.tick(bed.now);
    CHECK(bed.sent.back().head == R"({"type":"cancel","id":1})");
    auto answer = bed.answer_of(*call);
    REQUIRE(answer);
    CHECK(answer->error->kind == (repeatable ? ErrorKind::deadline : ErrorKind::unknown));
    CHECK(bed.session.in_flight() == 1);
    if (repeatable) {
      bed.say(R"({"type":"fail","id":1,"kind":"deadline","text":"cancelled"})");
      CHECK(bed.session.in_flight() == 0);
      bed.now += 10s;
      bed.say(R"({"type":"pong"})");
      bed.session.tick(bed.now);
      CHECK(!bed.session.end());
    } else {
      bed.now += 5s;
      bed.session.tick(bed.now);
      CHECK(bed.why() == "has not acknowledged message 1 within 5000ms after its deadline");
      CHECK(!bed.session.end()->blames);
    }
  }
}

TEST_CASE("what never went out is not sent") {
  Bed bed;
  bed.ready();
  bed.room = 0;
  auto call = bed.call("[]", 100ms, false);
  bed.session.begin(call, bed.now);
  bed.now += 100ms;
  bed.session.tick(bed.now);
  CHECK(bed.answer_of(*call)->error->kind == ErrorKind::not_sent);
  CHECK(bed.session.in_flight() == 0);
}

TEST_CASE("pings go out, and silence is an end") {
  Bed bed;
  bed.ready();
  for (int i = 0; i < 9; ++i) {
    bed.now += 1s;
    bed.session.tick(bed.now);
  }
  CHECK(bed.sent.size() == 9);
  CHECK(bed.sent[0].head == wire::ping());
  bed.say(R"({"type":"pong"})");
  for (int i = 0; i < 10; ++i) {
    bed.now += 1s;
    bed.session.tick(bed.now);
  }
  CHECK(!bed.session.end());
  bed.now += 1s;
  bed.session.tick(bed.now);
  CHECK(bed.why() == "has said nothing for 10000ms");
  Bed asked;
  asked.ready();
  asked.say(R"({"type":"ping"})");
  CHECK(asked.sent.back().head == wire::pong());
}

TEST_CASE("whatever breaks the protocol is an end with its reason") {
  auto ends_with = [](std::initializer_list<std::string_view> heads, std::string_view expected) {
    Bed bed;
    bed.ready();
    bed.session.begin(bed.call(), bed.now);
    for (std::string_view head : heads) bed.say(head);
    CHECK_MESSAGE(bed.why().find(expected) != std::string::npos, bed.why());
    auto left = bed.session.take_unanswered();
    CHECK(left.size() == 1);
    CHECK(left.front().sent);
  };
  ends_with({"\xff\xff"}, "a head that is no JSON");
  ends_with({R"({"type":"ready","credit":1})"}, "a second ready");
  ends_with({R"({"type":"hello","protocol":1,"cookie":"c"})"}, "a second hello");
  ends_with({R"({"type":"reply","id":2})"}, "a 'reply' to message 2, which is not in flight");
  ends_with({R"({"type":"fail","id":99,"text":""})"}, "a 'fail' to message 99");
  Bed early;
  early.say(R"({"type":"hello","protocol":1,"cookie":"c"})");
  early.say(R"({"type":"reply","id":1})");
  CHECK(early.why().find("an answer before it was ready") != std::string::npos);
  Bed chunk;
  chunk.ready();
  chunk.session.begin(chunk.call(), chunk.now);
  chunk.say(R"({"type":"chunk","id":1})", std::string());
  CHECK(chunk.why().find("without a reply that announced it") != std::string::npos);
  Bed flood;
  flood.ready();
  for (int i = 0; i < 30'000; ++i) flood.say(R"({"type":"pong"})");
  CHECK(flood.why().find("floods") != std::string::npos);
  Bed bye;
  bye.ready();
  bye.say(R"({"type":"bye","reason":"enough"})");
  CHECK(bye.why() == "says goodbye: enough");
  Bed lost;
  lost.ready();
  lost.gone = true;
  lost.session.begin(lost.call(), lost.now);
  CHECK(lost.why().find("lost its connection") != std::string::npos);
}

TEST_CASE("a caller who does not wait any more is not served") {
  Bed bed;
  bed.ready();
  auto call = bed.call();
  CHECK(bed.answer_of(*call) == nullptr);  // its own deadline
  CHECK(call->too_late().kind == ErrorKind::not_sent);
  bed.session.begin(call, bed.now);
  CHECK(bed.sent.empty());
  CHECK(bed.session.in_flight() == 0);
  auto other = bed.call();
  bed.session.begin(other, bed.now);
  CHECK(bed.answer_of(*other) == nullptr);
  CHECK(other->too_late().kind == ErrorKind::deadline);  // it was sent, and repeating does no harm
  bed.say(R"({"type":"reply","id":2})");                 // too late
  CHECK(bed.session.in_flight() == 0);
  CHECK(!bed.session.end());
}

namespace {

struct NoInflow final : Inflow {
  void listening(std::string_view) override {}
  void refused(std::string_view) override {}
  void ended(std::string_view) override {}
  void arrived(int, Brought) override {}
  void resume() override {}
};

// A session with a listener, use 2, that may bring three messages of 1000 bytes at a time.
struct Listening : Bed {
  Listening() {
    all_uses.emplace(2, Use{.number = 2,
                            .what = R"("adapter":"a","part":"listener")",
                            .settings = Secret("{}"),
                            .inflow = std::make_shared<NoInflow>(),
                            .max_body = 1000,
                            .credit = 3});
    ready();
    say(R"({"type":"listening","use":2,"address":"here"})");
  }
};

}  // namespace

TEST_CASE("a listener gets its credit when it listens, and what it brings is whole before it arrives") {
  Listening bed;
  CHECK(bed.logs.back() == "2 listens at here");
  REQUIRE(bed.sent.size() == 1);
  CHECK(bed.sent.back().head == R"({"type":"credit","use":2,"credit":3})");
  bed.say(
      R"({"type":"arrival","arrival":7,"use":2,"more":true,"method":"PUT","headers":{"x":"1"},"deadline_ms":9,"reply":false})",
      std::string("ab"));
  CHECK(bed.brought.empty());
  bed.say(R"({"type":"arrival","arrival":8,"use":2})");
  bed.say(R"({"type":"chunk","arrival":7,"more":false})", std::string("cd"));
  REQUIRE(bed.brought.size() == 2);
  CHECK(bed.brought[0].number == 8);
  CHECK(bed.brought[0].body.empty());
  const Brought& large = bed.brought[1];
  CHECK(large.body == "abcd");
  CHECK(large.method == "PUT");
  CHECK(large.deadline_ms == 9);
  CHECK(!large.wants_reply);
  CHECK(large.headers == std::vector<std::pair<std::string, std::string>>{{"x", "1"}});
  CHECK(bed.session.arrivals() == 2);
}

TEST_CASE("an outcome acknowledges, makes room, and goes out in pieces when it is large") {
  Listening bed;
  for (int i = 1; i <= 3; ++i) bed.say(R"({"type":"arrival","use":2,"arrival":)" + std::to_string(i) + "}");
  REQUIRE(bed.brought.size() == 3);
  bed.sent.clear();
  bed.room = 1;
  bed.session.end_arrival(2, {.about = R"(,"outcome":"made","body":"bytes")", .body = std::string(300'000, 'y')}, bed.now);
  bed.say(R"({"type":"arrival","use":2,"arrival":2})");  // there is room, and the number is free
  CHECK(bed.brought.size() == 4);
  bed.session.say_bye("enough");
  bed.room = 10;
  bed.session.tick(bed.now);
  REQUIRE(bed.sent.size() == 3);
  CHECK(bed.sent[0].head == R"({"type":"outcome","arrival":2,"size":300000,"more":true,"outcome":"made","body":"bytes"})");
  CHECK(bed.sent[1].head == R"({"type":"chunk","arrival":2,"more":false})");
  CHECK(bed.sent[0].payload->size() + bed.sent[1].payload->size() == 300'000);
  CHECK(bed.sent[2].head.find("\"bye\"") != std::string::npos);  // last
  bed.session.end_arrival(99, {.about = ""}, bed.now);           // of another life
  CHECK(!bed.session.end());
}

TEST_CASE("an arrival that is too large is refused alone, and one behind the stop is not taken") {
  Listening bed;
  bed.sent.clear();
  bed.say(R"({"type":"arrival","use":2,"arrival":1,"more":true})", std::string(900, 'x'));
  for (int i = 0; i < 3; ++i) bed.say(R"({"type":"chunk","arrival":1,"more":true})", std::string(wire::most_payload, 'x'));
  bed.say(R"({"type":"chunk","arrival":1,"more":false})", std::string("x"));
  REQUIRE(bed.sent.size() == 1);
  CHECK(bed.sent[0].head.find(R"("arrival":1,"size":0,"more":false,"outcome":"failed","kind":"format","status":413)") !=
        std::string::npos);
  bed.all_uses.at(2).stopped = true;
  bed.session.tell_credit(bed.all_uses.at(2));
  bed.say(R"({"type":"arrival","use":2,"arrival":2})");
  REQUIRE(bed.sent.size() == 3);
  CHECK(bed.sent[1].head == R"({"type":"stop_listening","use":2})");
  CHECK(bed.sent[2].head.find(R"("arrival":2,"size":0,"more":false,"outcome":"failed","kind":"not_sent","status":503)") !=
        std::string::npos);
  CHECK(bed.brought.empty());
  bed.all_uses.erase(2);
  bed.session.drop(2);
  bed.session.tick(bed.now);
  CHECK(bed.sent.back().head == R"({"type":"drop","use":2})");
  bed.say(R"({"type":"listening","use":2})");  // it had been on its way
  CHECK(!bed.session.end());
}

TEST_CASE("what a listener must not do is an end with its reason") {
  auto ends_with = [](std::initializer_list<std::string_view> heads, std::string_view expected) {
    Listening bed;
    for (std::string_view head : heads) bed.say(head);
    CHECK_MESSAGE(bed.why().find(expected) != std::string::npos, bed.why());
  };
  constexpr std::string_view first = R"({"type":"arrival","use":2,"arrival":1})";
  ends_with({R"({"type":"arrival","use":1,"arrival":1})"}, "an 'arrival' of use 1, which is no listener");
  ends_with({R"({"type":"arrival","use":9,"arrival":1})"}, "an 'arrival' of use 9, which is no listener");
  ends_with({first, first}, "two arrivals with the number 1 at a time");
  ends_with({first, R"({"type":"arrival","use":2,"arrival":2})", R"({"type":"arrival","use":2,"arrival":3})",
             R"({"type":"arrival","use":2,"arrival":4})"},
            "an 'arrival' beyond its credit of 3");
  ends_with({R"({"type":"arrival","use":2,"arrival":1,"more":true})"}, "an 'arrival' that has more of its body");
  ends_with({R"({"type":"arrival","use":2,"arrival":1,"headers":{"x":1}})"}, "a header field that is no text");
  ends_with({R"({"type":"arrival","use":2,"arrival":0})"}, "its 'arrival' is not a whole number from 1");
  ends_with({R"({"type":"listening","use":1})"}, "'listening' for use 1, which is no listener");
  ends_with({R"({"type":"listening","use":7})"}, "'listening' for use 7, which is no listener");
  Listening chunk;
  chunk.say(first);
  chunk.say(R"({"type":"chunk","arrival":1,"more":false})", std::string());
  CHECK(chunk.why().find("of which there is nothing more to come") != std::string::npos);
  Bed early;
  early.say(R"({"type":"hello","protocol":1,"cookie":"c"})");
  early.say(first);
  CHECK(early.why().find("before it was ready") != std::string::npos);
}
