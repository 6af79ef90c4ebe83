#include <doctest/doctest.h>

#include "adapters/tcp/adapter.hpp"
#include "adapters/tcp/inlet.hpp"
#include "adapters/tcp/listener.hpp"
#include "adapters/tcp/target.hpp"
#include "tests/fakes/fake_route.hpp"
#include "tests/transforms/formats/made_format.hpp"
#include "transforms/formats/builtin.hpp"

namespace busway::tcp {
namespace {

using Kind = ConfigNode::Kind;

ConfigNode number(std::string text) {
  return config_scalar(std::move(text), Kind::number);
}

// The framing that `frame:` reads as, or the ids of the findings.
std::string read(const ConfigNode& frame, Framing* out = nullptr, ByteSize max_frame = {1024}) {
  Findings findings;
  Registry registry;
  FakeFiles files;
  NoSecretsHere secrets;
  NoExpressionsHere expressions;
  CheckContext check{findings, registry, files, secrets, expressions};
  FrameConfig config;
  ConfigNode node = config_map({{"frame", frame}});
  if (frame_fields().read(frame, check, config)) {
    auto framing = read_framing(config, max_frame, node, check);
    if (framing && out != nullptr) *out = *framing;
  }
  std::string ids;
  for (const Finding& finding : findings.all()) ids += (ids.empty() ? "" : " ") + finding.id;
  return ids;
}

TEST_CASE("frames, long and short") {
  Framing framing;
  CHECK(read(config_map({{"length_prefix", number("2")}}), &framing) == "");
  CHECK(framing.kind == Framing::Kind::length_prefix);
  CHECK(framing.bytes == 2);
  CHECK(read(config_map({{"length_prefix", config_map({{"bytes", number("4")},
                                                       {"order", config_scalar("little")},
                                                       {"counts_itself", config_scalar("true", Kind::boolean)},
                                                       {"offset", number("2")}})}}),
             &framing) == "");
  CHECK(framing.bytes == 4);
  CHECK(framing.order == Framing::Order::little);
  CHECK(framing.counts_itself);
  CHECK(framing.offset == 2);
  CHECK(read(config_map({{"delimiter", config_scalar("crlf")}}), &framing) == "");
  CHECK(framing.delimiter == "\r\n");
  CHECK(read(config_map({{"delimiter", number("0x1c0d")}}), &framing) == "");
  CHECK(framing.delimiter == "\x1C\r");
  CHECK(read(config_scalar("stx_etx"), &framing) == "");
  CHECK(framing.kind == Framing::Kind::stx_etx);
  CHECK(read(config_scalar("mllp"), &framing) == "");
  CHECK(framing.kind == Framing::Kind::mllp);
  CHECK(read(config_scalar("close"), &framing) == "");
  CHECK(framing.kind == Framing::Kind::close);
  CHECK(read(config_map({{"fixed_length", number("80")}}), &framing) == "");
  CHECK(framing.fixed_length == 80);
  CHECK(framing.max_frame == 1024);
}

TEST_CASE("frames that are none") {
  CHECK(read(config_map({})) == "BW5020");
  CHECK(read(config_map({{"delimiter", config_scalar("lf")}, {"fixed_length", number("80")}})) == "BW5020");
  CHECK(read(config_scalar("stxetx")) == "BW1014");
  CHECK(read(config_map({{"length_prefix", number("9")}})) == "BW1007");
  CHECK(read(config_map({{"length_prefix", number("0")}})) == "BW1007");
  CHECK(read(config_map({{"delimiter", config_scalar("0xf")}})) == "BW5021");
  CHECK(read(config_map({{"fixed_length", number("2000")}})) == "BW1007");
  CHECK(read(config_map({{"fixed_lenght", number("20")}})) == "BW1004");
}

template <class Made, class Context>
std::string made(const Role<Made, Context>& role, const ConfigNode& node, const Context& context) {
  Findings findings;
  Registry registry;
  add_builtin_formats(registry);
  FakeFiles files;
  NoSecretsHere secrets;
  NoExpressionsHere expressions;
  CheckContext check{findings, registry, files, secrets, expressions};
  bool good = role.make(node, check, context) != nullptr;
  std::string ids = good ? "made" : "";
  for (const Finding& finding : findings.all()) ids += (ids.empty() ? "" : " ") + finding.id;
  return ids;
}

TEST_CASE("listeners, routes and services are made or refused with a reason") {
  AdapterType type = tcp_adapter();
  ConfigNode frame = config_map({{"length_prefix", number("2")}});
  CHECK(made(type.listener, config_map({{"listen", config_scalar("127.0.0.1:0")}, {"frame", frame}}), {}) == "made");
  CHECK(made(type.listener, config_map({{"listen", config_scalar("127.0.0.1")}, {"frame", frame}}), {}) == "BW5010");
  CHECK(made(type.listener, config_map({{"listen", config_scalar("127.0.0.1:0")}}), {}) == "made");
  CHECK(made(type.listener, config_map({{"listen", config_scalar("127.0.0.1:0")}, {"frame", config_map({})}}), {}) == "BW5020");
  CHECK(made(type.inlet, config_map({{"tcp", config_scalar("frames")}}), {}) == "made");
  InletContext stream;
  fakes::FakeRoute echoes([](Exchange&) {});
  stream.route = &echoes;
  CHECK(made(type.inlet, config_map({{"tcp", config_scalar("stream")}}), stream) == "BW5024");
  CHECK(made(type.inlet, config_map({{"tcp", config_scalar("packets")}}), {}) == "BW1014");
  ConfigNode endpoint = config_scalar("10.0.0.9:7000");
  CHECK(made(type.target, config_map({{"endpoints", config_list({endpoint})}, {"frame", frame}}), {}) == "made");
  CHECK(made(type.target, config_map({{"endpoints", endpoint}, {"frame", frame}}), {}) == "made");
  CHECK(made(type.target, config_map({{"endpoints", config_list({config_scalar("10.0.0.9")})}, {"frame", frame}}), {}) ==
        "BW5022");
  CHECK(made(type.target, config_map({{"endpoints", config_list({})}, {"frame", frame}}), {}) == "BW5022");
  CHECK(made(type.target, config_map({{"endpoints", endpoint}}), {}) == "made");
  ConfigNode tls = config_map({{"key", config_scalar("${env:KEY}")}});
  CHECK(made(type.target, config_map({{"endpoints", endpoint}, {"frame", frame}, {"tls", tls}}), {}) == "BW1006");
}

}  // namespace
}  // namespace busway::tcp
