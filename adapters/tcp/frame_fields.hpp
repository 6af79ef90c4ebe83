#pragma once

#include <optional>
#include <string>

#include "adapters/tcp/framing.hpp"
#include "bus/field.hpp"

namespace busway::tcp {

// `frame:` of a listener or a service, as written: exactly one of its kinds.
struct FrameConfig {
  enum class Word { none, stx_etx, mllp, close };
  struct LengthPrefix {
    std::int64_t bytes = 2;
    Framing::Order order = Framing::Order::big;
    bool counts_itself = false;
    std::int64_t offset = 0;
  };

  Word kind = Word::none;
  std::optional<LengthPrefix> length_prefix{};
  std::optional<std::string> delimiter{};
  std::optional<std::int64_t> fixed_length{};
};
Fields<FrameConfig> frame_fields();

// The framing that `config` means, or findings at `frame:` of `node` and nothing.
std::optional<Framing> read_framing(const FrameConfig& config, ByteSize max_frame, const ConfigNode& node, CheckContext& check);

// `crlf`, `0x1c0d`, or the bytes themselves. Errors: kind `config`.
Result<std::string> read_delimiter(std::string_view text);

}  // namespace busway::tcp
