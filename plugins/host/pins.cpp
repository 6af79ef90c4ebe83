#include "plugins/host/pins.hpp"

#include <Poco/SHA2Engine.h>

#include <algorithm>
#include <fstream>
#include <vector>

namespace busway::plugins {

Result<void> look_at_pin(const std::string& path, const Pin& pin) {
  if (pin.sha256.empty()) return {};
  auto refuse = [](std::string text) { return fail(ErrorKind::config, std::move(text), "BW7011"); };
  std::ifstream in(path, std::ios::binary);
  if (!in) return refuse("cannot be opened, and its SHA-256 is required");
  Poco::SHA2Engine engine(Poco::SHA2Engine::SHA_256);
  std::vector<char> piece(64UL * 1024);
  while (in.read(piece.data(), static_cast<std::streamsize>(piece.size())) || in.gcount() > 0)
    engine.update(piece.data(), static_cast<std::size_t>(in.gcount()));
  if (in.bad()) return refuse("cannot be read to its end, and its SHA-256 is required");
  std::string found = Poco::DigestEngine::digestToHex(engine.digest());
  std::string wanted = pin.sha256;
  std::transform(wanted.begin(), wanted.end(), wanted.begin(),
                 [](char c) { return c >= 'A' && c <= 'F' ? static_cast<char>(c | 0x20) : c; });
  if (found == wanted) return {};
  return refuse("is not the one that is required: its SHA-256 is " + found + ", and " + pin.at.text() + " requires " +
                wanted.substr(0, 64) + ". Put the required one there, or, when this one is right, write its hash");
}

}  // namespace busway::plugins
