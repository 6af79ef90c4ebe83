#pragma once

#include <optional>
#include <string>

#include "bus/http_inlet.hpp"
#include "bus/registry.hpp"

namespace busway::http {

struct InletConfig {
  std::string http;  // "POST /orders"
  std::vector<std::pair<std::string, std::string>> headers{};
  std::vector<std::pair<std::string, std::string>> query{};
  std::optional<ByteSize> max_body{};
};

// A route on an http listener in HTTP's own terms: the request's body is the message, the reply is the answer.
class alignas(64) RouteInlet final : public HttpInlet {
 public:
  struct Formats {
    FormatPtr declared;  // null: by content type
    FormatPtr reply;     // what documents are answered in
    const Registry* registry = nullptr;
  };
  RouteInlet(HttpMatch match, const Route& route, Formats formats, std::uint64_t max_body, Position at);

  std::string_view protocol() const override { return "http"; }
  const Route& route() const override { return route_; }
  const Position& at() const override { return at_; }
  const HttpMatch& match() const override { return match_; }
  std::uint64_t max_body() const override { return max_body_; }
  Passing passing() const override { return passing_; }
  void leave(Footprint& footprint) const override;
  Task<void> serve(Exchange& exchange, std::span<const HttpInlet* const> same_place, HttpReply& reply) const override;
  void refuse(Exchange& exchange, const Failure& failure, HttpReply& reply) const override;
  Result<void> write_test_request(const TestRequest& request, Arena& arena, std::string& method,
                                  std::vector<std::pair<std::string, std::string>>& headers, std::string& body) const override;
  Result<Node> read_test_reply(const HttpReply& reply, Arena& arena) const override;

 private:
  void finish(Exchange& exchange, HttpReply& reply) const;
  // What each request reads stands first, together: up to match_, see leave().
  const Route& route_;
  std::uint64_t max_body_;
  Passing passing_;
  Formats formats_;
  HttpMatch match_;
  Position at_;
};

// "POST /orders" or "* /files/{rest*}" as a match. Errors: kind `config`, in words for the user.
Result<HttpMatch> read_match(std::string_view text);

}  // namespace busway::http
