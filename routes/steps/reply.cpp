#include <charconv>

#include "bus/registry.hpp"
#include "bus/step.hpp"
#include "routes/steps/builtin.hpp"
#include "routes/steps/computed_text.hpp"
#include "routes/steps/header_fields.hpp"
#include "routes/steps/set_headers.hpp"

namespace busway::routes {

namespace {

struct ReplyConfig {
  TextRef status;
  ExpressionRef body;
  ConfigNode headers;
  TextRef content_type;
};

Fields<ReplyConfig> reply_fields() {
  return {
      {"status", &ReplyConfig::status,
       "The status, 200 to 599; without it, the backend's while the body is still its bytes, else 200."},
      {"body", &ReplyConfig::body, "What is answered; without it, the message as it stands."},
      {"headers", &ReplyConfig::headers, "Header fields of the reply."},
      {"content_type", &ReplyConfig::content_type, "The content type; without it, the format of the route's 'from' decides."}};
}

std::optional<int> read_status(std::string_view text) {
  int status = 0;
  auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), status);
  if (error != std::errc() || end != text.data() + text.size() || status < 200 || status > 599) return std::nullopt;
  return status;
}

class ReplyStep final : public Step {
 public:
  ReplyStep(ReplyConfig config, SetHeaders headers, const Registry& registry)
      : config_(std::move(config)), headers_(std::move(headers)), registry_(registry) {
    if (!config_.status.computed) status_ = read_status(config_.status.text).value_or(0);
    if (!config_.content_type.computed) format_ = registry_.format_for(config_.content_type.text);
  }

  bool ends_route() const override { return true; }
  bool touches_body() const override { return static_cast<bool>(config_.body); }
  void follow(MessageTrail& trail) const override {
    trail.read_by(config_.body);
    trail.read_by(config_.status.computed);
    // What a status of 400 and more comes with is another message, and without a body some have none.
    bool answers = !config_.status.computed && status_ < 400;
    bool may_be_none = !config_.body && (status_ == 202 || status_ == 204 || status_ == 205 || status_ == 304);
    if (answers && !may_be_none) trail.send(config_.body, trail.reply);
    trail.forget();
  }

  Flow run(Exchange& exchange) const override {
    auto done = apply(exchange);
    if (done) return Flow::replied;
    exchange.fail(done.error());
    return Flow::failed;
  }

 private:
  // Everything is computed over the message as it stands, then the reply is set.
  Result<void> apply(Exchange& exchange) const {
    int status = status_;
    if (config_.status.computed) {
      auto text = text_of(config_.status, exchange);
      if (!text) return text.error().while_doing("computing the status");
      auto number = read_status(*text);
      if (!number)
        return fail(ErrorKind::mapping,
                    "the status computed at " + config_.status.computed.at.text() + " is not a number from 200 to 599");
      status = *number;
    }
    auto type = text_of(config_.content_type, exchange);
    if (!type) return type.error().while_doing("computing the content type");
    if (!good_header_value(*type)) return fail(ErrorKind::mapping, "the content type holds a line break or a control character");
    Node body;
    if (config_.body) {
      auto result = value_of(config_.body, exchange);
      if (!result) return std::unexpected(result.error());
      if (result->is_nothing())
        return fail(ErrorKind::mapping, "the reply's body at " + config_.body.at.text() + " gives nothing");
      body = *result;
    }
    Headers fields(exchange.arena());
    if (auto set = headers_.apply(exchange, fields); !set) return std::unexpected(set.error());

    Message& message = exchange.message();
    if (config_.body) message.replace(body);
    for (const Header& field : fields.all()) message.headers.set(field.name, field.value);
    exchange.reply_status = status;
    exchange.reply_content_type = *type;
    FormatPtr format = config_.content_type.computed ? registry_.format_for(*type) : format_;
    exchange.reply_format = format.get();
    return {};
  }

  ReplyConfig config_;
  SetHeaders headers_;
  const Registry& registry_;
  int status_ = 0;
  FormatPtr format_;
};

std::unique_ptr<Step> make(ReplyConfig config, const ConfigNode& node, CheckContext& check, const StepContext&) {
  bool good = true;
  if (config.status.given && !config.status.computed && !read_status(config.status.text)) {
    check.findings.error("BW1007", node.find("status")->value.at,
                         "'" + config.status.text + "' is no status: a number from 200 to 599 is needed");
    good = false;
  }
  if (const ConfigNode::Entry* type = node.find("content_type"); type != nullptr) {
    good = check_header_value(config.content_type.text, type->value.at, check) && good;
  }
  SetHeaders headers;
  if (config.headers.kind != ConfigNode::Kind::null) good = headers.read(config.headers, check) && good;
  if (!good) return nullptr;
  return std::make_unique<ReplyStep>(std::move(config), std::move(headers), check.registry);
}

}  // namespace

StepType reply_step() {
  return {.name = "reply",
          .summary = "Ends the route and answers the caller.",
          .doc =
              "In a list of steps it ends the route; steps behind it are a finding. The route's own `reply:` has the same keys "
              "and is "
              "what is answered after the last step.",
          .step = role<ReplyConfig, Step, StepContext>(reply_fields(), make),
          .examples = {{"A conflict", "reply: { status: 409, body: '{ \"error\": \"out of stock\" }' }"},
                       {"Plain text", "reply: { body: '\"OK\"', content_type: text/plain }"}}};
}

}  // namespace busway::routes
