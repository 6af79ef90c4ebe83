#include <stdexcept>

#include "bus/cli/builtin_registry.hpp"
#include "plugins/host/plugins.hpp"
#include "tests/contract/protocol.hpp"
#include "tests/fakes/peer.hpp"

namespace busway::contract {

namespace {

std::optional<std::string> read_line(int fd) {
  std::string line;
  while (true) {
    std::string byte = fakes::receive(fd, 1);
    if (byte.empty()) return std::nullopt;
    if (byte == "\n") return line;
    line += byte;
  }
}

std::optional<std::string> read_text(int fd) {
  auto line = read_line(fd);
  std::size_t at = line ? line->find("\"text\":\"") : std::string::npos;
  if (at == std::string::npos) return std::nullopt;
  return line->substr(at + 8, line->find('"', at + 8) - at - 8);
}

}  // namespace

// What is built in, and the adapter of plugins/examples/linetalk as a shared library.
const Registry& registry() {
  static const Registry all = [] {
    Registry out = cli::builtin_registry();
    Findings findings;
    auto added = plugins::add_plugins(out, {{.path = BUSWAY_CONTRACT_PLUGINS, .prefix = "plugins/"}}, plugins::Purpose::used, {},
                                      findings);
    for (const Finding& finding : findings.all()) throw std::runtime_error(to_text(finding));
    if (added.size() != 1) throw std::runtime_error("no plugin in " BUSWAY_CONTRACT_PLUGINS);
    return out;
  }();
  return all;
}

Protocol linetalk_protocol() {
  registry();  // while there is one thread
  Protocol lines;
  lines.name = "linetalk";
  lines.listener = "{ linetalk: { listen: '127.0.0.1:0', max_body: 4KiB }, format: json }";
  lines.from = [](const std::string& route) {
    return "{ linetalk: messages, on: front, when: 'to = \"" + route + "\"', error: '{ \"refused\": $failure.kind }' }";
  };
  lines.service = [](const std::string& address) {
    return "    linetalk: { endpoints: ['" + address + "'] }\n    format: json\n";
  };
  lines.request = [](const std::string& route, const std::string& text) {
    return "{\"to\":\"" + route + "\",\"text\":\"" + text + "\"}\n";
  };
  lines.read_reply = read_text;
  lines.refuses = [](const std::string& bytes) { return bytes == "!413 Content Too Large\n"; };
  lines.read_request = read_text;
  lines.answer = [](const std::string& text) { return "{\"text\":\"" + text + "\"}\n"; };
  lines.garbage = "{][\n";
  return lines;
}

}  // namespace busway::contract
