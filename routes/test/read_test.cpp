#include <algorithm>

#include "bus/registry.hpp"
#include "routes/test/literal.hpp"
#include "routes/test/test_case.hpp"
#include "routes/test/test_fields.hpp"

namespace busway::routes {

namespace {

constexpr std::string_view failure_kinds[] = {"not_sent", "unknown",  "answered", "garbage",     "format",  "invalid",
                                              "mapping",  "overload", "deadline", "quarantined", "internal"};

bool names_document(std::string_view path) {
  return path.ends_with(".json") || path.ends_with(".yaml") || path.ends_with(".yml");
}

int hex_digit(char c) {
  if (c >= '0' && c <= '9') return c - '0';
  if (c >= 'a' && c <= 'f') return c - 'a' + 10;
  if (c >= 'A' && c <= 'F') return c - 'A' + 10;
  return -1;
}

std::optional<std::string> read_hex(std::string_view text) {
  std::string digits;
  for (char c : text) {
    if (c == ' ' || c == '\n' || c == '\t') continue;
    if (hex_digit(c) < 0) return std::nullopt;
    digits += c;
  }
  if (digits.size() % 2 != 0) return std::nullopt;
  std::string bytes;
  for (std::size_t i = 0; i < digits.size(); i += 2)
    bytes += static_cast<char>(hex_digit(digits[i]) * 16 + hex_digit(digits[i + 1]));
  return bytes;
}

class TestReader {
 public:
  TestReader(const LoadedBundle& bundle, CheckContext& check)
      : bundle_(bundle), snapshot_(*bundle.snapshot), check_(check), findings_(check.findings) {}

  std::optional<TestCase> read(const ConfigNode& document) {
    std::size_t before = findings_.errors();
    TestConfig config;
    TestCase test;
    if (const auto* sends = document.find("sends")) {
      findings_.error("BW1013", sends->key.at, "'sends' is not in this version");
    }
    if (!test_config_fields().read(document, check_, config, {"sends"})) return std::nullopt;
    test.name = config.test;
    test.at = document.find("test")->value.at;
    test.route = config.route;
    if (!test.route.empty() && !snapshot_.routes.contains(test.route)) {
      unknown("route", document.find("route")->value, snapshot_.routes);
    }
    read_send(config.send, test);
    if (config.services) read_services(*config.services, test);
    read_expect(config.expect, test.expect);
    if (config.at) {
      test.wall_time = read_time(config.at->text);
      if (!test.wall_time) findings_.error("BW6004", config.at->at, "expected a time such as 2026-01-31T10:15:30Z");
    }
    if (findings_.errors() != before) return std::nullopt;
    return test;
  }

 private:
  template <class Named>
  void unknown(std::string_view what, const ConfigNode& name, const Named& known) {
    std::vector<std::string_view> names;
    for (const auto& [key, value] : known) names.push_back(key);
    findings_.error("BW6002", name.at,
                    "the bundle has no " + std::string(what) + " '" + name.text + "'" + did_you_mean(name.text, names));
  }

  // `{ file: PATH }` or the document itself.
  std::optional<TestBody> read_body(const ConfigNode& node) {
    TestBody body;
    body.at = node.at;
    bool from_file = node.is_map() && node.entries.size() == 1 && node.entries[0].key.text == "file" &&
                     node.entries[0].value.kind == ConfigNode::Kind::string;
    if (!from_file) {
      body.document = node;
    } else if (const ConfigNode& path = node.entries[0].value; names_document(path.text)) {
      body.document = check_.files.read_yaml(path.text, path, findings_);
      if (!body.document) return std::nullopt;
    } else {
      FileRef file;
      if (!read_value(path, {}, check_, file)) return std::nullopt;
      body.bytes = std::move(file.content);
      return body;
    }
    Arena arena;
    if (!literal_document(*body.document, arena, findings_)) return std::nullopt;
    return body;
  }

  void read_send(const ConfigNode& send, TestCase& test) {
    if (!send.is_map()) return refuse(send, "expected a mapping such as { http: POST /orders, body: ... }");
    const AdapterType* adapter = nullptr;
    for (const ConfigNode::Entry& entry : send.entries) {
      const AdapterType* named = check_.registry.adapter(entry.key.text);
      if (named == nullptr || !named->inlet) continue;
      if (adapter != nullptr)
        return refuse(entry.key, "a message comes in through one adapter, not also through '" + entry.key.text + "'");
      adapter = named;
      if (entry.value.is_scalar()) {
        test.main = entry.value.text;
      } else {
        refuse(entry.value, "expected what a message of " + named->name + " is sent to, as in a route's `from:`");
      }
    }
    if (adapter == nullptr)
      return refuse(send, "the message needs an adapter's key, as in a route's `from:`, such as http: POST /orders");
    SendConfig config;
    std::vector<std::string> others{adapter->name};
    for (const FieldInfo& field : adapter->inlet.fields) others.push_back(field.name);
    if (!send_config_fields().read(send, check_, config, others)) return;
    test.send = send;
    test.headers = std::move(config.headers);
    if (config.body.has_value() + config.file.has_value() + config.hex.has_value() > 1) {
      return refuse(send, "`body`, `file` and `hex` exclude one another");
    }
    if (config.body) test.body = read_body(*config.body);
    if (config.file) test.body = TestBody{std::nullopt, std::move(config.file->content), config.file->at};
    if (config.hex) {
      auto bytes = read_hex(config.hex->text);
      if (!bytes) return refuse(*config.hex, "expected pairs of hexadecimal digits");
      test.body = TestBody{std::nullopt, std::move(*bytes), config.hex->at};
    }
    find_listener(send, *adapter, config.on, test);
  }

  // `on:`, else where the test's route listens, else the only one there is.
  void find_listener(const ConfigNode& send, const AdapterType& adapter, const std::string& on, TestCase& test) {
    if (!on.empty()) {
      auto named = snapshot_.listeners.find(on);
      if (named == snapshot_.listeners.end()) return unknown("listener", send.find("on")->value, snapshot_.listeners);
      if (named->second->adapter() != adapter.listens_on) {
        return refuse(send.find("on")->value, "'" + on + "' is no listener of " + adapter.listens_on);
      }
      test.listener = on;
      return;
    }
    if (auto at = bundle_.listener_of.find(test.route); at != bundle_.listener_of.end()) {
      test.listener = at->second;
      return;
    }
    for (const auto& [name, listener] : snapshot_.listeners) {
      if (listener->adapter() != adapter.listens_on) continue;
      if (!test.listener.empty())
        return refuse(send, "several listeners could take the message: say which with `on:` or `route:`");
      test.listener = name;
    }
    if (test.listener.empty()) refuse(send, "the bundle has no listener of " + adapter.listens_on);
  }

  void read_services(const ConfigNode& services, TestCase& test) {
    if (!services.is_map()) return refuse(services, "expected a mapping of service names to exchanges");
    for (const ConfigNode::Entry& entry : services.entries) {
      if (!snapshot_.services.contains(entry.key.text)) unknown("service", entry.key, snapshot_.services);
      std::vector<TestExchange>& exchanges = test.services[entry.key.text];
      if (!entry.value.is_list()) {
        read_exchange(entry.value, exchanges.emplace_back());
      } else {
        for (const ConfigNode& item : entry.value.items) read_exchange(item, exchanges.emplace_back());
      }
    }
  }

  void read_exchange(const ConfigNode& node, TestExchange& out) {
    out.at = node.at;
    ExchangeConfig config;
    if (!exchange_config_fields().read(node, check_, config)) return;
    if (config.reply && config.fails) return refuse(node, "`reply` and `fails` exclude one another");
    out.after = config.after;
    if (config.expect) out.expect = read_body(*config.expect);
    if (config.reply) out.reply = read_body(*config.reply);
    if (config.fails) read_fails(*config.fails, out);
  }

  void read_fails(const ConfigNode& node, TestExchange& out) {
    using Outcome = TestExchange::Outcome;
    static constexpr std::pair<std::string_view, Outcome> outcomes[] = {
        {"not_sent", Outcome::not_sent}, {"unknown", Outcome::unknown}, {"garbage", Outcome::garbage}};
    if (!node.is_map()) {
      for (const auto& [word, outcome] : outcomes) {
        if (!node.is_scalar() || node.text != word) continue;
        out.outcome = outcome;
        return;
      }
      return refuse(node, "expected not_sent, unknown, garbage, { status: 500, body: ... } or { fault: ... }");
    }
    FailsConfig config;
    if (!fails_config_fields().read(node, check_, config)) return;
    if (config.status.has_value() == config.fault.has_value()) return refuse(node, "expected `status` or `fault`");
    out.headers = std::move(config.headers);
    if (config.status) out.status = static_cast<int>(*config.status);
    if (config.body) out.reply = read_body(*config.body);
    if (!config.fault) return;
    FaultConfig fault;
    if (!fault_config_fields().read(*config.fault, check_, fault)) return;
    out.fault = TestExchange::Fault{std::move(fault.code), std::move(fault.text), std::nullopt};
    if (fault.detail) out.fault->detail = read_body(*fault.detail);
  }

  void read_expect(const ConfigNode& node, TestExpectation& out) {
    out.at = node.at;
    ExpectConfig config;
    if (!expect_config_fields().read(node, check_, config)) return;
    if (config.status) {
      int status = 0;
      out.status_at = config.status->at;
      if (read_value(*config.status, {}, check_, status)) out.status = status;
    }
    if (config.headers && !config.headers->is_map()) refuse(*config.headers, "expected a mapping of header names to values");
    if (config.headers) {
      for (const ConfigNode::Entry& entry : config.headers->entries) {
        if (entry.value.is_scalar()) {
          out.headers.emplace_back(entry.key.text, entry.value);
        } else {
          refuse(entry.value, "expected a header's value");
        }
      }
    }
    if (config.body && config.body_has) return refuse(*config.body_has, "`body` and `body_has` exclude one another");
    if (config.body) out.body = read_body(*config.body);
    if (config.body_has) out.body_has = read_body(*config.body_has);
    if (!config.error) return;
    out.error = config.error->text;
    out.error_at = config.error->at;
    if (std::find(std::begin(failure_kinds), std::end(failure_kinds), out.error) == std::end(failure_kinds)) {
      findings_.error("BW6003", config.error->at,
                      "there is no failure kind '" + out.error + "'" +
                          did_you_mean(out.error, {std::begin(failure_kinds), std::end(failure_kinds)}));
    }
  }

  void refuse(const ConfigNode& node, std::string text) { findings_.error("BW6001", node.at, std::move(text)); }

  const LoadedBundle& bundle_;
  const Snapshot& snapshot_;
  CheckContext& check_;
  Findings& findings_;
};

}  // namespace

std::optional<TestCase> read_test(const ConfigNode& document, const LoadedBundle& bundle, CheckContext& check) {
  return TestReader(bundle, check).read(document);
}

}  // namespace busway::routes
