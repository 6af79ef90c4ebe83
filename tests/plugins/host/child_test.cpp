#include "plugins/host/child.hpp"

#include <doctest/doctest.h>
#include <signal.h>
#include <sys/mman.h>
#include <unistd.h>

#include <atomic>
#include <cstdio>
#include <cstdlib>
#include <fstream>
#include <thread>

using namespace busway::plugins;
using How = ChildEnd::How;

TEST_CASE("a child's answer comes back whole") {
  std::string large(3UL * 1024 * 1024, 'x');
  auto end = in_child([&] { return large; });
  REQUIRE(end);
  CHECK(end->how == How::answered);
  CHECK(end->answer == large);
}

TEST_CASE("an answer beyond the bound is none") {
  auto end = in_child([] { return std::string(2000, 'x'); }, {.answer = 1000});
  REQUIRE(end);
  CHECK(end->how == How::exited);
}

TEST_CASE("a child that ends by itself has not answered") {
  auto end = in_child([]() -> std::string { std::_Exit(3); });
  REQUIRE(end);
  CHECK(end->how == How::exited);
  CHECK(text_of(*end) == "exit status 3");
}

TEST_CASE("a signal is told with its name and the last words before it") {
  auto end = in_child([]() -> std::string {
    std::fputs("first\nlast \x01words\n", stderr);
    ::raise(SIGSEGV);
    return "";
  });
  REQUIRE(end);
  CHECK(end->how == How::crashed);
  CHECK(text_of(*end) == "signal 11 (SIGSEGV); it said: last ?words");
}

TEST_CASE("a child that hangs ends with all it has started") {
  void* shared = ::mmap(nullptr, sizeof(pid_t), PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
  REQUIRE(shared != MAP_FAILED);
  auto& started = *static_cast<std::atomic<pid_t>*>(shared);
  auto end = in_child(
      [&]() -> std::string {
        if (pid_t child = ::fork(); child != 0) started = child;
        std::this_thread::sleep_for(std::chrono::minutes(1));
        return "late";
      },
      {.time = std::chrono::milliseconds(500)});
  REQUIRE(end);
  CHECK(end->how == How::timed_out);
  REQUIRE(started > 0);
  // Gone, or waiting for whoever takes orphans here to notice.
  auto runs = [&] {
    std::ifstream stat("/proc/" + std::to_string(started) + "/stat");
    std::string number, name, state;
    return stat >> number >> name >> state && state != "Z" && state != "X";
  };
  for (int i = 0; i < 500 && runs(); ++i) std::this_thread::sleep_for(std::chrono::milliseconds(10));
  CHECK(!runs());
  ::munmap(shared, sizeof(pid_t));
}

TEST_CASE("what a child writes and changes is its own") {
  int here = 1;
  auto end = in_child([&]() -> std::string {
    here = 2;
    std::puts("to nobody");
    std::fflush(stdout);
    return std::to_string(here);
  });
  REQUIRE(end);
  CHECK(end->answer == "2");
  CHECK(here == 1);
}
