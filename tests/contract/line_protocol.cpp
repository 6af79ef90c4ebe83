#include <cstdlib>
#include <iostream>
#include <stdexcept>

#include "bus/cli/builtin_registry.hpp"
#include "bus/cli/plugin_registry.hpp"
#include "plugins/host/plugins.hpp"
#include "plugins/process/processes.hpp"
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

namespace {

// Python with what a process in it needs.
bool has_python() {
  static const bool has = std::system("/usr/bin/python3 -c 'import zmq' 2> /dev/null") == 0;
  return has;
}

}  // namespace

// What is built in, and of plugins/examples the adapter linetalk, a shared library, and linedesk and linepost, processes in
// Python and C++.
const Registry& registry() {
  static const Registry all = [] {
    Registry out = cli::builtin_registry();
    Findings findings;
    std::vector<plugins::PluginDirectory> directories = {{.path = BUSWAY_CONTRACT_PLUGINS, .prefix = "plugins/"}};
    auto added = plugins::add_plugins(out, directories, plugins::Purpose::used, {}, findings);
    std::string path = std::string("/usr/bin:") + std::getenv("PATH");
    ::setenv("PATH", path.c_str(), 1);
    auto processes = plugins::add_process_plugins(out, directories, std::make_shared<plugins::Supervisor>(),
                                                  cli::manifest_reader(), {}, findings);
    for (const Finding& finding : findings.all()) throw std::runtime_error(to_text(finding));
    if (added.size() != 1 || processes.size() != 2) throw std::runtime_error("no plugins in " BUSWAY_CONTRACT_PLUGINS);
    return out;
  }();
  return all;
}

std::vector<Protocol> protocols() {
  std::vector<Protocol> all = {http_protocol(), soap_protocol(),           tcp_protocol(),
                               zmq_protocol(),  line_protocol("linetalk"), line_protocol("linepost")};
  if (has_python()) {
    all.push_back(line_protocol("linedesk"));
  } else {
    static const bool told = (std::cout << "SKIP: an adapter in a process: there is no python3 with zmq\n", true);
    static_cast<void>(told);
  }
  return all;
}

Protocol line_protocol(const std::string& name) {
  registry();  // while there is one thread
  Protocol lines;
  lines.name = name;
  lines.listener = std::string("{ ") + name + ": { listen: '127.0.0.1:0', max_body: 4KiB }, format: json }";
  lines.from = [name](const std::string& route) {
    return std::string("{ ") + name + ": messages, on: front, when: 'to = \"" + route +
           "\"', error: '{ \"refused\": $failure.kind }' }";
  };
  lines.service = [name](const std::string& address) {
    return std::string("    ") + name + ": { endpoints: ['" + address + "'] }\n    format: json\n";
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
