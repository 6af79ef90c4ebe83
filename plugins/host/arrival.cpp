#include "plugins/host/arrival.hpp"

#include "plugins/host/sized.hpp"

namespace busway::plugins {

namespace {

// Puts texts one behind the other into a block whose size is known, so that it never moves.
class Packing {
 public:
  Packing(std::string& block, std::size_t size) : block_(block) { block_.reserve(size); }
  std::string_view put(std::string_view text) {
    std::size_t at = block_.size();
    block_ += text;
    return {block_.data() + at, text.size()};
  }

 private:
  std::string& block_;
};

}  // namespace

Arrival::Arrival(const busway_incoming& message) : user(message.user), route(message.route), deadline_ms(message.deadline_ms) {
  const std::pair<busway_text, std::string_view*> texts[] = {{message.bytes, &bytes},   {message.content_type, &content_type},
                                                             {message.peer, &peer},     {message.method, &method},
                                                             {message.target, &target}, {message.operation, &operation}};
  std::size_t size = 0;
  for (const auto& [text, to] : texts) size += view(text).size();
  for (std::size_t i = 0; i < message.header_count; ++i)
    size += view(message.headers[i].name).size() + view(message.headers[i].value).size();
  Packing packing(block_, size);
  for (const auto& [text, to] : texts) *to = packing.put(view(text));
  headers.reserve(message.header_count);
  for (std::size_t i = 0; i < message.header_count; ++i) {
    std::string_view name = packing.put(view(message.headers[i].name));
    headers.emplace_back(name, packing.put(view(message.headers[i].value)));
  }
}

Arrival::Arrival(std::string_view body, std::optional<Node> given,
                 const std::vector<std::pair<std::string, std::string>>& test_headers)
    : root(given) {
  std::size_t size = body.size();
  for (const auto& [name, value] : test_headers) size += name.size() + value.size();
  Packing packing(block_, size);
  bytes = packing.put(body);
  peer = "test";
  for (const auto& [name, value] : test_headers) {
    std::string_view kept = packing.put(name);
    headers.emplace_back(kept, packing.put(value));
  }
}

}  // namespace busway::plugins
