#include <pthread.h>
#include <sys/resource.h>

#include <atomic>
#include <charconv>
#include <csignal>
#include <iostream>
#include <thread>

#include "bus/cli/event_stream.hpp"
#include "bus/cli/peak_memory.hpp"
#include "bus/cli/plugin_registry.hpp"
#include "bus/cli/report.hpp"
#include "bus/cli/verbs.hpp"
#include "bus/engine.hpp"
#include "bus/log.hpp"
#include "routes/compile.hpp"
#include "transforms/jsonata/jsonata.hpp"

namespace busway::cli {

namespace {

struct RunOptions {
  std::string bundle;
  int workers = 0;
  std::string drain = "30s";
  PluginChoice plugins;
};

std::optional<std::chrono::milliseconds> read_duration(std::string_view text) {
  std::int64_t value = 0;
  auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (error != std::errc() || value < 0 || value > 1'000'000'000) return std::nullopt;
  std::string_view unit = text.substr(static_cast<std::size_t>(end - text.data()));
  if (unit == "ms") return std::chrono::milliseconds(value);
  if (unit == "s") return std::chrono::seconds(value);
  if (unit == "m") return std::chrono::minutes(value);
  if (unit == "h") return std::chrono::hours(value);
  return std::nullopt;
}

// The process's own chores, on a thread of their own: SIGTERM and SIGINT, which are blocked in every other one, become
// Engine::stop(), and memory goes back after a peak. Made before any other thread.
class Chores {
 public:
  Chores() {
    sigemptyset(&signals_);
    sigaddset(&signals_, SIGTERM);
    sigaddset(&signals_, SIGINT);
    pthread_sigmask(SIG_BLOCK, &signals_, nullptr);
  }
  Chores(const Chores&) = delete;
  Chores& operator=(const Chores&) = delete;
  ~Chores() {
    if (!thread_.joinable()) return;
    done_ = true;
    pthread_kill(thread_.native_handle(), SIGTERM);
    thread_.join();
  }

  void start(Engine& engine) {
    thread_ = std::thread([this, &engine] {
      while (true) {
        timespec second{.tv_sec = 1, .tv_nsec = 0};
        int signal = sigtimedwait(&signals_, nullptr, &second);
        if (done_) return;
        if (signal < 0) {
          memory_.look();
          continue;
        }
        log().info("Stopping.", {{"signal", signal == SIGINT ? "SIGINT" : "SIGTERM"}});
        engine.stop();
      }
    });
  }

 private:
  sigset_t signals_{};
  PeakMemory memory_;
  std::atomic<bool> done_{false};
  std::thread thread_;
};

// The soft limit on descriptors is low for programs that still use select(); nothing here does.
void raise_descriptor_limit() {
  rlimit limit{};
  if (getrlimit(RLIMIT_NOFILE, &limit) != 0) return;
  limit.rlim_cur = limit.rlim_max;
  setrlimit(RLIMIT_NOFILE, &limit);
}

int run(RunOptions& options) {
  auto drain = read_duration(options.drain);
  if (!drain) {
    std::cerr << "busway run: --drain takes a duration such as 500ms, 30s or 5m, not '" << options.drain << "'\n";
    return usage;
  }
  Findings findings;
  options.plugins.bundle = options.bundle;
  auto known = known_components(options.plugins, plugins::Purpose::used, findings);
  auto bundle = routes::load_bundle(options.bundle, *known.registry, jsonata::language(), routes::LoadMode::run, findings);
  tell_of_left_out(options.plugins, findings);
  auto events = read_events(bundle, *known.registry, routes::LoadMode::run, findings);
  write_text(findings, std::cerr);
  if (bundle.snapshot == nullptr || findings.has_errors()) {
    std::cerr << summary(findings) << ": nothing is served\n";
    return found;
  }
  raise_descriptor_limit();
  Chores chores;
  PublishedEvents published;
  Engine engine(bundle.snapshot, {.workers = options.workers, .drain = *drain});
  if (auto opened = engine.open(); !opened) {
    std::cerr << "busway run: " << opened.error().text << '\n';
    return found;
  }
  if (auto opened = published.open(events, engine.workers()); !opened) {
    std::cerr << "busway run: " << opened.error().text << '\n';
    return found;
  }
  chores.start(engine);
  if (known.supervisor != nullptr) known.supervisor->start();
  for (const auto& [name, listener] : bundle.snapshot->listeners) {
    std::cout << "listening " << name << ' ' << listener->adapter() << ' ' << listener->address() << '\n';
  }
  std::cout << "ready" << std::endl;
  engine.run();
  log().info("Stopped.");
  log().flush();
  return good;
}

}  // namespace

void add_run(CLI::App& app, int& exit_code) {
  auto options = std::make_shared<RunOptions>();
  CLI::App* verb = app.add_subcommand("run", "Check a bundle, then serve it until SIGTERM or Ctrl-C.");
  verb->add_option("BUNDLE", options->bundle, "The bundle's directory, or one route file")->required();
  verb->add_option("--workers", options->workers, "Worker threads; 0 is one a core")
      ->check(CLI::Range(0, 1024))
      ->capture_default_str();
  verb->add_option("--drain", options->drain, "How long messages in flight may take to end after the first signal")
      ->capture_default_str();
  add_plugin_options(*verb, options->plugins, false);
  verb->footer(
      "Prints 'listening NAME ADAPTER ADDRESS' for each listener, then 'ready'. The first signal drains, the second ends.");
  verb->callback([options, &exit_code] { exit_code = run(*options); });
}

}  // namespace busway::cli
