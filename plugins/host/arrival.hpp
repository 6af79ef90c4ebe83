#pragma once

#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "plugins/host/handles.hpp"

namespace busway::plugins {

// A message that a plugin has emitted, copied out of its memory. An exchange keeps it, and borrows from it.
struct Arrival {
  // Everything but the document; texts and fields point into one block.
  explicit Arrival(const busway_incoming& message);
  // As a test gives it.
  Arrival(std::string_view bytes, std::optional<Node> document,
          const std::vector<std::pair<std::string, std::string>>& test_headers);
  Arrival(const Arrival&) = delete;
  Arrival& operator=(const Arrival&) = delete;

  std::string_view bytes;
  std::string_view content_type;
  std::string_view peer;
  std::string_view method;
  std::string_view target;
  std::string_view operation;
  std::vector<std::pair<std::string_view, std::string_view>> headers;
  std::unique_ptr<busway_document> document;
  std::optional<Node> root;  // of a document
  void* user = nullptr;
  std::size_t route = 0;
  std::int64_t deadline_ms = 0;

 private:
  std::string block_;
};

}  // namespace busway::plugins
