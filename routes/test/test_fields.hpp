#pragma once

#include "bus/field.hpp"

namespace busway::routes {

// The mappings of a test file as they are written; routes/test/read_test.cpp makes a TestCase of them.

struct ExpectConfig {
  std::optional<ConfigNode> status;
  std::optional<ConfigNode> headers;
  std::optional<ConfigNode> body;
  std::optional<ConfigNode> body_has;
  std::optional<ConfigNode> error;
};

struct TestConfig {
  std::string test;
  std::string route;
  ConfigNode send;
  std::optional<ConfigNode> services;
  ConfigNode expect;
  std::optional<ConfigNode> at;
};

struct SendConfig {
  std::string on;
  std::vector<std::pair<std::string, std::string>> headers;
  std::optional<ConfigNode> body;
  std::optional<FileRef> file;
  std::optional<ConfigNode> hex;
};

struct ExchangeConfig {
  std::optional<ConfigNode> expect;
  std::optional<ConfigNode> reply;
  std::optional<ConfigNode> fails;
  std::chrono::milliseconds after{0};
};

struct FailsConfig {
  std::optional<std::int64_t> status;
  std::vector<std::pair<std::string, std::string>> headers;
  std::optional<ConfigNode> body;
  std::optional<ConfigNode> fault;
};

struct FaultConfig {
  std::string code = "Server";
  std::string text = "simulated";
  std::optional<ConfigNode> detail;
};

Fields<TestConfig> test_config_fields();
Fields<SendConfig> send_config_fields();
Fields<ExchangeConfig> exchange_config_fields();
Fields<FailsConfig> fails_config_fields();
Fields<FaultConfig> fault_config_fields();
Fields<ExpectConfig> expect_config_fields();

}  // namespace busway::routes
