#include "bus/field.hpp"

#include <doctest/doctest.h>

#include "bus/diagnostics.hpp"
#include "bus/registry.hpp"

using namespace busway;
using namespace std::chrono_literals;

namespace {

struct Inner {
  std::int64_t bytes = 2;
  bool flag = false;
};
struct Thing {
  enum class Order { big, little };
  std::chrono::milliseconds every{1000};
  std::string body;
  ByteSize size{64 * 1024};
  DurationRange pause{};
  Order order = Order::big;
  std::optional<Inner> inner;
  std::vector<std::string> names;
  Secret password;
};

Fields<Thing> fields() {
  return {
      {"every", &Thing::every, "Time between messages.", at_least(1ms), at_most(std::chrono::milliseconds(1h))},
      {"body", &Thing::body, "What each message carries.", shorthand()},
      {"size", &Thing::size, "How much."},
      {"pause", &Thing::pause, "Between tries."},
      {"order", &Thing::order, "Byte order.",
       one_of<Thing::Order>({{"big", Thing::Order::big}, {"little", Thing::Order::little}})},
      {"inner", &Thing::inner, "A nested thing.",
       Fields<Inner>{{"bytes", &Inner::bytes, "How many.", required()}, {"flag", &Inner::flag, "Whether."}}},
      {"names", &Thing::names, "Some names."},
      {"password", &Thing::password, "Never printed."},
  };
}

class Nothing final : public BundleFiles {
 public:
  Result<std::string> read(std::string_view path, const Position&) const override {
    return fail(ErrorKind::config, "no file '" + std::string(path) + "' in the bundle", "BW1008");
  }
  std::string name_of(std::string_view path, const Position&) const override { return std::string(path); }
  std::optional<ConfigNode> read_yaml(std::string_view, const ConfigNode&, Findings&) const override { return std::nullopt; }
};
class Plain final : public Secrets {
 public:
  Result<std::string> expand(std::string_view text, const Position&) const override { return std::string(text); }
};
class NoLanguage final : public ExpressionLanguage {
 public:
  Result<std::shared_ptr<const Expression>> compile(std::string_view, std::vector<ExpressionWarning>*) const override {
    return fail(ErrorKind::config, "expected a value", "S0207", 3);
  }
};

ConfigNode scalar(ConfigNode::Kind kind, std::string text, int column) {
  ConfigNode node;
  node.kind = kind;
  node.text = std::move(text);
  node.at.line = 1;
  node.at.column = column;
  return node;
}
ConfigNode map(std::vector<std::pair<std::string, ConfigNode>> entries) {
  ConfigNode node;
  node.kind = ConfigNode::Kind::map;
  int column = 1;
  for (auto& [key, value] : entries) {
    node.entries.push_back({scalar(ConfigNode::Kind::string, key, column), std::move(value)});
    column += 10;
  }
  return node;
}

struct Reading {
  Findings findings;
  Registry registry;
  Nothing files;
  Plain secrets;
  NoLanguage language;
  CheckContext context{findings, registry, files, secrets, language};
  std::string text() const {
    std::string out;
    for (const Finding& finding : findings.all()) out += to_text(finding) + "\n";
    return out;
  }
};

using Kind = ConfigNode::Kind;

}  // namespace

TEST_CASE("a declaration reads its fields, and defaults stay where nothing was written") {
  Reading reading;
  Thing thing;
  CHECK(fields().read(map({{"every", scalar(Kind::string, "250ms", 5)},
                           {"size", scalar(Kind::string, "2MiB", 5)},
                           {"pause", scalar(Kind::string, "100ms..2s", 5)},
                           {"order", scalar(Kind::string, "little", 5)},
                           {"inner", map({{"bytes", scalar(Kind::number, "8", 5)}})},
                           {"names", scalar(Kind::string, "one", 5)}}),
                      reading.context, thing));
  CHECK(thing.every == 250ms);
  CHECK(thing.size.bytes == 2 * 1024 * 1024);
  CHECK(thing.pause.low == 100ms);
  CHECK(thing.pause.high == 2s);
  CHECK(thing.order == Thing::Order::little);
  CHECK(thing.inner->bytes == 8);
  CHECK(thing.names == std::vector<std::string>{"one"});
  CHECK(thing.body.empty());
}

TEST_CASE("a scalar in place of the mapping sets the shorthand field") {
  Reading reading;
  Thing thing;
  CHECK(fields().read(scalar(Kind::string, "hello", 1), reading.context, thing));
  CHECK(thing.body == "hello");
}

TEST_CASE("each mistake is one finding at its own place, with what to do") {
  struct Row {
    ConfigNode node;
    const char* finding;
  };
  const std::vector<Row> rows = {
      {map({{"evry", scalar(Kind::string, "1s", 5)}}), "-:1:1: error BW1004: unknown key 'evry'; did you mean 'every'?\n"},
      {map({{"every", scalar(Kind::string, "soon", 5)}}),
       "-:1:5: error BW1005: expected a duration such as 250ms, 2s or 5m, found 'soon'\n"},
      {map({{"every", scalar(Kind::string, "2h", 5)}}), "-:1:5: error BW1007: '2h' is out of bounds: allowed is 1ms to 1h\n"},
      {map({{"order", scalar(Kind::string, "litle", 5)}}),
       "-:1:5: error BW1014: 'litle' is not one of big, little; did you mean 'little'?\n"},
      {map({{"inner", map({{"flag", scalar(Kind::boolean, "true", 5)}})}}),
       "-: error BW1006: 'bytes' is required here: How many.\n"},
      {map({{"size", scalar(Kind::string, "99999999999999999999", 5)}}),
       "-:1:5: error BW1005: expected a size such as 512, 64KiB or 1MiB, found '99999999999999999999'\n"},
      {map({{"body", map({})}}), "-:1:1: error BW1005: expected a text, found a mapping\n"},
  };
  for (const Row& row : rows) {
    Reading reading;
    Thing thing;
    CHECK_FALSE(fields().read(row.node, reading.context, thing));
    std::string text = reading.text();
    CHECK(text.substr(text.find(": error")) == std::string(row.finding).substr(std::string(row.finding).find(": error")));
  }
}

TEST_CASE("help and schema come from the same declaration") {
  std::vector<FieldInfo> infos = fields().infos();
  CHECK(infos[0].type == "duration");
  CHECK(infos[0].default_text == "1s");
  CHECK(infos[0].bounds == "1ms to 1h");
  CHECK(infos[2].default_text == "64KiB");
  CHECK(infos[4].type == "one of big, little");
  CHECK(infos[5].children.size() == 2);
  CHECK(infos[7].secret);
  std::string schema = detail::fields_schema(infos);
  CHECK(schema.find("\"enum\":[\"big\",\"little\"]") != std::string::npos);
  CHECK(schema.find("\"additionalProperties\":false") != std::string::npos);
  CHECK(schema.find("\"description\":\"How much.\",\"default\":\"64KiB\"") != std::string::npos);
  CHECK(schema.find("\"description\":\"Whether.\",\"default\":false") != std::string::npos);
}

TEST_CASE("an expression's mistake is placed inside its scalar") {
  Reading reading;
  ExpressionRef expression;
  ConfigNode node = scalar(Kind::string, "a + ", 20);
  CHECK_FALSE(read_value(node, Constraints{}, reading.context, expression));
  CHECK(reading.text().find(":1:23: error BW3001: expected a value (JSONata S0207)") != std::string::npos);
}

TEST_CASE("published diagnostics are in the order of their ids, each once") {
  auto table = diagnostics();
  for (std::size_t i = 1; i < table.size(); ++i) CHECK(table[i - 1].id < table[i].id);
  CHECK(find_diagnostic("BW1004")->title == "Unknown key");
  CHECK(find_diagnostic("BW9999") == nullptr);
}
