#include "plugins/host/child.hpp"

#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstdint>
#include <cstring>
#include <utility>

namespace busway::plugins {

namespace {

using SteadyClock = std::chrono::steady_clock;

constexpr int answer_fd = 3;
constexpr std::size_t most_said = 4096;

class Pipe {
 public:
  Pipe() { open_ = ::pipe2(ends_, O_CLOEXEC) == 0; }
  Pipe(const Pipe&) = delete;
  Pipe& operator=(const Pipe&) = delete;
  ~Pipe() {
    close_end(0);
    close_end(1);
  }
  bool open() const { return open_; }
  int read_end() const { return ends_[0]; }
  int write_end() const { return ends_[1]; }
  void close_end(int which) {
    if (open_ && ends_[which] >= 0) ::close(std::exchange(ends_[which], -1));
  }

 private:
  int ends_[2] = {-1, -1};
  bool open_ = false;
};

void limit(int what, rlim_t value) {
  rlimit limits{value, value};
  ::setrlimit(static_cast<__rlimit_resource_t>(what), &limits);
}

// The child's own part; never returns.
[[noreturn]] void be_child(const std::function<std::string()>& work, int answer, int said, pid_t parent,
                           const ChildLimits& limits) {
  ::setpgid(0, 0);
  ::prctl(PR_SET_PDEATHSIG, SIGKILL);
  if (::getppid() != parent) ::_exit(1);
  for (int signal : {SIGSEGV, SIGBUS, SIGABRT, SIGILL, SIGFPE, SIGTERM, SIGINT, SIGPIPE, SIGXCPU}) ::signal(signal, SIG_DFL);
  sigset_t none;
  sigemptyset(&none);
  ::sigprocmask(SIG_SETMASK, &none, nullptr);
  int nowhere = ::open("/dev/null", O_RDWR | O_CLOEXEC);
  // Out of the way of what they become.
  int high_answer = ::fcntl(answer, F_DUPFD, 10);
  int high_said = ::fcntl(said, F_DUPFD, 10);
  if (nowhere < 0 || high_answer < 0 || high_said < 0) ::_exit(1);
  ::dup2(nowhere, STDIN_FILENO);
  ::dup2(nowhere, STDOUT_FILENO);
  ::dup2(high_said, STDERR_FILENO);
  ::dup2(high_answer, answer_fd);
  ::syscall(SYS_close_range, answer_fd + 1, ~0U, 0);
  auto seconds = static_cast<rlim_t>(std::chrono::ceil<std::chrono::seconds>(limits.time).count());
  limit(RLIMIT_CORE, 0);
  limit(RLIMIT_CPU, seconds + 1);
  limit(RLIMIT_NOFILE, 64);
  limit(RLIMIT_FSIZE, 0);
#if !defined(__SANITIZE_ADDRESS__) && !defined(__SANITIZE_THREAD__)
  limit(RLIMIT_AS, 4UL << 30);
#endif
  std::string text = work();
  std::uint64_t size = text.size();
  text.insert(0, reinterpret_cast<const char*>(&size), sizeof size);
  for (std::string_view left = text; !left.empty();) {
    ssize_t written = ::write(answer_fd, left.data(), left.size());
    if (written < 0 && errno == EINTR) continue;
    if (written <= 0) ::_exit(1);
    left.remove_prefix(static_cast<std::size_t>(written));
  }
  ::_exit(0);
}

// Takes what is there; false at the end.
bool take(int fd, std::string& into, std::size_t most) {
  char buffer[4096];
  ssize_t got = ::read(fd, buffer, sizeof buffer);
  if (got < 0) return errno == EINTR || errno == EAGAIN;
  if (into.size() < most) into.append(buffer, std::min(static_cast<std::size_t>(got), most - into.size()));
  return got != 0;
}

int milliseconds_until(SteadyClock::time_point deadline) {
  auto left = std::chrono::ceil<std::chrono::milliseconds>(deadline - SteadyClock::now()).count();
  return static_cast<int>(std::max<std::int64_t>(left, 0));
}

// Reads both pipes until the answer's ends, then waits for the child's own end. False when the time is up first.
bool listen_to(pid_t child, int answer, int said, SteadyClock::time_point deadline, std::size_t most, std::string& bytes,
               std::string& words) {
  pollfd waits[2] = {{answer, POLLIN, 0}, {said, POLLIN, 0}};
  while (waits[0].fd >= 0) {
    int ready = ::poll(waits, 2, milliseconds_until(deadline));
    if (ready < 0 && errno == EINTR) continue;
    if (ready <= 0) return false;
    if (waits[0].revents != 0 && !take(answer, bytes, most)) waits[0].fd = -1;
    if (waits[1].revents != 0 && !take(said, words, most_said)) waits[1].fd = -1;
  }
  int ended = static_cast<int>(::syscall(SYS_pidfd_open, child, 0));
  if (ended < 0) return true;  // an old kernel: the caller waits
  pollfd wait{ended, POLLIN, 0};
  int ready = 0;
  do {
    ready = ::poll(&wait, 1, milliseconds_until(deadline));
  } while (ready < 0 && errno == EINTR);
  ::close(ended);
  ::fcntl(said, F_SETFL, O_NONBLOCK);
  for (int i = 0; waits[1].fd >= 0 && i < 16 && take(said, words, most_said) && errno != EAGAIN; ++i) {
  }
  return ready > 0;
}

std::string last_line(std::string_view words) {
  while (words.ends_with('\n')) words.remove_suffix(1);
  words.remove_prefix(words.rfind('\n') + 1);
  std::string out;
  for (char c : words.substr(0, 200)) out += c >= ' ' && c <= '~' ? c : '?';
  return out;
}

}  // namespace

Result<ChildEnd> in_child(const std::function<std::string()>& work, const ChildLimits& limits) {
  Pipe answer;
  Pipe said;
  pid_t parent = ::getpid();
  auto deadline = SteadyClock::now() + limits.time;
  pid_t child = answer.open() && said.open() ? ::fork() : -1;
  if (child < 0) return fail(ErrorKind::config, std::string("making a process of its own for it: ") + std::strerror(errno));
  if (child == 0) be_child(work, answer.write_end(), said.write_end(), parent, limits);
  ::setpgid(child, child);  // whoever of the two comes first
  answer.close_end(1);
  said.close_end(1);
  std::string bytes;
  std::string words;
  std::uint64_t size = 0;
  bool in_time = listen_to(child, answer.read_end(), said.read_end(), deadline, limits.answer + sizeof size, bytes, words);
  if (!in_time) ::kill(child, SIGKILL);
  siginfo_t info{};
  while (::waitid(P_PID, static_cast<id_t>(child), &info, WEXITED | WNOWAIT) < 0 && errno == EINTR) {
  }
  ::kill(-child, SIGKILL);  // what it has started; its number is taken until it has been waited for
  int status = 0;
  while (::waitpid(child, &status, 0) < 0 && errno == EINTR) {
  }

  ChildEnd end;
  end.said = last_line(words);
  if (!in_time) {
    end.how = ChildEnd::How::timed_out;
  } else if (WIFSIGNALED(status)) {
    end.how = WTERMSIG(status) == SIGXCPU ? ChildEnd::How::timed_out : ChildEnd::How::crashed;
    end.detail = WTERMSIG(status);
  } else {
    end.detail = WEXITSTATUS(status);
    if (bytes.size() >= sizeof size) std::memcpy(&size, bytes.data(), sizeof size);
    if (end.detail == 0 && bytes.size() >= sizeof size && bytes.size() - sizeof size == size) {
      end.how = ChildEnd::How::answered;
      end.answer = bytes.substr(sizeof size);
    }
  }
  return end;
}

std::string text_of(const ChildEnd& end, const ChildLimits& limits) {
  std::string out;
  switch (end.how) {
    case ChildEnd::How::answered: return "answered";
    case ChildEnd::How::timed_out: out = "no answer within " + std::to_string(limits.time.count() / 1000) + "s"; break;
    case ChildEnd::How::crashed: {
      const char* name = ::sigabbrev_np(end.detail);
      out = "signal " + std::to_string(end.detail) + (name == nullptr ? "" : std::string(" (SIG") + name + ")");
      break;
    }
    case ChildEnd::How::exited: out = "exit status " + std::to_string(end.detail); break;
  }
  return end.said.empty() ? out : out + "; it said: " + end.said;
}

}  // namespace busway::plugins
