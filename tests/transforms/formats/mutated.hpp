#pragma once

#include <algorithm>
#include <random>
#include <string>
#include <string_view>
#include <vector>

namespace busway {

// One to four small changes of `text`: a byte overwritten or put in, a piece removed, doubled or taken from another seed.
// `telling` are the bytes that mean something to the parser under test.
inline std::string mutated(std::string text, const std::vector<std::string>& seeds, std::string_view telling,
                           std::mt19937& random) {
  auto below = [&](std::size_t bound) { return static_cast<std::size_t>(random()) % bound; };
  for (std::size_t changes = 1 + below(4); changes > 0; --changes) {
    if (text.empty()) return text;
    std::size_t at = below(text.size());
    std::size_t size = 1 + below(std::min<std::size_t>(text.size() - at, 24));
    switch (below(5)) {
      case 0: text[at] = telling[below(telling.size())]; break;
      case 1: text.insert(at, 1, telling[below(telling.size())]); break;
      case 2: text.erase(at, size); break;
      case 3: text.insert(at, text.substr(at, size)); break;
      default: {
        const std::string& other = seeds[below(seeds.size())];
        std::size_t from = below(other.size());
        text.insert(at, other.substr(from, 1 + below(24)));
      }
    }
  }
  return text;
}

}  // namespace busway
