#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "bus/check_context.hpp"
#include "bus/socket.hpp"

namespace busway::zmq {

// Where a socket listens or connects, as ZeroMQ writes it: "tcp://HOST:PORT" or "ipc://PATH".
struct ZmqAddress {
  std::string text;
  std::optional<HostPort> host_port;  // of tcp; while the text holds a reference there is none

  // Needs no look-up.
  bool numeric() const;
  bool ipv4() const;  // written as such, or `*`
};

enum class AddressUse : std::uint8_t { listen, connect };
// To listen, the host may be `*` for every address and the port `*` or 0 for a free one. Errors: kind `config`, for the user.
Result<ZmqAddress> read_address(std::string_view text, AddressUse use);

// The address, or a finding (BW5201) at `at`.
std::optional<ZmqAddress> check_address(const std::string& text, AddressUse use, const Position& at, CheckContext& check);

}  // namespace busway::zmq
