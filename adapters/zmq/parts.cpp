#include "adapters/zmq/parts.hpp"

#include <algorithm>

#include "bus/header_rules.hpp"

namespace busway::zmq {

namespace {

constexpr std::size_t most_header = 8 * 1024;
constexpr std::size_t most_parts = 32;
constexpr std::string_view body_name = "body";

// RFC 3629: no overlong forms, no surrogates, nothing beyond U+10FFFF.
bool is_utf8(std::string_view bytes) {
  std::size_t at = 0;
  while (at < bytes.size()) {
    auto lead = static_cast<unsigned char>(bytes[at++]);
    if (lead < 0x80) continue;
    std::size_t more = lead >= 0xF0 ? 3 : lead >= 0xE0 ? 2 : 1;
    if (lead < 0xC2 || lead > 0xF4 || bytes.size() - at < more) return false;
    auto second = static_cast<unsigned char>(bytes[at]);
    unsigned low = lead == 0xE0 ? 0xA0U : lead == 0xF0 ? 0x90U : 0x80U;
    unsigned high = lead == 0xED ? 0x9FU : lead == 0xF4 ? 0x8FU : 0xBFU;
    if (second < low || second > high) return false;
    for (std::size_t i = 1; i < more; ++i) {
      if ((static_cast<unsigned char>(bytes[at + i]) & 0xC0U) != 0x80U) return false;
    }
    at += more;
  }
  return true;
}

}  // namespace

std::optional<std::size_t> Envelope::size(std::span<const std::string_view> frames) const {
  for (std::size_t at = 0; at <= std::min(frames.size(), most); ++at) {
    if (!delimited && at == count) return at;
    if (at == frames.size() || frames[at].size() > most_bytes) return std::nullopt;
    if (delimited && frames[at].empty()) return at + 1;
  }
  return std::nullopt;
}

Parts::Parts(std::vector<std::string> names) : names_(std::move(names)) {
  body_ = static_cast<std::size_t>(std::find(names_.begin(), names_.end(), body_name) - names_.begin());
}

std::optional<Parts> Parts::read(std::vector<std::string> names, std::string_view key, const ConfigNode& node,
                                 CheckContext& check) {
  const Position& at = node.place_under(key);
  auto refuse = [&](const std::string& text) {
    check.findings.error("BW5203", at, "'" + std::string(key) + "': " + text);
    return std::nullopt;
  };
  if (names.empty()) names.emplace_back(body_name);
  if (names.size() > most_parts) return refuse("a message has at most 32 parts");
  if (std::count(names.begin(), names.end(), body_name) != 1) return refuse("one part, and one alone, is 'body'");
  for (std::size_t i = 0; i < names.size(); ++i) {
    if (!is_token(names[i]) || is_bus_header(names[i])) return refuse("'" + names[i] + "' cannot name a header");
    auto same = [&](const std::string& other) { return equal_ignoring_case(names[i], other); };
    if (std::any_of(names.begin(), names.begin() + static_cast<std::ptrdiff_t>(i), same))
      return refuse("'" + names[i] + "' is there twice");
  }
  return Parts(std::move(names));
}

bool good_part(std::string_view bytes) {
  return bytes.size() <= most_header && good_header_value(bytes) && is_utf8(bytes);
}

Result<std::string_view> Parts::read(std::span<const std::string_view> frames, Headers& headers) const {
  if (frames.size() != names_.size()) return std::unexpected(wrong_count(frames.size()));
  std::string_view body;
  for (std::size_t i = 0; i < names_.size(); ++i) {
    std::string_view bytes = frames[i];
    if (i == body_) {
      body = bytes;
    } else if (good_part(bytes)) {
      headers.add(names_[i], bytes);
    } else {
      return fail(ErrorKind::format, "part '" + names_[i] + "' is no text of at most 8 KiB in UTF-8");
    }
  }
  return body;
}

Error Parts::wrong_count(std::size_t frames) const {
  return {ErrorKind::format,
          "the message has " + std::to_string(frames) + " parts, and " + std::to_string(names_.size()) + " are declared"};
}

void Parts::write(std::string_view body, const Headers& headers, FrameList& frames) const {
  for (std::size_t i = 0; i < names_.size(); ++i) frames.push_back(i == body_ ? body : headers.value(names_[i]));
}

}  // namespace busway::zmq
