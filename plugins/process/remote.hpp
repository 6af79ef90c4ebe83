#pragma once

#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "adapters/curve/doorkeeper.hpp"
#include "bus/field.hpp"
#include "plugins/process/router.hpp"

namespace busway::plugins {

// `curve:` of `remote:`, with the words that the zmq adapter has for a side that listens.
struct RemoteCurve {
  Secret secret_key{};
  std::vector<std::string> clients{};
};

// `remote:` of a manifest: the plugin runs elsewhere and connects. Secrets are as they are written; RemoteDoor reads them.
struct RemoteConfig {
  std::string listen{};
  std::optional<RemoteCurve> curve{};
  Secret cookie{};
};
Fields<RemoteConfig> remote_fields();

// Whether nobody gets in who should not: CURVE with a list of keys, or a cookie where no other machine can reach it. False after
// findings (BW7106).
bool check_remote(const RemoteConfig& config, const ConfigNode& node, CheckContext& check);

// Where one remote plugin comes in: an address, and who may. The library's threads are its own, so that strangers at one door
// cost no other plugin's messages their time. The supervisor's thread.
class RemoteDoor {
 public:
  RemoteDoor(RemoteConfig config, const std::string& plugin);
  ~RemoteDoor();
  RemoteDoor(const RemoteDoor&) = delete;
  RemoteDoor& operator=(const RemoteDoor&) = delete;

  // A socket for the next conversation, which ends the connections of the one before. The port of the first one stays.
  // Errors: kind `config`.
  Result<std::unique_ptr<Router>> open(std::size_t most_frame);
  // "tcp://127.0.0.1:40411", once it has been open.
  const std::string& address() const { return address_; }
  // What `hello` must bear; empty: nothing, the key is enough. Errors: kind `config`.
  Result<std::string> cookie() const;

 private:
  Result<void> guard();
  Result<void> prepare(void* socket, const std::string& secret_key) const;

  const RemoteConfig config_;
  const std::string list_;  // the doorkeeper's name for those who may
  std::string address_;
  RouterContext context_;
  std::unique_ptr<curve::Doorkeeper> keeper_;
};

}  // namespace busway::plugins
