// The plugins of plugins/examples that exchange lines: a shared library, processes, and processes that are started elsewhere.
#include <zmq.h>

#include <cstdlib>
#include <iostream>
#include <stdexcept>

#include "bus/cli/builtin_registry.hpp"
#include "bus/cli/plugin_registry.hpp"
#include "plugins/host/plugins.hpp"
#include "plugins/process/processes.hpp"
#include "plugins/process/program.hpp"
#include "tests/contract/bus.hpp"

namespace busway::contract {

namespace {

using plugins::Program;
using plugins::Supervisor;

std::string folder_of(const std::string& name) {
  return std::string(BUSWAY_CONTRACT_PLUGINS "/") + name;
}

bool runs(const std::string& command) {
  return std::system(("( " + command + " ) > /dev/null 2>&1").c_str()) == 0;
}

// Python and Node with what a process in them needs. For Node npm fetches it, once.
bool has_python() {
  static const bool has = runs("/usr/bin/python3 -c 'import zmq'");
  return has;
}
bool has_node() {
  static const bool has = [] {
    std::string tried = "cd '" + folder_of("linewire") + "' && node -e \"require('zeromq')\"";
    std::string fetch =
        "cd '" + folder_of("linewire") + "' && timeout 100 npm install --no-audit --no-fund --fetch-retries=1 zeromq@6";
    return runs(tried) || (runs(fetch) && runs(tried));
  }();
  return has;
}

void add_processes(Registry& registry, const std::string& directory, const std::shared_ptr<Supervisor>& supervisor,
                   std::size_t expected) {
  Findings findings;
  auto added = plugins::add_process_plugins(registry, {{.path = directory, .prefix = "plugins/"}}, supervisor,
                                            cli::manifest_reader(), {}, findings);
  for (const Finding& finding : findings.all()) throw std::runtime_error(to_text(finding));
  if (added.size() != expected) throw std::runtime_error("no plugins in " + directory);
}

Registry with_local_plugins() {
  Registry out = cli::builtin_registry();
  Findings findings;
  auto added =
      plugins::add_plugins(out, {{.path = BUSWAY_CONTRACT_PLUGINS, .prefix = "plugins/"}}, plugins::Purpose::used, {}, findings);
  if (added.size() != 1) throw std::runtime_error("no library in " BUSWAY_CONTRACT_PLUGINS);
  add_processes(out, BUSWAY_CONTRACT_PLUGINS, std::make_shared<Supervisor>(), 3);
  return out;
}

// The same processes, each started by this one as somebody else would, and let in over TCP.
class Elsewhere {
 public:
  Elsewhere() {
    write("linedesk", curve());
    write("linepost", cookie());
    write("linewire", curve());
    add_processes(registry_, folder_.path().string(), supervisor_, given_.size());
    for (const auto& process : supervisor_->processes()) supervisor_->post(*process, plugins::Wanted{});  // the ports are taken
    if (has_python()) start("linedesk", {"/usr/bin/python3", "-B", "adapter_linedesk.py"});
    if (has_node()) start("linewire", {"node", "adapter_linewire.js"});
    start("linepost", {"./linepost"});
  }
  const Registry& registry() const { return registry_; }

 private:
  using Variables = std::vector<std::pair<std::string, std::string>>;
  struct Door {
    std::string manifest;
    Variables given;  // to who is to get in
  };
  struct Keys {
    Keys() { ::zmq_curve_keypair(open, secret); }
    char open[41] = {};
    char secret[41] = {};
  };

  static Door curve() {
    Keys bus;
    Keys plugin;
    return {"curve: { secret_key: '" + std::string(bus.secret) + "', clients: ['" + plugin.open + "'] }",
            {{"BUSWAY_SERVER_KEY", bus.open}, {"BUSWAY_PUBLIC_KEY", plugin.open}, {"BUSWAY_SECRET_KEY", plugin.secret}}};
  }
  Door cookie() const {
    const std::string text = "of more than sixteen characters";
    folder_.write("cookie", text);
    return {"cookie: '${file:" + (folder_.path() / "cookie").string() + "}'", {{"BUSWAY_COOKIE", text}}};
  }

  // Its manifest, with `remote:` in place of `command:`.
  void write(const std::string& name, Door door) {
    std::ifstream in(folder_of(name) + "/plugin.yaml");
    std::string endpoint = "tcp://127.0.0.1:" + std::to_string(fakes::dead_port());
    std::string manifest;
    for (std::string line; std::getline(in, line);)
      manifest += (line.starts_with("command:") ? "remote:\n  listen: " + endpoint + "\n  " + door.manifest : line) + "\n";
    folder_.write(name + "/plugin.yaml", manifest);
    door.given.emplace_back("BUSWAY_ENDPOINT", endpoint);
    door.given.emplace_back("PATH", std::getenv("PATH"));
    given_[name] = std::move(door.given);
  }
  void start(const std::string& name, std::vector<std::string> command) {
    auto started =
        Program::start({.command = std::move(command), .directory = folder_of(name), .environment = given_[name], .limits = {}});
    if (!started) throw std::runtime_error(started.error().text);
    programs_.push_back(std::move(*started));
  }

  fakes::TemporaryDirectory folder_;
  std::map<std::string, Variables> given_;
  std::vector<Program> programs_;
  std::shared_ptr<Supervisor> supervisor_ = std::make_shared<Supervisor>();
  Registry registry_ = cli::builtin_registry();
};

// Whether a listener of it listens, which it may do later than a bus is there.
bool has_come(const Protocol& protocol) {
  for (int i = 0; i < 10; ++i) {
    Bus bus(protocol, "127.0.0.1:1", {});
    if (bus.port() != 0) return true;
  }
  return false;
}

std::vector<Protocol> protocols_of_plugins() {
  std::vector<Protocol> all = {line_protocol("linetalk"), line_protocol("linepost"), line_protocol("linepost", Where::elsewhere)};
  auto add = [&](const std::string& name, bool there, const std::string& missing) {
    if (!there) std::cout << "SKIP: the adapter " << name << ": " << missing << '\n';
    if (!there) return;
    all.push_back(line_protocol(name));
    all.push_back(line_protocol(name, Where::elsewhere));
  };
  add("linedesk", has_python(), "there is no python3 with zmq");
  add("linewire", has_node(), "there is no node, or npm cannot give it zeromq");
  for (const Protocol& protocol : all) {
    if (protocol.where == Where::elsewhere && !has_come(protocol))
      throw std::runtime_error(protocol.name + " does not come to the bus");
  }
  return all;
}

}  // namespace

const Registry& registry(Where where) {
  static const bool prepared = ::setenv("PATH", (std::string("/usr/bin:") + std::getenv("PATH")).c_str(), 1) == 0;
  static_cast<void>(prepared);
  static const Registry here = with_local_plugins();
  static const Elsewhere elsewhere;
  return where == Where::here ? here : elsewhere.registry();
}

std::vector<Protocol> protocols() {
  registry(Where::here);  // while there is one thread
  static const std::vector<Protocol> plugins = protocols_of_plugins();
  std::vector<Protocol> all = {http_protocol(), soap_protocol(), tcp_protocol(), zmq_protocol()};
  all.insert(all.end(), plugins.begin(), plugins.end());
  return all;
}

}  // namespace busway::contract
