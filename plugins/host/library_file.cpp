#include <elf.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <bit>
#include <cerrno>
#include <cstring>
#include <filesystem>

#include "plugins/host/library.hpp"

namespace busway::plugins {

namespace fs = std::filesystem;

namespace {

constexpr std::size_t most_libraries = 64;
constexpr off_t most_bytes = 256L * 1024 * 1024;

std::unexpected<Error> refuse(std::string text, std::string code = "BW7001") {
  return fail(ErrorKind::config, std::move(text), std::move(code));
}

class OpenFile {
 public:
  explicit OpenFile(const std::string& path) : fd_(::open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK)) {}
  OpenFile(const OpenFile&) = delete;
  OpenFile& operator=(const OpenFile&) = delete;
  ~OpenFile() {
    if (fd_ >= 0) ::close(fd_);
  }
  int fd() const { return fd_; }

 private:
  int fd_;
};

// The machine this program was built for, as the linker notes it in our own file.
const Elf64_Ehdr* own_head() {
  static const Elf64_Ehdr head = [] {
    Elf64_Ehdr read{};
    OpenFile self("/proc/self/exe");
    if (self.fd() < 0 || ::pread(self.fd(), &read, sizeof read, 0) != static_cast<ssize_t>(sizeof read)) read = {};
    return read;
  }();
  return &head;
}

// A library that was copied in part would end the process that maps it.
bool holds_segments(int fd, const Elf64_Ehdr& head, off_t size) {
  constexpr Elf64_Half most = 128;
  if (head.e_phnum > most || head.e_phentsize != sizeof(Elf64_Phdr)) return false;
  for (Elf64_Half i = 0; i < head.e_phnum; ++i) {
    Elf64_Phdr segment{};
    auto at = static_cast<off_t>(head.e_phoff + i * sizeof segment);
    if (at < 0 || ::pread(fd, &segment, sizeof segment, at) != static_cast<ssize_t>(sizeof segment)) return false;
    auto room = static_cast<Elf64_Off>(size);
    if (segment.p_type == PT_LOAD && (segment.p_filesz > room || segment.p_offset > room - segment.p_filesz)) return false;
  }
  return true;
}

Result<void> look_at_head(int fd, off_t size) {
  Elf64_Ehdr head{};
  ssize_t got = ::pread(fd, &head, sizeof head, 0);
  if (got < SELFMAG || std::memcmp(head.e_ident, ELFMAG, SELFMAG) != 0)
    return refuse("is no shared library: it does not begin like one (ELF). A plugin is what a compiler makes with -shared");
  if (got != static_cast<ssize_t>(sizeof head)) return refuse("is cut off: there is no whole ELF head in it");
  const Elf64_Ehdr* ours = own_head();
  bool same = head.e_ident[EI_CLASS] == ours->e_ident[EI_CLASS] && head.e_ident[EI_DATA] == ours->e_ident[EI_DATA] &&
              head.e_machine == ours->e_machine;
  if (!same) return refuse("is built for another machine than this busway: build it for this one");
  if (head.e_type != ET_DYN) return refuse("is an object file or a program, no shared library: link it with -shared");
  if (!holds_segments(fd, head, size)) return refuse("is cut off: it ends before what its head tells of; copy it anew");
  return {};
}

}  // namespace

Result<std::vector<LibraryFile>> libraries_in(const std::string& directory, const std::string& prefix) {
  std::vector<LibraryFile> out;
  std::error_code error;
  if ((fs::status(directory, error).permissions() & fs::perms::others_write) != fs::perms::none && fs::exists(directory, error)) {
    return refuse("can be written to by every user of this machine, and what lies in it runs inside the bus: chmod o-w it",
                  "BW7002");
  }
  fs::directory_iterator at(directory, error);
  if (error == std::errc::no_such_file_or_directory || error == std::errc::not_a_directory) return out;
  for (; !error && at != fs::directory_iterator(); at.increment(error)) {
    std::string name = at->path().filename().string();
    if (!name.starts_with('.') && name.ends_with(".so")) out.push_back({at->path().string(), prefix + name});
  }
  if (error) return refuse("cannot be listed: " + error.message());
  if (out.size() > most_libraries)
    return refuse("holds " + std::to_string(out.size()) + " libraries; " + std::to_string(most_libraries) + " are the most");
  std::sort(out.begin(), out.end(), [](const LibraryFile& a, const LibraryFile& b) { return a.path < b.path; });
  return out;
}

Result<void> look_at_library(const LibraryFile& file) {
  std::error_code error;
  fs::path real = fs::canonical(file.path, error);
  if (error) return refuse("cannot be opened: " + error.message());
  fs::path folder = fs::canonical(fs::path(file.path).parent_path(), error);
  if (error || real.parent_path() != folder) return refuse("is a link that leads out of its directory: copy the library there");
  OpenFile open(real.string());
  if (open.fd() < 0) return refuse(std::string("cannot be opened: ") + std::strerror(errno));
  struct stat about{};
  if (::fstat(open.fd(), &about) != 0) return refuse(std::string("cannot be looked at: ") + std::strerror(errno));
  if (!S_ISREG(about.st_mode)) return refuse("is not a file");
  if (about.st_size > most_bytes) return refuse("is larger than 256MiB");
  if ((about.st_mode & S_IWOTH) != 0) {
    return refuse("can be changed by every user of this machine, and what it holds runs inside the bus: chmod o-w it", "BW7002");
  }
  if (auto head = look_at_head(open.fd(), about.st_size); !head) return head;
  return look_at_pin(real.string(), file.pin);
}

}  // namespace busway::plugins
