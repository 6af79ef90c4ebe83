#pragma once

#include <chrono>
#include <map>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "bus/check_context.hpp"
#include "routes/compile.hpp"

namespace busway::routes {

// A body of a test file: a document (literal YAML, or a .json, .yaml or .yml file), or the bytes of any other file.
struct TestBody {
  std::optional<ConfigNode> document;
  std::string bytes;  // without a document
  Position at;
};

// One exchange of a simulated service: what it is asked and how it answers.
struct TestExchange {
  Position at;
  std::optional<TestBody> expect;  // null: anything
  std::chrono::milliseconds after{0};
  enum class Outcome { reply, not_sent, unknown, garbage } outcome = Outcome::reply;
  std::optional<TestBody> reply;  // null: a reply without a body
  int status = 0;                 // of the reply; 0: what the protocol says for yes
  std::vector<std::pair<std::string, std::string>> headers;
  struct Fault {
    std::string code = "Server";
    std::string text = "simulated";
    std::optional<TestBody> detail;
  };
  std::optional<Fault> fault;
};

struct TestExpectation {
  Position at;
  std::optional<int> status;
  Position status_at;
  std::vector<std::pair<std::string, ConfigNode>> headers;
  std::optional<TestBody> body;
  std::optional<TestBody> body_has;
  std::string error;  // the kind of a failure that no handler has taken
  Position error_at;
};

// One YAML document of a test file.
struct TestCase {
  std::string name;
  Position at;
  std::string route;     // that must take the message; empty: any
  std::string listener;  // it comes in at
  ConfigNode send;
  std::string main;  // value of the adapter's key
  std::vector<std::pair<std::string, std::string>> headers;
  std::optional<TestBody> body;
  bool raw = false;  // the body is bytes whatever its file is called
  std::map<std::string, std::vector<TestExchange>> services;
  TestExpectation expect;
  std::optional<std::chrono::system_clock::time_point> wall_time;
};

// Reads one document of a test file against the bundle it tests. Nothing after findings.
std::optional<TestCase> read_test(const ConfigNode& document, const LoadedBundle& bundle, CheckContext& check);

// "2026-01-31T10:15:30Z", with a fraction or an offset (RFC 3339, 5.6).
std::optional<std::chrono::system_clock::time_point> read_time(std::string_view text);

}  // namespace busway::routes
