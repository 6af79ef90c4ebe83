#include "adapters/tcp/target.hpp"

#include <doctest/doctest.h>

#include <algorithm>
#include <set>
#include <thread>

#include "tests/adapters/tcp/made_target.hpp"

namespace busway::tcp {
namespace {

using namespace std::chrono_literals;
using fakes::Peer;

TEST_CASE("a call is a frame out and a frame back, on a kept connection") {
  Peer peer(echo_frames());
  auto target = target_for(two_byte_frames(), {peer.port()});
  Worker worker;
  for (int i = 0; i < 100; ++i) CHECK(call(worker, *target, std::to_string(i)) == "re:" + std::to_string(i));
  CHECK(peer.accepted() == 1);
  CHECK(call(worker, *target, std::string(60'000, 'x')) == "re:" + std::string(60'000, 'x'));
  CHECK(call(worker, *target, std::string(70'000, 'x')) == "!mapping");
  CHECK(call(worker, *target, "still there") == "re:still there");
  CHECK(peer.accepted() == 1);
}

TEST_CASE("at most `connections` are open, the other calls wait in turn") {
  std::atomic<int> now = 0;
  std::atomic<int> most = 0;
  Peer peer([&](int fd) {
    std::string payload;
    while (read_frame(fd, payload)) {
      int at_once = ++now;
      int seen = most;
      while (at_once > seen && !most.compare_exchange_weak(seen, at_once)) continue;
      std::this_thread::sleep_for(5ms);
      --now;
      fakes::send_all(fd, framed(payload));
    }
  });
  auto target = target_for(two_byte_frames(), {peer.port()}, {.connections = 3});
  Worker worker;
  auto answers = call_at_once(worker, *target, 30, 10s);
  CHECK(std::set<std::string>(answers.begin(), answers.end()).size() == 30);
  CHECK(std::none_of(answers.begin(), answers.end(), [](const std::string& answer) { return answer.starts_with("!"); }));
  CHECK(most == 3);
  CHECK(peer.accepted() == 3);
}

TEST_CASE("the queue for a connection is bounded in number and in time") {
  Peer peer(echo_frames(150ms));
  Worker worker;
  auto full = target_for(two_byte_frames(), {peer.port()}, {.connections = 1, .waiting = 2});
  auto answers = call_at_once(worker, *full, 5, 5s);
  CHECK(std::count(answers.begin(), answers.end(), "!not_sent full") == 2);
  CHECK(std::count_if(answers.begin(), answers.end(), [](const std::string& answer) { return answer.starts_with("re:"); }) == 3);
  auto late = target_for(two_byte_frames(), {peer.port()}, {.connections = 1});
  answers = call_at_once(worker, *late, 4, 200ms);
  CHECK(std::count(answers.begin(), answers.end(), "!not_sent timeout") == 2);
  CHECK(std::count(answers.begin(), answers.end(), "!unknown timeout") == 1);
}

TEST_CASE("a wait that ends as its turn comes loses no slot") {
  Peer peer(echo_frames(20ms));
  Worker worker;
  auto target = target_for(two_byte_frames(), {peer.port()}, {.connections = 1});
  for (int round = 0; round < 20; ++round) {
    call_at_once(worker, *target, 4, std::chrono::milliseconds(10 + round * 4));
  }
  CHECK(call(worker, *target, "x") == "re:x");
}

TEST_CASE("the outcome says what the service may have done") {
  Worker worker;
  std::string request = framed("hello");
  auto outcome = [&](Peer::Talk talk, std::chrono::milliseconds within = 5s, const Framing& framing = two_byte_frames(100)) {
    Peer peer(std::move(talk));
    auto target = target_for(framing, {peer.port()});
    return call(worker, *target, "hello", within);
  };
  SUBCASE("nobody listens") {
    auto target = target_for(two_byte_frames(), {fakes::dead_port()});
    CHECK(call(worker, *target, "hello") == "!not_sent");
  }
  SUBCASE("never answers") {
    CHECK(outcome([](int fd) { fakes::receive_all(fd); }, 40ms) == "!unknown timeout");
  }
  SUBCASE("stops in the middle of the answer") {
    CHECK(outcome(
              [&](int fd) {
                fakes::send_all(fd, framed("hello").substr(0, 5));
                fakes::receive_all(fd);
              },
              40ms) == "!unknown timeout");
  }
  SUBCASE("resets after the request") {
    CHECK(outcome([&](int fd) {
            fakes::receive(fd, request.size());
            fakes::reset_on_close(fd);
          }) == "!unknown reset");
  }
  SUBCASE("ends its side without an answer") {
    CHECK(outcome([&](int fd) {
            fakes::receive(fd, request.size());
            ::shutdown(fd, SHUT_WR);
            fakes::receive_all(fd);
          }) == "!unknown closed");
  }
  SUBCASE("cut at each byte of the answer") {
    std::string answer = framed("answer");
    for (std::size_t cut = 0; cut < answer.size(); ++cut) {
      CHECK(outcome([&](int fd) {
              fakes::receive(fd, request.size());
              fakes::send_all(fd, answer.substr(0, cut));
            }) == "!unknown closed");
    }
  }
  SUBCASE("a frame over the limit") {
    CHECK(outcome([&](int fd) {
            fakes::receive(fd, request.size());
            fakes::send_all(fd, framed(std::string(101, 'x')));
            fakes::receive_all(fd);
          }) == "!garbage limit");
  }
  SUBCASE("bytes that are no frame") {
    Framing framing;
    framing.kind = Framing::Kind::mllp;
    CHECK(outcome(
              [&](int fd) {
                fakes::receive(fd, 8);
                fakes::send_all(fd, "HTTP/1.1 400 Bad Request\r\n");
                fakes::receive_all(fd);
              },
              5s, framing) == "!garbage");
  }
  SUBCASE("trickled, but in time") {
    CHECK(outcome([&](int fd) {
            fakes::receive(fd, request.size());
            for (char byte : framed("slow")) {
              std::this_thread::sleep_for(2ms);
              fakes::send_all(fd, {&byte, 1});
            }
            fakes::receive_all(fd);
          }) == "slow");
  }
}

TEST_CASE("a request that does not go out whole in time is unknown, one that waits for its first byte is not sent") {
  Worker worker;
  Framing framing = two_byte_frames(64 * 1024 * 1024);
  framing.bytes = 4;
  Peer peer([](int fd) {
    std::this_thread::sleep_for(300ms);
    fakes::receive_all(fd);
  });
  auto target = target_for(framing, {peer.port()});
  CHECK(call(worker, *target, std::string(32 * 1024 * 1024, 'x'), 100ms) == "!unknown timeout");
}

TEST_CASE("bytes nobody asked for end the connection and are never taken for an answer") {
  Worker worker;
  SUBCASE("with the answer") {
    Peer peer([](int fd) {
      std::string payload;
      while (read_frame(fd, payload)) fakes::send_all(fd, framed("re:" + payload) + framed("stray"));
    });
    auto target = target_for(two_byte_frames(), {peer.port()});
    for (int i = 0; i < 5; ++i) CHECK(call(worker, *target, std::to_string(i)) == "re:" + std::to_string(i));
    CHECK(peer.accepted() == 5);
  }
  SUBCASE("behind an answer that fills the buffer to its last byte") {
    Peer peer([](int fd) {
      std::string payload;
      while (read_frame(fd, payload)) fakes::send_all(fd, framed(std::string(4094, 'r')) + framed("stray"));
    });
    auto target = target_for(two_byte_frames(), {peer.port()});
    for (int i = 0; i < 5; ++i) CHECK(call(worker, *target, "x") == std::string(4094, 'r'));
    CHECK(peer.accepted() == 5);
  }
  SUBCASE("later") {
    Peer peer([](int fd) {
      std::string payload;
      while (read_frame(fd, payload)) {
        fakes::send_all(fd, framed("re:" + payload));
        std::this_thread::sleep_for(5ms);
        fakes::send_all(fd, framed("stray"));
      }
    });
    auto target = target_for(two_byte_frames(), {peer.port()});
    for (int i = 0; i < 5; ++i) {
      CHECK(call(worker, *target, std::to_string(i)) == "re:" + std::to_string(i));
      std::this_thread::sleep_for(30ms);
    }
    CHECK(peer.accepted() == 5);
  }
}

TEST_CASE("a connection that the service has closed meanwhile is not used again") {
  Worker worker;
  Peer peer([](int fd) {
    std::string payload;
    if (read_frame(fd, payload)) fakes::send_all(fd, framed("re:" + payload));
  });
  auto target = target_for(two_byte_frames(), {peer.port()});
  for (int i = 0; i < 10; ++i) {
    CHECK(call(worker, *target, std::to_string(i)) == "re:" + std::to_string(i));
    std::this_thread::sleep_for(5ms);
  }
  CHECK(peer.accepted() == 10);
}

TEST_CASE("idle connections are closed without being asked for") {
  Worker worker;
  std::size_t before = 0;
  {
    Peer peer([](int fd) {
      std::string payload;
      if (read_frame(fd, payload)) fakes::send_all(fd, framed(payload));
    });
    auto target = target_for(two_byte_frames(), {peer.port()});
    before = fakes::open_descriptors();
    CHECK(call(worker, *target, "x") == "x");
    TimePoint until = Clock::now() + 5s;
    worker.run_until([&] { return fakes::open_descriptors() <= before || Clock::now() > until; });
    CHECK(fakes::open_descriptors() == before);
  }
}

TEST_CASE("one connection serves several endpoints in turn") {
  Peer first(echo_frames());
  Peer second(echo_frames());
  auto target = target_for(two_byte_frames(), {first.port(), second.port()}, {.connections = 1});
  Worker worker;
  for (int i = 0; i < 6; ++i) CHECK(call(worker, *target, "x", 5s, static_cast<std::size_t>(i % 2)) == "re:x");
  CHECK(first.accepted() == 3);
  CHECK(second.accepted() == 3);
}

TEST_CASE("one_way sends and asks for nothing") {
  std::atomic<int> frames = 0;
  Peer peer([&](int fd) {
    std::string payload;
    while (read_frame(fd, payload)) ++frames;
  });
  Worker worker;
  auto target = target_for(two_byte_frames(), {peer.port()}, {.one_way = true});
  for (int i = 0; i < 20; ++i) CHECK(call(worker, *target, "x") == "");
  for (int i = 0; i < 500 && frames < 20; ++i) std::this_thread::sleep_for(2ms);
  CHECK(frames == 20);
  CHECK(peer.accepted() == 1);
}

TEST_CASE("framing by the end of the connection: one call each") {
  Framing framing;
  framing.kind = Framing::Kind::close;
  Peer peer([](int fd) { fakes::send_all(fd, "re:" + fakes::receive_all(fd)); });
  Worker worker;
  auto target = target_for(framing, {peer.port()});
  for (int i = 0; i < 5; ++i) CHECK(call(worker, *target, std::to_string(i)) == "re:" + std::to_string(i));
  CHECK(peer.accepted() == 5);
  Peer silent([](int fd) { fakes::receive_all(fd); });
  auto none = target_for(framing, {silent.port()});
  CHECK(call(worker, *none, "x") == "!unknown closed");
}

TEST_CASE("with fewer connections than workers the others hand their calls over") {
  Peer peer(echo_frames());
  constexpr int workers = 3;
  auto target = target_for(two_byte_frames(), {peer.port()}, {.connections = 1}, workers);
  constexpr std::size_t calls = 200;
  std::vector<std::vector<std::string>> answers(workers);
  std::vector<std::unique_ptr<Worker>> all;
  for (int i = 0; i < workers; ++i) all.push_back(std::make_unique<Worker>(i));
  std::vector<std::thread> threads;
  for (int i = 0; i < workers; ++i) {
    threads.emplace_back([&, at = static_cast<std::size_t>(i)] {
      Worker& worker = *all[at];
      worker.post([&] {
        for (std::size_t n = 0; n < calls; ++n) {
          worker.spawn(call_and_count(worker, *target, std::to_string(at) + "/" + std::to_string(n), 20s, answers[at]));
        }
      });
      worker.run();
    });
  }
  auto finished = [&](std::size_t at) {
    std::atomic<bool> done = false;
    std::atomic<bool> result = false;
    all[at]->post([&] {
      result = answers[at].size() == calls;
      done = true;
    });
    while (!done) std::this_thread::sleep_for(1ms);
    return result.load();
  };
  for (std::size_t at = 0; at < workers; ++at) {
    for (int i = 0; i < 2000 && !finished(at); ++i) std::this_thread::sleep_for(5ms);
  }
  for (auto& worker : all) worker->stop();
  for (std::thread& thread : threads) thread.join();
  for (std::size_t at = 0; at < workers; ++at) {
    CHECK(answers[at].size() == calls);
    for (const std::string& answer : answers[at]) CHECK(answer.starts_with("re:" + std::to_string(at) + "/"));
    CHECK(std::set<std::string>(answers[at].begin(), answers[at].end()).size() == calls);
  }
  CHECK(peer.accepted() == 1);
}

TEST_CASE("workers may end while calls are handed over, in any order") {
  Peer peer([](int fd) { fakes::receive_all(fd); });
  for (int first : {0, 1}) {
    auto target = target_for(two_byte_frames(), {peer.port()}, {.connections = 1}, 2);
    std::vector<std::unique_ptr<Worker>> all;
    for (int i = 0; i < 2; ++i) all.push_back(std::make_unique<Worker>(i));
    std::vector<std::string> answers;
    std::vector<std::thread> threads;
    for (auto& worker : all) {
      threads.emplace_back([&answers, &target, at = worker.get()] {
        at->post([&answers, &target, at] { at->spawn(call_and_count(*at, *target, "x", 20s, answers)); });
        at->run();
      });
    }
    for (int i = 0; i < 500 && peer.accepted() == 0; ++i) std::this_thread::sleep_for(2ms);
    std::this_thread::sleep_for(20ms);
    for (auto& worker : all) worker->stop();
    for (std::thread& thread : threads) thread.join();
    all[static_cast<std::size_t>(first)].reset();
    all.clear();
    CHECK(answers.empty());
  }
}

TEST_CASE("no descriptor is left behind, whatever the service does") {
  const std::vector<Peer::Talk> talks = {
      echo_frames(),
      [](int fd) { fakes::receive_all(fd); },
      [](int fd) {
        fakes::receive(fd, 3);
        fakes::reset_on_close(fd);
      },
      [](int fd) {
        fakes::receive(fd, 3);
        ::shutdown(fd, SHUT_WR);
        fakes::receive_all(fd);
      },
      [](int fd) {
        fakes::send_all(fd, std::string(300, '\xFF'));
        fakes::receive_all(fd);
      },
  };
  for (std::size_t kind = 0; kind < talks.size(); ++kind) {
    CAPTURE(kind);
    std::size_t before = fakes::open_descriptors();
    {
      Peer peer(talks[kind]);
      Worker worker;
      auto target = target_for(two_byte_frames(100), {peer.port()}, {.connections = 20});
      for (int round = 0; round < 50; ++round) call_at_once(worker, *target, 20, kind == 1 ? 5ms : 5000ms);
      target->close(worker);
      peer.stop();
    }
    CHECK(fakes::open_descriptors() == before);
  }
}

}  // namespace
}  // namespace busway::tcp
