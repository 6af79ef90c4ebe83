#pragma once

#include <string>
#include <vector>

#include "bus/config_node.hpp"
#include "bus/document.hpp"

namespace busway::routes {

// One thing a test expected and did not get.
struct Difference {
  Position at;       // of what the test expects
  std::string text;  // "body /items/0/qty: expected 3, got \"3\""
};

// `whole`: the documents are equal. `subset`: members the test does not name may stand beside those it does; arrays still have as
// many items, each compared in the same way.
enum class Match { whole, subset };

// Compares a document with what a test file says of it, path by path (RFC 6901). Numbers compare as exact decimals, kinds never
// mix; an expected empty text is also met by no body at all. `what` names the document in each text ("body"). At most `most`
// differences are added.
void compare(std::string_view what, const ConfigNode& expected, const Node& actual, Match match,
             std::vector<Difference>& differences, std::size_t most = 20);

// A document or bytes on one line, cut where it grows long, for texts and stories. Bytes that are no text print in hex.
std::string shown(const Node& document);
std::string shown(std::string_view bytes);

}  // namespace busway::routes
