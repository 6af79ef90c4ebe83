#include "adapters/http/answer.hpp"

#include "adapters/http/grammar.hpp"

namespace busway::http {

namespace {

constexpr int most_interim = 8;

std::unexpected<Error> garbage(std::string_view reason) {
  return fail(ErrorKind::garbage, "reading the answer: " + std::string(reason));
}

}  // namespace

AnswerReader::AnswerReader(bool head_request, std::uint64_t max_body, Arena& arena, std::uint64_t streams_beyond)
    : head_request_(head_request),
      max_body_(max_body),
      streams_beyond_(streams_beyond),
      scanner_(HeadScanner::Side::response),
      response_(arena) {}

std::span<char> AnswerReader::room() {
  return body_ ? body_->room() : input_.head_room();
}

Result<void> AnswerReader::took(std::size_t bytes) {
  if (body_) {
    body_->took(bytes);
  } else {
    input_.grew(bytes);
    while (!body_ && scanner_.scan(input_.view())) {
      if (auto read = read_head(); !read) return read;
    }
    if (Refusal refusal = scanner_.refusal()) return garbage(refusal.reason);
  }
  if (body_) {
    if (Refusal refusal = body_->refusal())
      return garbage(refusal.status == 413 ? "it is larger than max_answer" : refusal.reason);
  }
  return {};
}

Result<void> AnswerReader::read_head() {
  static thread_local ResponseHead head;  // only its views are kept
  if (Refusal refusal = head.read(input_.view().substr(scanner_.begin(), scanner_.end() - scanner_.begin()), head_request_))
    return garbage(refusal.reason);
  if (head.status < 200) {
    if (head.status == 101) return garbage("it switches protocols, which nobody asked for");
    if (++interim_ > most_interim) return garbage("too many interim answers");
    input_.drop_front(scanner_.end());
    scanner_.reset();
    return {};
  }
  response_.status = head.status;
  persistent_ = head.persistent() && head.framing.kind != Framing::Kind::until_close;
  for (const FieldLine& field : head.fields) {
    if (field.hop_by_hop || field.known == Known::busway) continue;
    response_.headers.add(received(field));
    if (field.known == Known::content_type) response_.content_type = field.value;
    if (field.known == Known::retry_after) {
      if (auto seconds = read_decimal(field.value); seconds && *seconds <= 86'400)
        response_.retry_after_s = static_cast<int>(*seconds);
    }
  }
  body_.emplace(head.framing, max_body_, input_, scanner_.end(), streams_beyond_);
  return {};
}

bool AnswerReader::ended() {
  if (!body_) return false;
  body_->ended();
  return body_->whole();
}

bool AnswerReader::reusable() const {
  return persistent_ && body_ && body_->whole() && body_->next() == input_.size();
}

Response AnswerReader::take(Exchange& exchange) {
  response_.body = body_->body();
  if (Buffer spilled = body_->take_spilled(); !spilled.empty()) keep(exchange, std::move(spilled));
  keep(exchange, std::move(input_));
  return std::move(response_);
}

Response AnswerReader::take_beginning(Exchange& exchange, std::optional<Rest>& rest) {
  response_.body = body_->body();
  rest.emplace(Rest{.flow = body_->flow(), .length = body_->length(), .first = body_->take_spilled(), .persistent = persistent_});
  keep(exchange, std::move(input_));
  return std::move(response_);
}

}  // namespace busway::http
