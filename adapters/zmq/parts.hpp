#pragma once

#include <array>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "bus/check_context.hpp"
#include "bus/headers.hpp"

namespace busway::zmq {

// How many frames in front of a message are the way back to its sender, and not the message: what proxies and sockets on the way
// have put there. They go back in front of the answer as they came.
struct Envelope {
  // Up to and with the first empty frame, as REQ and REP have it; else the first `count`.
  bool delimited = true;
  std::size_t count = 0;

  static constexpr std::size_t most = 16;         // frames
  static constexpr std::size_t most_bytes = 255;  // of one of them
  // How many of the frames it takes; nothing when the message has none, or a larger one.
  std::optional<std::size_t> size(std::span<const std::string_view> frames) const;
};

// The frames of a message that is to be sent, in order.
class FrameList {
 public:
  static constexpr std::size_t most = 64;
  void clear() { size_ = 0; }
  void push_back(std::string_view frame) { frames_[size_++] = frame; }
  std::span<std::string_view> all() { return {frames_.data(), size_}; }

 private:
  std::array<std::string_view, most> frames_;
  std::size_t size_ = 0;
};

// What the frames of a message mean: `body` is the body, every other name is a header that has the frame's bytes as its value.
// Immutable.
class Parts {
 public:
  explicit Parts(std::vector<std::string> names);
  // The names as they stand under `key`, none for the body alone, or findings (BW5203) and nothing.
  static std::optional<Parts> read(std::vector<std::string> names, std::string_view key, const ConfigNode& node,
                                   CheckContext& check);

  std::size_t count() const { return names_.size(); }
  bool has_headers() const { return names_.size() > 1; }
  const std::vector<std::string>& names() const { return names_; }

  // Frames to a message: its headers are added to `headers`, the body is returned. Errors: kind `format`, another number of
  // frames or bytes that cannot be a header's.
  Result<std::string_view> read(std::span<const std::string_view> frames, Headers& headers) const;
  // Why a message of so many frames is none of these.
  Error wrong_count(std::size_t frames) const;
  // ... and back, behind what is in `frames` already. What has no value is an empty frame.
  void write(std::string_view body, const Headers& headers, FrameList& frames) const;

 private:
  std::vector<std::string> names_;
  std::size_t body_ = 0;
};

// A frame that may be a header: text in UTF-8 without control characters, up to 8 KiB.
bool good_part(std::string_view bytes);

}  // namespace busway::zmq
