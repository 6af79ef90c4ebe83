// Stands before getaddrinfo (LD_PRELOAD) for the tests of names that hang or do not exist: no test asks a real name server.
#include <dlfcn.h>
#include <netdb.h>
#include <unistd.h>

#include <cstring>

extern "C" int getaddrinfo(const char* name, const char* service, const addrinfo* hints, addrinfo** found) {
  using Function = int (*)(const char*, const char*, const addrinfo*, addrinfo**);
  static const auto real = reinterpret_cast<Function>(dlsym(RTLD_NEXT, "getaddrinfo"));
  if (name != nullptr && std::strncmp(name, "hangs", 5) == 0) {
    sleep(25);
    return EAI_AGAIN;
  }
  if (name != nullptr && std::strncmp(name, "nowhere", 7) == 0) return EAI_NONAME;
  if (name != nullptr && std::strncmp(name, "here", 4) == 0) name = "127.0.0.1";
  return real(name, service, hints, found);
}
