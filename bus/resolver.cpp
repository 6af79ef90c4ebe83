#include "bus/resolver.hpp"

#include <netdb.h>

#include <cstring>
#include <deque>
#include <map>
#include <thread>

#include "bus/mutex.hpp"

namespace busway {

namespace {

constexpr std::chrono::seconds keep{5};
constexpr std::size_t most_kept = 10'000;

// Blocks. Empty: found.
std::string look_up(const std::string& host, std::vector<Address>& found) {
  addrinfo hints{};
  hints.ai_family = AF_UNSPEC;
  hints.ai_socktype = SOCK_STREAM;
  hints.ai_flags = AI_ADDRCONFIG;
  addrinfo* list = nullptr;
  if (int error = getaddrinfo(host.c_str(), nullptr, &hints, &list); error != 0) return gai_strerror(error);
  for (addrinfo* at = list; at != nullptr; at = at->ai_next) {
    Address address;
    std::memcpy(&address.storage, at->ai_addr, at->ai_addrlen);
    address.size = at->ai_addrlen;
    found.push_back(address);
  }
  freeaddrinfo(list);
  return {};
}

void answer(std::shared_ptr<Lookup> lookup, std::vector<Address> found, std::string problem) {
  std::shared_ptr<Worker::Mailbox> mailbox = lookup->mailbox;
  mailbox->post([lookup = std::move(lookup), found = std::move(found), problem = std::move(problem)]() mutable {
    lookup->found = std::move(found);
    lookup->problem = std::move(problem);
    lookup->done = true;
    lookup->gate.open();
  });
}

}  // namespace

// What the threads share. Whoever asks is held weakly: a name that hangs does not keep those whose time is up.
class Resolver::Names : public std::enable_shared_from_this<Names> {
 public:
  bool known(const std::string& host, std::vector<Address>& out) {
    Lock lock(lock_);
    auto at = kept_.find(host);
    if (at == kept_.end() || at->second.until < Clock::now()) return false;
    out = at->second.addresses;
    return true;
  }

  bool ask(const std::shared_ptr<Lookup>& lookup) {
    Lock lock(lock_);
    auto [at, is_new] = waiting_.try_emplace(lookup->host);
    std::vector<std::weak_ptr<Lookup>>& waiting = at->second;
    if (waiting.size() >= most_waiting) std::erase_if(waiting, [](const auto& one) { return one.expired(); });
    if (waiting.size() >= most_waiting) return false;
    waiting.push_back(lookup);
    if (!is_new) return true;
    queue_.push_back(lookup->host);
    if (queue_.size() > idle_ && threads_.size() < most_threads) {
      threads_.push_back({});
      std::size_t index = threads_.size() - 1;
      threads_[index].thread = std::thread([names = shared_from_this(), index] { names->work(index); });
    }
    wake_.notify_one();
    return true;
  }

  void stop() {
    std::vector<std::thread> idle;
    {
      Lock lock(lock_);
      stop_ = true;
      for (Thread& one : threads_) {
        if (one.busy) {
          one.thread.detach();
        } else {
          idle.push_back(std::move(one.thread));
        }
      }
    }
    wake_.notify_all();
    for (std::thread& thread : idle) thread.join();
  }

 private:
  struct Thread {
    std::thread thread;
    bool busy = false;
  };
  struct Kept {
    std::vector<Address> addresses;
    TimePoint until{};
  };

  void work(std::size_t index) {
    Lock lock(lock_);
    while (true) {
      ++idle_;
      while (!stop_ && queue_.empty()) lock.wait(wake_);
      --idle_;
      if (stop_) return;
      std::string host = std::move(queue_.front());
      queue_.pop_front();
      threads_[index].busy = true;
      lock.unlock();
      std::vector<Address> found;
      std::string problem = look_up(host, found);
      lock.lock();
      if (stop_) return;
      threads_[index].busy = false;
      if (problem.empty()) {
        if (kept_.size() > most_kept) kept_.clear();
        kept_[host] = {found, Clock::now() + keep};
      }
      for (const std::weak_ptr<Lookup>& one : waiting_[host]) {
        if (std::shared_ptr<Lookup> lookup = one.lock()) answer(std::move(lookup), found, problem);
      }
      waiting_.erase(host);
    }
  }

  Mutex lock_;
  std::condition_variable_any wake_;
  std::deque<std::string> queue_ BUSWAY_GUARDED_BY(lock_);
  std::map<std::string, std::vector<std::weak_ptr<Lookup>>> waiting_ BUSWAY_GUARDED_BY(lock_);
  std::map<std::string, Kept> kept_ BUSWAY_GUARDED_BY(lock_);
  std::vector<Thread> threads_ BUSWAY_GUARDED_BY(lock_);
  std::size_t idle_ BUSWAY_GUARDED_BY(lock_) = 0;
  bool stop_ BUSWAY_GUARDED_BY(lock_) = false;
};

Resolver::Resolver() : names_(std::make_shared<Names>()) {}
Resolver::~Resolver() {
  names_->stop();
}
bool Resolver::known(const std::string& host, std::vector<Address>& out) {
  return names_->known(host, out);
}
bool Resolver::ask(const std::shared_ptr<Lookup>& lookup) {
  return names_->ask(lookup);
}

Resolver& resolver() {
  static Resolver one;
  return one;
}

}  // namespace busway
