#include "bus/cli/peak_memory.hpp"

#include <malloc.h>
#include <unistd.h>

#include <algorithm>
#include <cstdio>

namespace busway::cli {

namespace {

constexpr std::size_t mebibyte = 1024 * 1024;
constexpr std::size_t worth_a_look = 4 * mebibyte;

// Resident memory without the pages of files (proc(5), statm); 0 when the system does not tell.
std::size_t anonymous_bytes() {
  std::FILE* file = std::fopen("/proc/self/statm", "re");
  if (file == nullptr) return 0;
  std::size_t resident = 0;
  std::size_t shared = 0;
  int read = std::fscanf(file, "%*u %zu %zu", &resident, &shared);
  std::fclose(file);
  return read != 2 || resident < shared ? 0 : (resident - shared) * static_cast<std::size_t>(sysconf(_SC_PAGESIZE));
}

}  // namespace

PeakMemory::PeakMemory() : least_(anonymous_bytes()), last_(least_) {
  // The allocator would let these grow with the largest block it has seen freed, up to 64 MiB a thread.
  mallopt(M_MMAP_THRESHOLD, static_cast<int>(4 * mebibyte));
  mallopt(M_TRIM_THRESHOLD, static_cast<int>(8 * mebibyte));
}

void PeakMemory::look() {
  std::size_t now = anonymous_bytes();
  bool grows = now > last_;
  if (!grows && now > least_ + worth_a_look) {
    malloc_trim(0);
    least_ = now = anonymous_bytes();
  }
  least_ = std::min(least_, now);
  last_ = now;
}

}  // namespace busway::cli
