#include "plugins/process/program.hpp"

#include <fcntl.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstdlib>
#include <cstring>
#include <sstream>

#include "plugins/host/utf8.hpp"

namespace busway::plugins {

namespace {

constexpr std::size_t most_line = 2000;

std::unexpected<Error> refuse(std::string text) {
  return fail(ErrorKind::config, std::move(text));
}

class Ends {
 public:
  Ends() {
    if (::pipe2(fd_, O_CLOEXEC) != 0) fd_[0] = fd_[1] = -1;
  }
  Ends(const Ends&) = delete;
  Ends& operator=(const Ends&) = delete;
  ~Ends() {
    for (int which : {0, 1}) close_end(which);
  }
  bool open() const { return fd_[0] >= 0; }
  int end(int which) const { return fd_[which]; }
  int take(int which) { return std::exchange(fd_[which], -1); }
  void close_end(int which) {
    if (fd_[which] >= 0) ::close(std::exchange(fd_[which], -1));
  }

 private:
  int fd_[2] = {-1, -1};
};

std::string path_of(const ProgramCall& call) {
  const std::string& name = call.command.front();
  if (name.starts_with('/')) return name;
  if (name.find('/') != std::string::npos) return call.directory + "/" + name;
  std::string path = path_without_one;
  for (const auto& [key, value] : call.environment) {
    if (key == "PATH") path = value;
  }
  return find_in_path(name, path);
}

void limit(int what, rlim_t value) {
  rlimit now{};
  auto resource = static_cast<__rlimit_resource_t>(what);
  if (::getrlimit(resource, &now) != 0) return;
  value = std::min(value, now.rlim_max);
  rlimit wanted{value, value};
  ::setrlimit(resource, &wanted);
}

struct Ready {
  const char* path;
  char* const* arguments;
  char* const* environment;
  const char* directory;
  const ProgramLimits* limits;
  int nowhere;
  int out;
  int err;
  int trouble;
  pid_t parent;
};

// The child's part, up to exec: system calls only.
[[noreturn]] void become(const Ready& ready) {
  auto give_up = [&](int step) {
    int told[2] = {step, errno};
    ssize_t written = ::write(ready.trouble, told, sizeof told);
    ::_exit(written == 0 ? 126 : 127);
  };
  ::setpgid(0, 0);
  ::prctl(PR_SET_PDEATHSIG, SIGKILL);
  if (::getppid() != ready.parent) ::_exit(126);
  for (int signal = 1; signal < 32; ++signal) ::signal(signal, SIG_DFL);
  sigset_t none;
  sigemptyset(&none);
  ::sigprocmask(SIG_SETMASK, &none, nullptr);
  if (::chdir(ready.directory) != 0) give_up(1);
  // Each is above 2: the bus has its own three.
  ::dup2(ready.nowhere, STDIN_FILENO);
  ::dup2(ready.out, STDOUT_FILENO);
  ::dup2(ready.err, STDERR_FILENO);
  ::syscall(SYS_close_range, 3, ~0U, 1U << 2);  // CLOSE_RANGE_CLOEXEC: `trouble` is needed until exec
  limit(RLIMIT_CORE, 0);
  limit(RLIMIT_NOFILE, static_cast<rlim_t>(ready.limits->open_files));
  limit(RLIMIT_DATA, ready.limits->memory);
  if (ready.limits->processor)
    limit(RLIMIT_CPU, static_cast<rlim_t>(std::chrono::ceil<std::chrono::seconds>(*ready.limits->processor).count()));
  ::execve(ready.path, ready.arguments, ready.environment);
  give_up(2);
  ::_exit(127);
}

std::vector<char*> pointers(std::vector<std::string>& texts) {
  std::vector<char*> out;
  for (std::string& text : texts) out.push_back(text.data());
  out.push_back(nullptr);
  return out;
}

}  // namespace

std::string find_in_path(const std::string& name, const std::string& path) {
  std::istringstream folders(path);
  for (std::string folder; std::getline(folders, folder, ':');) {
    std::string at = folder + "/" + name;
    if (folder.starts_with('/') && ::access(at.c_str(), X_OK) == 0) return at;
  }
  return "";
}

Result<Program> Program::start(const ProgramCall& call) {
  std::string path = path_of(call);
  if (path.empty()) return refuse("starting '" + call.command.front() + "': there is no such program in PATH");
  std::vector<std::string> words = call.command;
  std::vector<std::string> variables;
  for (const auto& [name, value] : call.environment) variables.push_back(name + "=" + value);
  auto arguments = pointers(words);
  auto environment = pointers(variables);
  Ends out;
  Ends err;
  Ends trouble;
  int nowhere = ::open("/dev/null", O_RDWR | O_CLOEXEC);
  if (!out.open() || !err.open() || !trouble.open() || nowhere < 0) {
    std::string why = std::strerror(errno);
    if (nowhere >= 0) ::close(nowhere);
    return refuse("starting '" + call.command.front() + "': " + why);
  }
  Ready ready{path.c_str(), arguments.data(), environment.data(), call.directory.c_str(), &call.limits,
              nowhere,      out.end(1),       err.end(1),         trouble.end(1),         ::getpid()};
  pid_t child = ::fork();
  if (child == 0) become(ready);
  int fork_error = errno;
  ::close(nowhere);
  if (child < 0) return refuse("starting '" + call.command.front() + "': " + std::strerror(fork_error));
  ::setpgid(child, child);  // whoever of the two comes first
  trouble.close_end(1);
  int told[2] = {0, 0};
  ssize_t got = 0;
  do {
    got = ::read(trouble.end(0), told, sizeof told);
  } while (got < 0 && errno == EINTR);
  if (got > 0) {
    while (::waitpid(child, nullptr, 0) < 0 && errno == EINTR) {
    }
    return refuse(std::string(told[0] == 1 ? "entering its directory" : "starting '" + path + "'") + ": " +
                  std::strerror(told[1]));
  }
  Program made;
  made.pid_ = child;
  made.ended_ = static_cast<int>(::syscall(SYS_pidfd_open, child, 0));
  if (made.ended_ < 0) return refuse(std::string("watching the process: ") + std::strerror(errno));  // `made` kills it
  made.output_[0] = out.take(0);
  made.output_[1] = err.take(0);
  for (int fd : made.output_) ::fcntl(fd, F_SETFL, O_NONBLOCK);
  return made;
}

Program::Program(Program&& other) noexcept
    : pid_(std::exchange(other.pid_, -1)),
      ended_(std::exchange(other.ended_, -1)),
      output_{std::exchange(other.output_[0], -1), std::exchange(other.output_[1], -1)},
      unfinished_{std::move(other.unfinished_[0]), std::move(other.unfinished_[1])},
      last_words_(std::move(other.last_words_)) {}

Program::~Program() {
  kill();
  // One that the system holds back (a file system that hangs) is left to it.
  constexpr int tries = 100;
  for (int i = 0; pid_ > 0 && !reap() && i < tries; ++i) ::usleep(10'000);
  if (ended_ >= 0) ::close(ended_);
  for (std::size_t which : {0UL, 1UL}) close_output(which);
}

void Program::close_output(std::size_t which) {
  if (output_[which] >= 0) ::close(std::exchange(output_[which], -1));
}

bool Program::read_some(std::size_t which) {
  std::array<char, 16 * 1024> buffer;
  ssize_t got = output_[which] < 0 ? 0 : ::read(output_[which], buffer.data(), buffer.size());
  if (got > 0) {
    unfinished_[which].append(buffer.data(), static_cast<std::size_t>(got));
  } else if (got == 0 || (errno != EAGAIN && errno != EINTR)) {
    if (!unfinished_[which].empty()) unfinished_[which] += '\n';
    close_output(which);
  }
  return got > 0;
}

// A line, or what is as long as a line may be; fit for a log.
bool Program::next_line(std::size_t which, std::string& out) {
  std::string& text = unfinished_[which];
  std::size_t end = text.find('\n');
  if (end == std::string::npos && text.size() < most_line) return false;
  std::size_t size = std::min(std::min(end, text.size()), most_line);
  out = fit_for_log(std::string_view(text).substr(0, size));
  text.erase(0, size == end ? size + 1 : size);
  if (which == 1) last_words_.hear(out);
  return true;
}

std::string Program::fit_for_log(std::string_view text) {
  std::string out;
  bool plain = !is_utf8(text);  // then bytes above ASCII go, too
  for (char c : text) {
    bool shown =
        (static_cast<unsigned char>(c) >= ' ' && c != 0x7F && !(plain && static_cast<unsigned char>(c) >= 0x80)) || c == '\t';
    out += shown ? c : '?';
  }
  return out;
}

std::string Program::last_words() const {
  LastWords words = last_words_;
  words.hear(fit_for_log(unfinished_[1]));
  return words.text();
}

void Program::kill() {
  if (pid_ > 0) ::kill(-pid_, SIGKILL);  // its number is taken until it has been waited for
}

std::optional<std::string> Program::reap() {
  if (pid_ <= 0) return "gone";
  siginfo_t info{};
  if (::waitid(P_PID, static_cast<id_t>(pid_), &info, WEXITED | WNOHANG | WNOWAIT) != 0 || info.si_pid == 0) return std::nullopt;
  kill();  // what it has started
  int status = 0;
  while (::waitpid(pid_, &status, 0) < 0 && errno == EINTR) {
  }
  pid_ = -1;
  if (!WIFSIGNALED(status)) return "exit status " + std::to_string(WEXITSTATUS(status));
  const char* name = ::sigabbrev_np(WTERMSIG(status));
  return "signal " + std::to_string(WTERMSIG(status)) + (name == nullptr ? "" : std::string(" (SIG") + name + ")");
}

}  // namespace busway::plugins
